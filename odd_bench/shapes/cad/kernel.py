"""Solids from profiles: prisms with softened edges, turned bodies, sweeps and threads. Lengths in millimetres, z up."""

from __future__ import annotations

from collections.abc import Sequence

import manifold3d
import numpy as np
from manifold3d import CrossSection, FillRule, Manifold, OpType

from odd_bench.shapes.cad.profile import Points, chamfered, circle, polygon, rounded

FILLET_STEPS = 4
SHARPEST = 0.2  # least 1 + cosine of the angle between two normals; the mitres of sharper corners are shortened


def union(solids: Sequence[Manifold]) -> Manifold:
    return Manifold.batch_boolean(list(solids), OpType.Add)


def around(solid: Manifold, count: int, phase_deg: float = 0.0) -> list[Manifold]:
    """`count` copies, evenly rotated about the z axis; the first is rotated by `phase_deg`."""
    return [solid.rotate((0, 0, phase_deg + 360 * k / count)) for k in range(count)]


def to_x(solid: Manifold) -> Manifold:
    """The solid rotated so that its z axis points along +x, and its x axis along -z."""
    return solid.rotate((0, 90, 0))


def to_y(solid: Manifold) -> Manifold:
    """The solid rotated so that its z axis points along +y, and its y axis along -z."""
    return solid.rotate((-90, 0, 0))


def prism(section: CrossSection, low: float, high: float, edge: float = 0.0, chamfer: bool = False) -> Manifold:
    """The section extruded between two heights, with its upper and lower edges rounded, or chamfered, by `edge`.

    `edge` must be smaller than the corner radius of the section, half of its thinnest wall and half of the height.
    Raises ValueError if the section would fold.
    """
    if edge <= 0:
        return section.extrude(high - low).translate((0, 0, low))
    turn = np.linspace(0, np.pi / 2, 2 if chamfer else FILLET_STEPS + 1)
    inset, rise = edge * (1 - np.sin(turn)), edge * (1 - np.cos(turn))
    return _stacked(
        [_long_sided(contour, edge) for contour in section.simplify(1e-3).to_polygons()],
        np.concatenate([inset, inset[::-1]]),
        np.concatenate([low + rise, high - rise[::-1]]),
    )


def turned(points: Points, edge: float = 0.0, chamfer: bool = False, segments: int = 72) -> Manifold:
    """A solid of revolution about z, with corners rounded, or chamfered, by `edge`. points: (n, 2) radius and height."""
    half = polygon(points)
    whole = half + half.mirror((1, 0))
    soft = chamfered(whole, edge) if chamfer else rounded(whole, edge)
    return (soft ^ CrossSection.square((1e4, 2e4)).translate((0, -1e4))).revolve(segments)


def cylinder(radius: float, low: float, high: float, edge: float = 0.0, segments: int = 64) -> Manifold:
    """A cylinder along z between two heights, with ends chamfered by `edge`."""
    return turned([(0, low), (radius, low), (radius, high), (0, high)], edge, True, segments)


def tube(outer: float, inner: float, low: float, high: float, edge: float = 0.0, segments: int = 72) -> Manifold:
    """A tube along z between two heights, with its four edges rounded by `edge`."""
    return turned([(inner, low), (outer, low), (outer, high), (inner, high)], edge, segments=segments)


def sphere(radius: float, at: tuple[float, float, float] = (0, 0, 0), segments: int = 40) -> Manifold:
    return Manifold.sphere(radius, segments).translate(at)


def box(size: tuple[float, float, float], at: tuple[float, float, float] = (0, 0, 0), edge: float = 0.0) -> Manifold:
    """A box centred on `at`, with all edges rounded by `edge`."""
    section = rounded(CrossSection.square(size[:2], True), 1.2 * edge)
    return prism(section, -size[2] / 2, size[2] / 2, edge).translate(at)


def sweep(path: np.ndarray, section: np.ndarray, up: tuple[float, float, float], closed: bool = False) -> Manifold:
    """A solid swept by a profile along a path.

    path: (n, 3), with gentle bends and never parallel to `up`. section: (m, 2) counter-clockwise, first axis across `up`, second
    along it. closed: whether the end of the path meets its start.
    """
    path, section = np.asarray(path, float), np.asarray(section, float)
    tangent = np.gradient(path, axis=0) if not closed else np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    across = np.cross(tangent, up)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    along = np.cross(across, tangent)
    rings = path[:, None] + section[None, :, :1] * across[:, None] + section[None, :, 1:] * along[:, None]  # (n, m, 3)
    count = len(section)
    faces = _walls([np.arange(count)], count, len(path), closed)
    if not closed:
        cap = manifold3d.triangulate([section])
        faces += [cap[:, ::-1], cap + count * (len(path) - 1)]
    return _solid(rings.reshape(-1, 3), np.concatenate(faces)[:, ::-1])


