"""Fracture: a piece has broken off the object along its fracture modes and is missing."""

from __future__ import annotations

import numpy as np

from odd_bench.anomalies.broken_look import broken_look
from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.quality import require_visible
from odd_bench.anomalies.variant import Variant
from odd_bench.geometry.fracture.cutting import cutter, separation
from odd_bench.geometry.fracture.fragments import draw_loss
from odd_bench.geometry.fracture.modes import FractureModes
from odd_bench.geometry.refusal import FELL_APART, TOO_LARGE, TOO_SMALL, Refusal
from odd_bench.geometry.shape import Shape
from odd_bench.geometry.solid import broken_shape, cut_mesh, lost_faces, main_surface, require_solid, volume

LEAST_LOSS, MOST_LOSS = 0.10, 0.90  # of the volume
DRAWN_LOSS = (0.12, 0.70)  # share of the volume aimed at on the graph of cells, before the mesh is cut
LOOSE_LOSS = 0.01  # further volume that may be dropped as crumbs


def fracture(
    shape: Shape, modes: FractureModes, rng: np.random.Generator, config: AnomalyConfig | None = None
) -> Variant:
    """The main piece that remains after an impact. Its magnitude is the fraction of the volume that is missing.

    Raises Refusal if no impact gives a loss within the limits, if the rest would fall apart, or if too little of the loss would
    be visible.
    """
    intact = require_solid(shape)
    lost = draw_loss(modes, rng, DRAWN_LOSS)
    left = cut_mesh(intact - cutter(separation(modes, lost, rng)))
    main = main_surface(left)
    if volume(left) - volume(main) > LOOSE_LOSS * intact.volume():
        raise Refusal(FELL_APART, shape.name)
    loss = 1 - volume(main) / intact.volume()
    if not LEAST_LOSS <= loss <= MOST_LOSS:
        raise Refusal(TOO_SMALL if loss < LEAST_LOSS else TOO_LARGE, f"{loss:.0%} of the volume lost")
    gone = lost_faces(shape, main)
    broken = broken_shape(shape, main, *broken_look(shape, gone))
    require_visible(shape, broken, "fracture", config or AnomalyConfig())
    return Variant(broken, "fracture", main.source < 0, gone, loss)
