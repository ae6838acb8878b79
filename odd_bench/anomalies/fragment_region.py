"""The skin of one fragment, as a region that gets another material."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from odd_bench.geometry.fracture.cutting import separation
from odd_bench.geometry.fracture.fragments import draw_crack
from odd_bench.geometry.fracture.modes import FractureModes
from odd_bench.geometry.refusal import NO_REGION, Refusal
from odd_bench.geometry.shape import Shape

SHARE = (0.06, 0.50)  # share of the volume in the fragment


def fragment_region(shape: Shape, modes: FractureModes, rng: np.random.Generator) -> np.ndarray:
    """(f,) bool: the faces of one fragment of the shape, whose border winds like a fracture. Raises Refusal if there is none."""
    field = separation(modes, draw_crack(modes, rng, SHARE), rng)
    center = shape.vertices[shape.faces].mean(axis=1)  # (f, 3)
    index = (center - field.origin) / field.voxel_size - 0.5
    region = ndimage.map_coordinates(field.value, index.T, order=1, mode="nearest", prefilter=False) > 0
    if not region.any() or region.all():
        raise Refusal(NO_REGION, f"{region.mean():.0%} of the faces of {shape.name}")
    return region
