"""Two-dimensional profiles for prisms, turned bodies and sweeps. Lengths in millimetres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manifold3d import CrossSection, FillRule, JoinType, OpType

Points = Sequence[tuple[float, float]] | np.ndarray
ARC = 20  # segments of a full circle in rounded corners


def polygon(points: Points) -> CrossSection:
    """The inside of a closed polygon (n, 2), whatever its orientation."""
    return CrossSection([np.asarray(points, float)], FillRule.NonZero)


def circle(radius: float, at: tuple[float, float] = (0, 0), segments: int = 64) -> CrossSection:
    return CrossSection.circle(radius, segments).translate(at)


def rectangle(width: float, height: float, at: tuple[float, float] = (0, 0), corner: float = 0.0) -> CrossSection:
    """A rectangle with its width along x and its height along y, centred on `at`. corner: radius of its rounded corners."""
    return rounded(CrossSection.square((width, height), True).translate(at), corner)


def regular(sides: int, inradius: float) -> CrossSection:
    """A regular polygon with the given radius of its inscribed circle and one flat side towards +x."""
    angles = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    return polygon(inradius / np.cos(np.pi / sides) * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def capsule(
    start: tuple[float, float], end: tuple[float, float], radius: float, end_radius: float = 0.0
) -> CrossSection:
    """The convex hull of a circle of `radius` at `start` and one of `end_radius` (0 = the same) at `end`."""
    return CrossSection.batch_hull([circle(radius, start), circle(end_radius or radius, end)])


def on_circle(count: int, radius: float, phase_deg: float = 0.0) -> list[tuple[float, float]]:
    """`count` evenly spaced points on a circle, the first at `phase_deg` from +x."""
    angles = np.radians(phase_deg) + 2 * np.pi * np.arange(count) / count
    return [(float(radius * np.cos(angle)), float(radius * np.sin(angle))) for angle in angles]


def drilled(section: CrossSection, centers: Sequence[tuple[float, float]], radius: float) -> CrossSection:
    """The section with a round hole of `radius` at each of the centres."""
    if not centers:
        return section
    return section - CrossSection.batch_boolean([circle(radius, center, 36) for center in centers], OpType.Add)


def rounded(section: CrossSection, convex: float, concave: float = 0.0) -> CrossSection:
    """The section with its convex and its concave corners rounded to these radii; 0 leaves them sharp."""
    if convex > 0:
        section = section.offset(-convex, JoinType.Miter).offset(convex, JoinType.Round, circular_segments=ARC)
    if concave > 0:
        section = section.offset(concave, JoinType.Miter).offset(-concave, JoinType.Round, circular_segments=ARC)
    return section


def chamfered(section: CrossSection, length: float) -> CrossSection:
    """The section with its convex corners cut off, `length` from the corner along each side."""
    return section.offset(-length, JoinType.Miter).offset(length, JoinType.Bevel) if length > 0 else section
