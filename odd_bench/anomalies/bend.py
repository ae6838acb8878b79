"""Bend: one side of the shape curves away along an arc."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.hinge import Hinge, draw_hinge
from odd_bench.anomalies.quality import require_apart, require_unstretched
from odd_bench.anomalies.warp import warped
from odd_bench.geometry.refine import refine
from odd_bench.geometry.shape import Shape

LEAST_SQUEEZE = 0.5  # length kept on the inner side of the bend


def bend(shape: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """The side beyond a drawn plane follows an arc of `config.bend_deg`; the other side keeps every vertex."""
    hinge = draw_hinge(shape.vertices, rng, config)
    angle = float(np.radians(rng.uniform(*config.bend_deg)))
    fine = refine(shape, hinge.behind, config.edge)
    moved = hinge.behind(fine.vertices) < 0
    local = hinge.to_local(fine.vertices[moved])
    hinge = replace(hinge, origin=hinge.origin + _neutral(local, angle, hinge) * hinge.axes[1])
    turned = bent(hinge.to_local(fine.vertices[moved]), angle, hinge)
    odd = warped(fine, moved, hinge.to_canonical(turned))
    require_unstretched(fine, odd, config.stretch)
    require_apart(shape, odd.vertices[moved][turned[:, 0] < 0])
    return odd


def _neutral(local: np.ndarray, angle: float, hinge: Hinge) -> float:
    """How far the line that keeps its length must be shifted aside, so that the inner side keeps LEAST_SQUEEZE of its length."""
    t = np.clip(local[:, 0] / hinge.ramp, 0.0, 1.0)
    curvature = angle * 6 * t * (1 - t) / hinge.ramp
    inner = local[:, 1] - (1 - LEAST_SQUEEZE) / np.maximum(curvature, 1e-9)
    return float(inner.max(initial=0.0))


def bent(local: np.ndarray, angle: float, hinge: Hinge) -> np.ndarray:
    """(n, 3) points in the hinge's frame, carried along by a line whose direction turns by `angle` (radians) over the ramp."""
    along, aside, across = local.T
    turn = angle * hinge.progress(along)
    steps = np.linspace(0.0, hinge.ramp, 513)
    middle = angle * hinge.progress((steps[1:] + steps[:-1]) / 2)
    line = np.zeros((513, 2))
    line[1:] = np.cumsum(np.stack([np.cos(middle), np.sin(middle)], axis=1) * steps[1], axis=0)
    past = np.maximum(along - hinge.ramp, 0.0)
    x = np.interp(along, steps, line[:, 0]) + past * np.cos(angle) - aside * np.sin(turn)
    y = np.interp(along, steps, line[:, 1]) + past * np.sin(angle) + aside * np.cos(turn)
    return np.stack([x, y, across], axis=1)
