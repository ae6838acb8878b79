"""Material mismatch: a part, or a patch if no part fits, gets the wrong finish; the geometry does not change by a bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.finishes import KINDS
from odd_bench.anomalies.part_choice import drawn_parts, own_faces
from odd_bench.color import lab
from odd_bench.geometry.refusal import NO_FINISH, NO_REGION, Refusal
from odd_bench.geometry.shape import Model, Shape
from odd_bench.shapes.noise import smooth

FINISHES_TRIED = 24
SAME_MATERIAL = 0.4  # share of the tried finishes that differ in colour alone


def material_mismatch(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """The shape with another finish on a part whose area lies in `config.repaint_area`, or on a patch if no part fits."""
    try:
        parts = drawn_parts(model.part_names, intact, rng, config.repaint_area, config.least_part)[0]
    except Refusal:
        return recolor_region(intact, patch(intact, rng, config), rng, config)
    return recolor_region(intact, own_faces(intact, parts), rng, config)


def recolor_region(
    shape: Shape, face_mask: np.ndarray, rng: np.random.Generator, config: AnomalyConfig | None = None
) -> Shape:
    """The shape with a clearly different finish on some faces. face_mask: (f,) bool.

    Raises Refusal if the mask is empty or none of FINISHES_TRIED finishes is different enough.
    """
    config = config or AnomalyConfig()
    if not face_mask.any():
        raise Refusal(NO_REGION, f"{shape.name}: empty mask")
    material, color = _finish(shape, np.flatnonzero(face_mask), rng, config)
    face_color, face_material = shape.face_color.copy(), shape.face_material.copy()
    face_color[face_mask] = color
    face_material[face_mask] = len(shape.materials)
    return replace(shape, face_color=face_color, face_material=face_material, materials=(*shape.materials, material))


def patch(shape: Shape, rng: np.random.Generator, config: AnomalyConfig) -> np.ndarray:
    """(f,) bool: the faces on one side of a wavy cut through the shape.

    With (low, high) = `config.repaint_area`, their share of the surface is drawn from (low + high) / 4 to (low + high) / 2.
    """
    centers = shape.vertices[shape.faces].mean(axis=1)
    areas = shape.face_areas
    direction = rng.standard_normal(3)
    height = centers @ (direction / np.linalg.norm(direction))
    height = height + 0.15 * smooth(centers * 4.0, int(rng.integers(1 << 31)))
    order = np.argsort(height, kind="stable")
    share = np.cumsum(areas[order]) / areas.sum()
    low, high = config.repaint_area
    chosen = np.zeros(len(areas), bool)
    chosen[order[share < rng.uniform((low + high) / 4, (low + high) / 2)]] = True
    return chosen


def _finish(shape: Shape, faces: np.ndarray, rng: np.random.Generator, config: AnomalyConfig):
    """A material and (n, 3) uint8 sRGB colours for the faces, whose median difference from the old ones the config allows."""
    old = lab(shape.face_color[faces])
    for _ in range(FINISHES_TRIED):
        material, pattern = KINDS[rng.integers(len(KINDS))](rng)
        if rng.random() < SAME_MATERIAL:
            material = shape.materials[shape.face_material[faces[0]]]
        color = np.round(pattern.colors(shape.vertices[shape.faces[faces]].mean(axis=1)) * 255).astype(np.uint8)
        new = lab(color)
        distance = np.median(np.linalg.norm(new - old, axis=1))
        if config.color_distance[0] <= distance <= config.color_distance[1]:
            return material, color
    raise Refusal(NO_FINISH, f"{shape.name}: {FINISHES_TRIED} tried")
