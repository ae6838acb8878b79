"""Toy eyes: a bead, or a white ball with a painted pupil and perhaps an iris and a lid."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Inlay, Pattern, Plain
from odd_bench.shapes.poses import Vector
from odd_bench.shapes.sdf import half_space, sphere
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette


def eye(
    name: str,
    center: Vector,
    toward: Vector,
    radius: float,
    iris: Color | None = None,
    pupil: float = 0.6,
    lid: Color | None = None,
    movable: bool = True,
) -> Part:
    """An eye that looks along `toward`. pupil: radius of the pupil, as a fraction of the eye's. lid: colour of a lid, or None."""
    paint = eye_paint(center, toward, radius, iris, pupil, lid)
    return Part(name, sphere(center, radius), paint, palette.BEAD, movable=movable)


def bead_eye(name: str, center: Vector, toward: Vector, radius: float, movable: bool = True) -> Part:
    """A black bead with a painted highlight."""
    n = _unit(toward)
    glint = _unit(n + np.array([0, 0, 0.8]))
    paint = Inlay(
        Plain(palette.BLACK), Plain(palette.WHITE), sphere(np.asarray(center) + radius * glint, 0.35 * radius)
    )
    return Part(name, sphere(center, radius), paint, palette.BEAD, movable=movable)


def eye_paint(
    center: Vector,
    toward: Vector,
    radius: float,
    iris: Color | None = None,
    pupil: float = 0.6,
    lid: Color | None = None,
) -> Pattern:
    """White, iris, pupil and a small glint, painted as spheres around the front of the eye; a lid covers its upper third."""
    c, n = np.asarray(center, float), _unit(toward)
    front = c + radius * n
    paint: Pattern = Plain(palette.WHITE)
    if iris is not None:
        paint = Inlay(paint, Plain(iris), sphere(front, min(1.1, pupil + 0.3) * radius))
    paint = Inlay(paint, Plain(palette.BLACK), sphere(front, pupil * radius))
    glint = c + radius * _unit(n + np.array([0, 0, 0.7 * pupil]))
    paint = Inlay(paint, Plain(palette.WHITE), sphere(glint, 0.3 * pupil * radius))
    if lid is not None:
        paint = Inlay(paint, Plain(lid), half_space(c + 0.3 * radius * np.array([0, 0, 1]), (0, 0, -1)))
    return paint


def _unit(v: Vector) -> np.ndarray:
    return np.asarray(v, float) / np.linalg.norm(v)
