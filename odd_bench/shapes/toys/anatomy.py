"""Features that toy animals share: eyes, ears, mouths, hair and curves, and the poses that place them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Inlay, Pattern, Placed, Plain
from odd_bench.shapes.poses import Vector, rotation_about
from odd_bench.shapes.sdf import Field, capsule, chain, ellipsoid, moved, placed, scaled, smooth_union, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import chance, pick
from odd_bench.shapes.toys.eyes import bead_eye, eye

FINISHES = (
    palette.PLASTIC,
    palette.SATIN,
    palette.RUBBER,
    palette.PAINTED_WOOD,
    palette.CERAMIC,
    palette.BISQUE,
    palette.FELT,
    palette.PLUSH,
)
IRISES = ((0.3, 0.2, 0.1), (0.2, 0.45, 0.75), (0.25, 0.5, 0.25), (0.5, 0.35, 0.1))
ROSE = (0.93, 0.62, 0.62)


def pose_at(
    at: Vector, tilt_deg: float = 0, turn_deg: float = 0, back_deg: float = 0, spin_deg: float = 0
) -> np.ndarray:
    """(4, 4) pose at a point: rotated about z (spin), back about y, towards +y about x (tilt), then about z (turn)."""
    pose = rotation_about((0, 0, 1), turn_deg) @ rotation_about((1, 0, 0), -tilt_deg)
    pose = pose @ rotation_about((0, 1, 0), -back_deg) @ rotation_about((0, 0, 1), spin_deg)
    pose[:3, 3] = at
    return pose


def perch(
    at: Vector, side: float, tilt_deg: float = 0, turn_deg: float = 0, back_deg: float = 0, spin_deg: float = 0
) -> np.ndarray:
    """`pose_at` for the left side (+1), or mirrored for the right (-1). Positive tilt, turn and spin lead outwards."""
    x, y, z = at
    return pose_at((x, side * y, z), side * tilt_deg, side * turn_deg, back_deg, side * spin_deg)


def posed(parts: Sequence[Part], pose: np.ndarray) -> list[Part]:
    """The parts moved by a (4, 4) rigid motion, together with their paint."""
    return [replace(part, field=placed(part.field, pose), pattern=Placed(part.pattern, pose)) for part in parts]


def lowered(parts: Sequence[Part], height: float) -> list[Part]:
    """The parts moved down by `height`, so that a tall toy stays inside the design cube."""
    return posed(parts, pose_at((0, 0, -height)))


def eyes(rng: np.random.Generator, at: Vector, radius: float, look: Vector = (1, 0.45, 0.1)) -> list[Part]:
    """A pair of bead or cartoon eyes. at, look: position and viewing direction of the left eye."""
    cartoon, iris, pupil = chance(rng, 0.45), pick(rng, IRISES), rng.uniform(0.5, 0.65)
    parts = []
    for name, side in SIDES:
        center, toward = np.multiply(at, (1, side, 1)), np.multiply(look, (1, side, 1))
        if cartoon:
            parts.append(eye(f"eye_{name}", center, toward, radius, iris, pupil, movable=False))
        else:
            parts.append(bead_eye(f"eye_{name}", center, toward, radius, movable=False))
    return parts


def pointed_ear(height: float, width: float, flatness: float = 0.4) -> Field:
    """A pointed ear. Every ear stands on the origin along +z and opens towards +x; `width` is half of its width."""
    return scaled(capsule((0, 0, 0), (0, 0, height - 0.04), width, 0.045), (flatness, 1, 1))


def round_ear(radius: float, flatness: float = 0.4) -> Field:
    return ellipsoid((0, 0, 0.6 * radius), (max(flatness * radius, 0.04), radius, radius))


def leaf_ear(height: float, width: float, flatness: float = 0.45) -> Field:
    """An ear that is narrow at the base and widest in the middle: cow, deer, horse, bunny."""
    stations, radii = [0, 0.25, 0.5, 0.8, 1.0], [0.55, 0.85, 1.0, 0.75, 0.35]
    top = height - 0.35 * width
    return scaled(chain([(0, 0, s * top) for s in stations], [r * width for r in radii]), (flatness, 1, 1))


def ears(
    shape: Field, outer: Pattern, inner: Color, material: Material, at: Vector, blend: float = 0.03, **angles: float
) -> list[Part]:
    """A pair of ears whose inside has another colour. at: position of the left ear. angles: as in `perch`."""
    inside = moved(scaled(shape, 0.72, (0, 0, 0.05)), (0.055, 0, 0.02))
    ear = Part("ear", shape, Inlay(outer, Plain(inner), inside), material, blend=blend, movable=True)
    return [
        replace(part, name=f"ear_{side_name}")
        for side_name, side in SIDES
        for part in posed([ear], perch(at, side, **angles))
    ]


def marked(base: Pattern, color: Color, *fields: Field) -> Pattern:
    """The pattern with a colour painted over it wherever one of the fields is negative."""
    return Inlay(base, Plain(color), union(*fields))


def smile(at: Vector, width: float, lift: float, thickness: float = 0.024, bow: float = 0.0) -> Field:
    """A mouth to paint on a snout: an arc in the y-z plane through `at`, whose ends are raised by `lift` and set back by `bow`."""
    t = np.linspace(-1, 1, 9)
    points = np.stack([at[0] - bow * t**2, at[1] + width * t, at[2] + lift * t**2], axis=1)
    return chain(points, [thickness] * 9)


def curve(controls: Sequence[Vector], count: int = 14) -> np.ndarray:
    """(count, 3) points on the Bézier curve of the control points."""
    points = np.repeat(np.asarray(controls, float)[:, None], count, axis=1)
    t = np.linspace(0, 1, count)[:, None]
    while len(points) > 1:
        points = (1 - t) * points[:-1] + t * points[1:]
    return points[0]


def rope(points: Sequence[Vector], thick: float, thin: float) -> Field:
    """A round cord through the points, tapering from thick to thin."""
    return chain(points, np.linspace(thick, thin, len(points)))


def tapered(controls: Sequence[Vector], thick: float, thin: float, count: int = 14) -> Field:
    """A round limb, tail or horn along a Bézier curve, tapering from thick to thin."""
    return rope(curve(controls, count), thick, thin)


def tuft(center: Vector, size: float, direction: Vector) -> Field:
    """A drop-shaped tuft of hair that points along `direction`: the end of a lion's or a cow's tail."""
    d = np.asarray(direction, float) / np.linalg.norm(direction)
    tip = np.asarray(center, float) + 1.5 * size * d
    return smooth_union(0.3 * size, sphere(center, size), capsule(center, tip, 0.8 * size, 0.35 * size))
