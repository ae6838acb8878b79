"""Divides a body without named parts into parts: pieces that a single fracture would break off at a narrow place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from odd_bench.geometry.fracture.cutting import cutter, smooth_separation
from odd_bench.geometry.fracture.fragments import border_on_skin, main_body
from odd_bench.geometry.fracture.modes import JUMP, FractureConfig, FractureModes, compute_modes
from odd_bench.geometry.shape import Shape
from odd_bench.geometry.solid import Cut, cut_mesh, main_surface, require_solid, volume

QUICK = FractureConfig(resolution=96, cells=500, modes=6, rounds=2, flaws=0.0)
NARROW = 1.5  # largest cut area of a part, in units of its volume^(2/3)
SHORT = 2.0  # longest border of a part, in units of the root of its skin area: a patch of a wall is no part
SHARE = (0.01, 0.40)  # share of the volume in a part
MOST_PARTS = 4
VOLUME_TOLERANCE = 0.01  # share of the volume that a cut may lose


def segment(body: Shape, rng: np.random.Generator) -> list[Shape]:
    """The body cut at its narrow places: first the rest of it, then its parts, each closed and with a label of its own.

    A body without narrow places is returned alone. Raises Refusal if it has no fracture modes.
    """
    modes = compute_modes(body, rng, QUICK)
    rest, parts, names = require_solid(body), [], list(body.part_names)
    for cells in narrow_pieces(modes):
        cut_off, left = rest.split(cutter(smooth_separation(modes, cells)))
        piece, remains = main_surface(cut_mesh(cut_off)), main_surface(cut_mesh(left))
        if volume(piece) + volume(remains) < (1 - VOLUME_TOLERANCE) * rest.volume():
            continue
        names.append(f"piece {len(parts) + 1}")
        parts.append(_inherit(body, piece, len(names) - 1))
        rest = left
    if not parts:
        return [body]
    whole = [_inherit(body, main_surface(cut_mesh(rest)), None), *parts]
    return [replace(part, part_names=tuple(names)) for part in whole]


def narrow_pieces(modes: FractureModes) -> list[np.ndarray]:
    """(n,) bool for every part: its cells. Parts do not overlap; the one with the narrowest joint comes first."""
    total = modes.inside.sum() * float(modes.voxel_size) ** 3
    found = []
    for mode in modes.modes.T:
        levels = np.sort(mode)
        for gap in np.flatnonzero(np.diff(levels) > JUMP):
            side = mode > (levels[gap] + levels[gap + 1]) / 2
            side = main_body(modes, side if modes.mass[side].sum() < 0.5 else ~side)
            share = modes.mass[side].sum()
            joint = modes.area[side[modes.edges[:, 0]] != side[modes.edges[:, 1]]].sum()
            narrowness = joint / (share * total) ** (2 / 3)
            short = border_on_skin(modes, side) <= SHORT * np.sqrt(_skin_area(modes, side))
            if SHARE[0] <= share <= SHARE[1] and narrowness <= NARROW and short:
                found.append((narrowness, side))
    chosen: list[np.ndarray] = []
    for _, side in sorted(found, key=lambda pair: pair[0]):
        if len(chosen) < MOST_PARTS and not any((side & other).any() for other in chosen):
            chosen.append(side)
    return chosen


def _skin_area(modes: FractureModes, side: np.ndarray) -> float:
    """Skin area of the cells of a side, (n,) bool, in squares of the canonical unit, counted from the outermost voxels."""
    skin = modes.inside & ~ndimage.binary_erosion(modes.inside)
    return np.count_nonzero(side[modes.label[skin]]) * float(modes.voxel_size) ** 2


def _inherit(body: Shape, cut: Cut, part: int | None) -> Shape:
    """The cut mesh with the body's paint; the new faces get its mean colour. part: its label, or None for those of the body."""
    new = cut.source < 0
    source = np.maximum(cut.source, 0)
    color = body.face_color[source]
    color[new] = color[~new].mean(axis=0)
    label = body.face_part[source] if part is None else np.full(len(source), part, body.face_part.dtype)
    return replace(
        body,
        vertices=cut.vertices,
        faces=cut.faces,
        face_part=label,
        face_material=body.face_material[source],
        face_color=color,
    )
