"""Twist: one side of the shape turns about its axis."""

from __future__ import annotations

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.hinge import Hinge, draw_hinge
from odd_bench.anomalies.quality import require_unstretched
from odd_bench.anomalies.warp import warped
from odd_bench.geometry.refine import refine
from odd_bench.geometry.shape import Shape


def twist(shape: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """The side beyond a random plane turns by an angle from `config.twist_deg`, either way; the other side keeps every vertex."""
    hinge = draw_hinge(shape.vertices, rng, config)
    angle = float(np.radians(rng.uniform(*config.twist_deg)) * rng.choice([-1.0, 1.0]))
    fine = refine(shape, hinge.behind, config.edge)
    moved = hinge.behind(fine.vertices) < 0
    turned = twisted(hinge.to_local(fine.vertices[moved]), angle, hinge)
    odd = warped(fine, moved, hinge.to_canonical(turned))
    require_unstretched(fine, odd, config.stretch)
    return odd


def twisted(local: np.ndarray, angle: float, hinge: Hinge) -> np.ndarray:
    """(n, 3) points in the hinge's frame, turned about its line by an angle that grows along the ramp to `angle` (radians)."""
    along, aside, across = local.T
    turn = angle * hinge.progress(along)
    sine, cosine = np.sin(turn), np.cos(turn)
    return np.stack([along, aside * cosine - across * sine, aside * sine + across * cosine], axis=1)