def rod(
    path: np.ndarray, radius: float, up: tuple[float, float, float], closed: bool = False, sides: int = 20
) -> Manifold:
    """A round wire along a path; see `sweep`."""
    return sweep(path, circle(radius, segments=sides).to_polygons()[0], up, closed)


def screw(radius: float, pitch: float, low: float, high: float, depth: float, point: float | None = None) -> Manifold:
    """A single-start right-hand thread along z between two heights, with chamfered ends.

    radius: over the crests. depth: depth of the groove. point: length of the chamfers, None = `depth`.
    """
    share = np.linspace(0, 1, 29)[:-1]  # fraction of a turn, and of one pitch
    height = np.interp(share, [0, 0.12, 0.44, 0.68, 1], [1, 1, 0, 0, 1])
    angle = 2 * np.pi * share
    reach = radius - depth + depth * height
    section = polygon(np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1))
    turns = (high - low) / pitch
    thread = section.extrude(high - low, max(int(turns * 18), 2), 360 * turns).translate((0, 0, low))
    return thread ^ cylinder(radius, low, high, depth if point is None else point)


def _stacked(contours: list[np.ndarray], inset: np.ndarray, heights: np.ndarray) -> Manifold:
    """A prism whose outline is inset by `inset` (k,) at `heights` (k,). The contours have their inside on the left."""
    inward = [_inward(contour) for contour in contours]
    layers = [[c + depth * n for c, n in zip(contours, inward, strict=True)] for depth in inset]
    vertices = np.concatenate(
        [
            np.column_stack([np.concatenate(layer), np.full(sum(map(len, layer)), height)])
            for layer, height in zip(layers, heights, strict=True)
        ]
    )
    count = sum(map(len, contours))
    starts = np.cumsum([0] + [len(contour) for contour in contours[:-1]])
    rings = [start + np.arange(len(contour)) for start, contour in zip(starts, contours, strict=True)]
    faces = _walls(rings, count, len(heights), False)
    _require_simple(layers[0], inset[0])
    faces += [
        manifold3d.triangulate(layers[0])[:, ::-1],
        manifold3d.triangulate(layers[-1]) + count * (len(heights) - 1),
    ]
    return _solid(vertices, np.concatenate(faces))


def _long_sided(contour: np.ndarray, inset: float) -> np.ndarray:
    """The contour without the sides that are so short that they would flip when the contour is inset."""
    while len(contour) > 3:
        drawn = contour + inset * _inward(contour)
        before, after = np.roll(contour, -1, axis=0) - contour, np.roll(drawn, -1, axis=0) - drawn
        turned_around = (before * after).sum(axis=1) <= 0
        if not turned_around.any():
            break
        length = np.where(turned_around, np.linalg.norm(before, axis=1), np.inf)
        contour = np.delete(contour, np.argmin(length), axis=0)
    return contour


def _require_simple(contours: list[np.ndarray], inset: float) -> None:
    """Raise ValueError if the contours, which were inset by `inset`, cross themselves."""
    enclosed = sum(float(np.cross(c, np.roll(c, -1, axis=0)).sum()) / 2 for c in contours)
    filled = CrossSection(contours, FillRule.NonZero)
    if filled.num_contour() != len(contours) or abs(filled.area() - enclosed) > 1e-5 * abs(enclosed):
        raise ValueError(
            f"prism: found an edge of {inset:.3g}, which folds the section; expected less than its corner radius"
        )


def _inward(contour: np.ndarray) -> np.ndarray:
    """(n, 2) the displacement of each corner when all sides move inwards by 1."""
    along = np.roll(contour, -1, axis=0) - contour
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    before = np.roll(normal, 1, axis=0)
    return (normal + before) / np.maximum(1 + (normal * before).sum(axis=1, keepdims=True), SHARPEST)


def _walls(rings: list[np.ndarray], count: int, layers: int, closed: bool) -> list[np.ndarray]:
    """Triangles between consecutive layers of `count` vertices. rings: the closed contours of a layer, inside on the left."""
    here = np.concatenate(rings)
    there = np.concatenate([np.roll(ring, -1) for ring in rings])
    steps = [(k, (k + 1) % layers) for k in range(layers if closed else layers - 1)]
    return [
        triangles
        for low, high in steps
        for triangles in (
            np.stack([here + count * low, there + count * low, there + count * high], axis=1),
            np.stack([here + count * low, there + count * high, here + count * high], axis=1),
        )
    ]


def _solid(vertices: np.ndarray, faces: np.ndarray) -> Manifold:
    mesh = manifold3d.Mesh64(np.ascontiguousarray(vertices), np.ascontiguousarray(faces, np.uint64))
    return Manifold(mesh)
