"""Signed distance fields: primitives and the operators that compose them.

A field maps points (n, 3) in design units to signed distances (n,), negative inside. Distances need not be exact, but near the
surface they must change by at most about 1.3 per unit of length; every primitive and operator here keeps to that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from odd_bench.shapes.polygon import inset, polygon_distance
from odd_bench.shapes.poses import Vector, frame_along, rotation_about

Field = Callable[[np.ndarray], np.ndarray]


def squares(vectors: np.ndarray) -> np.ndarray:
    """(n,) squared lengths of vectors (n, 3): what `np.einsum` gives to the bit, in a third of its time."""
    x, y, z = vectors[:, 0], vectors[:, 1], vectors[:, 2]
    return x * x + y * y + z * z


def lengths(vectors: np.ndarray) -> np.ndarray:
    """(n,) lengths of vectors (n, 3): what `np.linalg.norm` gives to the bit, in a ninth of its time."""
    return np.sqrt(squares(vectors))


# --- primitives -------------------------------------------------------------------------------------------------------


def sphere(center: Vector, radius: float) -> Field:
    c = np.asarray(center, np.float32)
    return lambda p: lengths(p - c) - radius


def ellipsoid(center: Vector, radii: Vector) -> Field:
    """An axis-aligned ellipsoid. The distance is a first-order estimate, good for aspect ratios up to about 5."""
    c, r = np.asarray(center, np.float32), np.asarray(radii, np.float32)

    def field(p):
        q = p - c
        k0, k1 = lengths(q / r), lengths(q / (r * r))
        return np.where(k0 < 1e-4, -r.min(), k0 * (k0 - 1.0) / np.maximum(k1, 1e-6))

    return field


def capsule(a: Vector, b: Vector, radius_a: float, radius_b: float | None = None) -> Field:
    """A round cone from a to b: the convex hull of two spheres."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    ra, rb = float(radius_a), float(radius_a if radius_b is None else radius_b)
    ba = b - a
    length = float(np.linalg.norm(ba))
    if length <= abs(ra - rb) + 1e-6:
        return sphere(a, ra) if ra >= rb else sphere(b, rb)
    slope = (ra - rb) / length
    axis, cosine = ba / length, float(np.sqrt(1.0 - slope * slope))

    def field(p):
        q = p - a
        y = q @ axis
        x = np.sqrt(np.maximum(squares(q) - y * y, 0.0))
        k = y * cosine - x * slope  # position along the slanted side; outside it an end sphere is nearest
        side = x * cosine + y * slope - ra
        low = np.hypot(x, y) - ra
        high = np.hypot(x, y - length) - rb
        return np.where(k < 0.0, low, np.where(k > length * cosine, high, side))

    return field


def chain(points: Sequence[Vector], radii: Sequence[float], blend: float = 0.0) -> Field:
    """Round cones along a polyline: tails, tentacles, handles. blend: fillet radius at the joints."""
    links = [capsule(points[i], points[i + 1], radii[i], radii[i + 1]) for i in range(len(points) - 1)]
    return union(*links) if blend == 0.0 else smooth_union(blend, *links)


def balls(centers: Sequence[Vector], radius: float) -> Field:
    """The union of any number of equal balls: wool, foam, berries."""
    from scipy.spatial import cKDTree

    tree = cKDTree(np.asarray(centers, float))
    return lambda p: (tree.query(p)[0] - radius).astype(np.float32)


def box(center: Vector, half: Vector, rounding: float = 0.0) -> Field:
    """An axis-aligned box with half sides `half`; rounding its edges with radius `rounding` does not enlarge it."""
    c = np.asarray(center, np.float32)
    h = np.asarray(half, np.float32) - rounding

    def field(p):
        q = np.abs(p - c) - h
        deepest = np.maximum(np.maximum(q[:, 0], q[:, 1]), q[:, 2])
        return lengths(np.maximum(q, 0.0)) + np.minimum(deepest, 0.0) - rounding

    return field


