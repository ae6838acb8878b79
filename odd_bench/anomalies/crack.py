"""Crack: an open gap along a fracture surface, or a piece that broke off and sits slightly turned and shifted in its place."""

from __future__ import annotations

import numpy as np

from odd_bench.anomalies.broken_look import crevice_look
from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.displaced_piece import displaced_piece
from odd_bench.anomalies.gap import start_point, surface_points, wedge
from odd_bench.anomalies.quality import require_visible
from odd_bench.anomalies.variant import Variant
from odd_bench.geometry.fracture.cutting import cutter, separation
from odd_bench.geometry.fracture.fragments import draw_crack
from odd_bench.geometry.fracture.modes import FractureModes
from odd_bench.geometry.refusal import FELL_APART, NOT_VISIBLE, Refusal
from odd_bench.geometry.shape import Shape
from odd_bench.geometry.solid import Cut, broken_shape, cut_mesh, lost_faces, main_surface, require_solid, volume

DISPLACED_SHARE = 0.3  # share of cracks that are displaced pieces; the others are open gaps
WIDTH = (0.034, 0.048)  # widest opening, fraction of the largest side
REACH = (0.40, 0.65)  # half the length of a crack, fraction of the largest side
DEPTH = (0.10, 0.20)  # depth below the skin, fraction of the largest side; the gap passes right through a thinner wall
CRACK_SIDE = (0.10, 0.90)  # share of the volume on one side of the fracture surface
SHRINK, LEAST_REACH = 0.75, 0.12  # a crack that cuts the object in two is shortened by this factor, down to this reach
LOOSE_LOSS = 0.003  # share of the volume that may be dropped as crumbs


def crack(shape: Shape, modes: FractureModes, rng: np.random.Generator, config: AnomalyConfig | None = None) -> Variant:
    """A cracked shape that is still one body. Its magnitude is the widest opening of the gap, or how far the piece moved.

    Raises Refusal if the object would fall apart or too little of the crack would be visible.
    """
    way = displaced_piece if rng.random() < DISPLACED_SHARE else open_gap
    cracked = way(shape, modes, rng)
    require_visible(shape, cracked.shape, "crack", config or AnomalyConfig())
    return cracked


def open_gap(shape: Shape, modes: FractureModes, rng: np.random.Generator) -> Variant:
    """The shape with an open gap, widest at the skin, that ends before the object falls apart.

    Raises Refusal if the object falls apart even with a gap of LEAST_REACH, or if the gap does not reach the surface.
    """
    width, reach, depth = rng.uniform(*WIDTH), rng.uniform(*REACH), rng.uniform(*DEPTH)
    left = _carve(shape, modes, rng, width, reach, depth)
    lost = lost_faces(shape, left)
    if not lost.any():
        raise Refusal(NOT_VISIBLE, "the gap does not reach the surface")
    cracked = broken_shape(shape, left, *crevice_look(shape, lost))
    return Variant(cracked, "crack", left.source < 0, lost, width)


def _carve(
    shape: Shape, modes: FractureModes, rng: np.random.Generator, width: float, reach: float, depth: float
) -> Cut:
    """The shape without the gap, which is shortened until the rest stays in one piece. Raises Refusal if that does not help."""
    intact = require_solid(shape)
    surface = surface_points(modes, separation(modes, draw_crack(modes, rng, CRACK_SIDE), rng))
    start = start_point(modes, surface, reach, rng)
    while reach >= LEAST_REACH:
        left = cut_mesh(intact - cutter(wedge(modes, surface, start, width, reach, depth)))
        main = main_surface(left)
        if volume(left) - volume(main) < LOOSE_LOSS * intact.volume():
            return main
        reach, depth = SHRINK * reach, SHRINK * depth
    raise Refusal(FELL_APART, shape.name)
