"""A piece that broke off and was put back slightly turned and shifted."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from odd_bench.anomalies.broken_look import crevice_look
from odd_bench.anomalies.variant import Variant
from odd_bench.geometry.fracture.cutting import cutter, separation
from odd_bench.geometry.fracture.fragments import draw_crack
from odd_bench.geometry.fracture.modes import FractureModes
from odd_bench.geometry.refusal import FELL_APART, Refusal
from odd_bench.geometry.shape import Shape
from odd_bench.geometry.solid import Cut, broken_shape, cut_mesh, join, main_surface, require_solid, volume

SHARE = (0.06, 0.45)  # share of the volume in the piece
SHIFT = (0.045, 0.080)  # fraction of the largest side
TURN_RAD = (0.12, 0.24)
LOOSE_LOSS = 0.01  # share of the volume that may be dropped as crumbs


def displaced_piece(shape: Shape, modes: FractureModes, rng: np.random.Generator) -> Variant:
    """The broken shape with one piece moved, still fused to the rest. Its magnitude is the mean motion of the piece's vertices.

    Raises Refusal if no piece has a suitable size, or if the shape would fall apart.
    """
    intact = require_solid(shape)
    chosen = draw_crack(modes, rng, SHARE)
    parts = intact.split(cutter(separation(modes, chosen, rng)))
    piece, rest = (main_surface(cut_mesh(part)) for part in parts)
    if volume(piece) + volume(rest) < (1 - LOOSE_LOSS) * intact.volume():
        raise Refusal(FELL_APART, shape.name)
    moved = _move(piece, rng)
    whole, is_moved = join(rest, moved)
    gone = np.zeros(len(shape.faces), bool)
    gone[piece.source[piece.source >= 0]] = True
    motion = np.linalg.norm(moved.vertices - piece.vertices, axis=1).mean()
    cracked = broken_shape(shape, whole, *crevice_look(shape, gone))
    return Variant(cracked, "crack", is_moved | (whole.source < 0), gone, float(motion))


def _move(piece: Cut, rng: np.random.Generator) -> Cut:
    """Turn the piece about the centre of its broken surface, so that a gap opens on one side, and slide it along that surface."""
    broken = piece.vertices[piece.faces[piece.source < 0]]  # (b, 3 corners, 3)
    area_normal = np.cross(broken[:, 1] - broken[:, 0], broken[:, 2] - broken[:, 0])
    area = np.linalg.norm(area_normal, axis=1)
    middle = (broken.mean(axis=1) * area[:, None]).sum(axis=0) / area.sum()
    across = area_normal.sum(axis=0) / np.linalg.norm(area_normal.sum(axis=0))
    along = np.cross(across, rng.standard_normal(3))
    along /= np.linalg.norm(along)
    axis = np.cross(across, along) + 0.5 * across * rng.standard_normal()
    turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * rng.uniform(*TURN_RAD))
    vertices = turn.apply(piece.vertices - middle) + middle + along * rng.uniform(*SHIFT)
    return Cut(vertices, piece.faces, piece.source)