def cylinder(a: Vector, b: Vector, radius: float, rounding: float = 0.0) -> Field:
    """A flat-ended cylinder from a to b; rounding its edges does not enlarge it."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    half = float(np.linalg.norm(b - a)) / 2
    axis, middle = (b - a) / (2 * half), (a + b) / 2

    def field(p):
        q = p - middle
        y = q @ axis
        across = np.sqrt(np.maximum(squares(q) - y * y, 0.0)) - (radius - rounding)
        along = np.abs(y) - (half - rounding)
        outside = np.hypot(np.maximum(across, 0.0), np.maximum(along, 0.0))
        return outside + np.minimum(np.maximum(across, along), 0.0) - rounding

    return field


def frustum(a: Vector, b: Vector, radius_a: float, radius_b: float, rounding: float = 0.0) -> Field:
    """A flat-ended cone from a to b; rounding its edges does not enlarge it."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    length = float(np.linalg.norm(b - a))
    profile = [(0.0, 0.0), (radius_a, 0.0), (radius_b, length), (0.0, length)]
    return placed(lathe(profile, rounding), frame_along(b - a, a))


def torus(center: Vector, ring_radius: float, tube_radius: float, axis: Vector = (0, 0, 1)) -> Field:
    c, n = np.asarray(center, np.float32), np.asarray(axis, np.float32)
    n = n / np.linalg.norm(n)

    def field(p):
        q = p - c
        y = q @ n
        x = np.sqrt(np.maximum(squares(q) - y * y, 0.0))
        return np.hypot(x - ring_radius, y) - tube_radius

    return field


def lathe(profile: Sequence[tuple[float, float]], rounding: float = 0.0) -> Field:
    """The solid of revolution about z of a closed polygon of (radius, z) points; rounding its corners does not enlarge it."""
    distance = polygon_distance(profile, axis_is_edge=False)
    if rounding == 0.0:
        return lambda p: distance(np.stack([np.hypot(p[:, 0], p[:, 1]), p[:, 2]], axis=1))
    on_axis = [(-r, z) for r, z in reversed(profile)]  # mirrored, so that rounding does not affect the axis
    whole = polygon_distance(inset([*profile, *on_axis], rounding))
    return lambda p: whole(np.stack([np.hypot(p[:, 0], p[:, 1]), p[:, 2]], axis=1)) - rounding


def extrude(polygon: Sequence[tuple[float, float]], z_low: float, z_high: float, rounding: float = 0.0) -> Field:
    """A prism over a closed polygon of (x, y) points between two heights; rounding its edges does not enlarge it."""
    distance = polygon_distance(inset(polygon, rounding) if rounding else polygon)
    middle, half = (z_low + z_high) / 2, (z_high - z_low) / 2 - rounding

    def field(p):
        d = distance(p[:, :2])
        e = np.abs(p[:, 2] - middle) - half
        outside = np.hypot(np.maximum(d, 0.0), np.maximum(e, 0.0))
        return outside + np.minimum(np.maximum(d, e), 0.0) - rounding

    return field


def half_space(point: Vector, normal: Vector) -> Field:
    """Everything behind the plane through `point` with the given normal."""
    o, n = np.asarray(point, np.float32), np.asarray(normal, np.float32)
    n = n / np.linalg.norm(n)
    return lambda p: (p - o) @ n


def scattered(centers: Sequence[Vector], half_axes: Sequence[Vector], radius: float, neighbours: int = 3) -> Field:
    """Many equal capsules, or balls where the half axis is zero: sprinkles, seeds, warts.

    centers, half_axes: (k, 3). Only the `neighbours` capsules with the nearest centres are measured, so they should be short.
    """
    from scipy.spatial import cKDTree

    c, h = np.asarray(centers, np.float32), np.asarray(half_axes, np.float32)
    tree, squared = cKDTree(c), np.maximum(np.einsum("ij,ij->i", h, h), 1e-12)

    def field(p):
        _, nearest = tree.query(p, k=min(neighbours, len(c)))
        nearest = nearest.reshape(len(p), -1)
        q = p[:, None] - c[nearest]
        along = np.clip(np.einsum("ijk,ijk->ij", q, h[nearest]) / squared[nearest], -1, 1)
        return np.linalg.norm(q - along[..., None] * h[nearest], axis=-1).min(axis=1) - radius

    reach = radius + np.linalg.norm(h, axis=1).max()
    return boxed(field, c.min(axis=0) - reach, c.max(axis=0) + reach)


