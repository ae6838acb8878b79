"""Whether a viewer of a scene finds what is odd about an object: patches with contrast, behind all that hides them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.anomalies.color import lab
from odd_bench.anomalies.patches import contrast, largest_patch, looks
from odd_bench.cameras import eye, pixel_directions, project
from odd_bench.generate.label import TIE_M, Labels, Posed, transformed
from odd_bench.scene import Camera
from odd_bench.shapes.raycast import Caster
from odd_bench.shapes.shape import Shape

NEAR = 0.04  # of the object's side in the picture, by which an edge may slide unnoticed
LIGHT = np.array([0.45, 0.25, 0.86])  # towards the light, world


@dataclass(frozen=True)
class Look:
    shape: Shape
    vertices: np.ndarray
    caster: Caster
    shade: np.ndarray  # (f, 3) CIELAB of each face as lit in the scene

    @staticmethod
    def of(shape: Shape, pose: np.ndarray) -> Look:
        vertices = transformed(shape.vertices, pose)
        a, b, c = vertices[shape.faces].transpose(1, 0, 2)
        normal = np.cross(b - a, c - a)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        brightness = 0.35 + 0.15 * normal[:, 2:] + 0.5 * np.clip(normal @ LIGHT, 0, 1)[:, None]
        return Look(shape, vertices, Caster([(vertices, shape.faces)]), lab(shape.face_color * brightness))


def view_contrast(odd: Look, intact: Look, own: np.ndarray, depth_m: np.ndarray, camera: Camera, outline: np.ndarray):
    pixels, _ = project(camera, outline)
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 4, 0)
    high = np.ceil(pixels.max(axis=0)).astype(int) + 5
    window = slice(low[1], max(high[1], 0)), slice(low[0], max(high[0], 0))
    side = np.ptp(pixels, axis=0).max()
    origin, directions = eye(camera), pixel_directions(camera)[window]
    own, depth = own[window], depth_m[window]
    depth = np.where(depth > 0, depth, np.inf)
    hits = odd.caster.cast(origin, directions)
    ghost = intact.caster.cast(origin, directions)
    there = (ghost.face >= 0) & (own | (ghost.distance < depth - TIE_M))
    own = own & (hits.face >= 0)
    after = looks(odd.shade[np.where(own, hits.face, 0)], own)
    before = looks(intact.shade[np.where(there, ghost.face, 0)], there)
    near = max(1, round(NEAR * side))
    return contrast(before, after, near), side, (hits.face >= 0).sum(), own.sum()