# --- operators --------------------------------------------------------------------------------------------------------


def union(*fields: Field) -> Field:
    return lambda p: reduce(np.minimum, (f(p) for f in fields))


def intersection(*fields: Field) -> Field:
    return lambda p: reduce(np.maximum, (f(p) for f in fields))


def cut(field: Field, *holes: Field) -> Field:
    return lambda p: reduce(np.maximum, (-h(p) for h in holes), field(p))


def smooth_union(radius: float, *fields: Field) -> Field:
    """The union with a fillet of about `radius`; further from the joint the fields are unchanged."""

    def field(p):
        d = fields[0](p)
        for f in fields[1:]:
            d = smooth_minimum(d, f(p), radius)
        return d

    return field


def smooth_cut(radius: float, field: Field, *holes: Field) -> Field:
    def result(p):
        d = -field(p)
        for h in holes:
            d = smooth_minimum(d, h(p), radius)
        return -d

    return result


def smooth_minimum(a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """The quadratic smooth minimum of two arrays; it equals min(a, b) where they differ by more than `radius`."""
    if radius <= 0.0:
        return np.minimum(a, b)
    h = np.maximum(radius - np.abs(a - b), 0.0) / radius
    return np.minimum(a, b) - h * h * (radius / 4.0)


def boxed(field: Field, low: Vector, high: Vector, margin: float = 0.35) -> Field:
    """The same field, evaluated only within `margin` of the box around its solid; further away, the distance to the box."""
    middle = (np.asarray(low, np.float32) + np.asarray(high, np.float32)) / 2
    half = (np.asarray(high, np.float32) - np.asarray(low, np.float32)) / 2

    def result(p):
        distance = lengths(np.maximum(np.abs(p - middle) - half, 0.0))
        near = distance < margin
        distance[near] = field(p[near])
        return distance

    return result


def grown(field: Field, amount: float) -> Field:
    return lambda p: field(p) - amount


def placed(field: Field, pose: np.ndarray) -> Field:
    """The field moved by a (4, 4) rigid motion."""
    rotation, translation = pose[:3, :3].astype(np.float32), pose[:3, 3].astype(np.float32)
    return lambda p: field((p - translation) @ rotation)


def moved(field: Field, offset: Vector) -> Field:
    o = np.asarray(offset, np.float32)
    return lambda p: field(p - o)


def rotated(field: Field, axis: Vector, degrees: float, about: Vector = (0, 0, 0)) -> Field:
    return placed(field, rotation_about(axis, degrees, about))


def scaled(field: Field, factors: float | Vector, about: Vector = (0, 0, 0)) -> Field:
    """The field scaled about a point. With unequal factors the distances are lower bounds, by the smallest factor."""
    s, o = np.broadcast_to(np.asarray(factors, np.float32), 3), np.asarray(about, np.float32)
    return lambda p: field((p - o) / s + o) * float(s.min())


def displaced(field: Field, height: Callable[[np.ndarray], np.ndarray], depth: float) -> Field:
    """The surface pushed outwards by `depth * height(p)`; depth must be small compared with the features of `height`."""

    def result(p):
        d = field(p)
        near = np.abs(d) < 4 * abs(depth)
        d = d.copy()
        d[near] -= depth * height(p[near])
        return d

    return result


def warped(field: Field, warp: Callable[[np.ndarray], np.ndarray]) -> Field:
    """The field under a deformation of space, given by its inverse `warp`, which should stretch lengths by at most about 1.3."""
    return lambda p: field(warp(p))
