"""Rest poses: the stable orientations of a shape on the floor, found exactly on its convex hull.

A rigid body touches a plane with its convex hull alone. It rests on a facet of the hull if the vertical through the centre of mass
meets that facet. Otherwise, it topples over the edge beyond which the vertical lies, and its centre of mass sinks. Following these
steps from facet to facet ends at a stable facet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from odd_bench.geometry.hull import hull_points

MAX_TILT_RAD = np.radians(12.0)


@dataclass(frozen=True)
class Body:
    """The convex hull of a shape, with the centre of mass at the origin.

    triangles: (f, 3, 3) float, the corners of each triangle, counter-clockwise from outside. normals: (f, 3) outward unit normals.
    neighbours: (f, 3) int, the triangle across the edge opposite to corner i.
    """

    triangles: np.ndarray
    normals: np.ndarray
    neighbours: np.ndarray


def centre_of_mass(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The centroid (3,) of a closed mesh's volume, from the signed tetrahedra between one of its points and every face."""
    origin = vertices[0]
    corners = vertices[faces] - origin  # (f, 3 corners, 3)
    volumes = np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))  # six times the volume
    return origin + (volumes[:, None] * corners.sum(axis=1) / 4).sum(axis=0) / volumes.sum()


def drop_hull(vertices: np.ndarray, directions: int = 600) -> np.ndarray:
    """The vertices (n, 3) that reach farthest in evenly spread directions: a hull small enough for simulation."""
    i = np.arange(directions) + 0.5
    z = 1 - 2 * i / directions
    azimuth = np.pi * (1 + 5**0.5) * i
    ring = np.sqrt(1 - z**2)
    spread = np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), z], axis=1)
    corners = hull_points(vertices)
    return corners[np.unique(np.argmax(corners @ spread.T, axis=0))]


def body(vertices: np.ndarray, centre: np.ndarray) -> Body:
    """The convex hull of vertices (v, 3), relative to the centre of mass (3,)."""
    hull = ConvexHull(vertices - centre)
    triangles = hull.points[hull.simplices]
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    flipped = np.einsum("fi,fi->f", normals, hull.equations[:, :3]) < 0
    triangles[flipped] = triangles[flipped][:, [0, 2, 1]]
    neighbours = np.where(flipped[:, None], hull.neighbors[:, [0, 2, 1]], hull.neighbors)
    return Body(triangles, hull.equations[:, :3], neighbours)


def rest_poses(
    body: Body, quaternions_wxyz: np.ndarray, settled: np.ndarray, max_tilt_rad: float = MAX_TILT_RAD
) -> np.ndarray:
    """Rest poses (m, 3, 3), world from object: each settled drop, rotated onto the stable facet on which it leans.

    The exact pose neither floats nor rocks. Drops that did not settle, or need a rotation larger than `max_tilt_rad`, are left
    out; the others keep their order. quaternions_wxyz: (k, 4) world from object. settled: (k,) bool.
    """
    rotations = []
    for k in np.flatnonzero(settled):
        dropped = Rotation.from_quat(quaternions_wxyz[k, [1, 2, 3, 0]])
        down = dropped.inv().apply([0.0, 0.0, -1.0])  # object frame
        facet = resting_facet(body, down)
        if facet is None:
            continue
        turn = _turn_between(dropped.apply(body.normals[facet]), np.array([0.0, 0.0, -1.0]))
        if turn.magnitude() <= max_tilt_rad:
            rotations.append((turn * dropped).as_matrix())
    return np.array(rotations).reshape(-1, 3, 3)


def resting_facet(body: Body, down: np.ndarray) -> int | None:
    """Index of the stable triangle onto which the body topples. down: (3,) initial downward unit vector, object frame.

    Returns None if the walk does not end, for example if the centre of mass lies outside the hull.
    """
    facet = int(np.argmax((body.normals @ down) / np.einsum("fi,fi->f", body.normals, body.triangles[:, 0])))
    for _ in range(len(body.normals)):
        outside = _edge_left(body.triangles[facet], body.normals[facet])
        if outside is None:
            return facet
        facet = int(body.neighbours[facet, outside])
    return None


def _edge_left(triangle: np.ndarray, normal: np.ndarray) -> int | None:
    """The edge, given by its opposite corner, beyond which the foot of the centre of mass lies farthest; None if inside.

    The foot is the projection of the origin onto the triangle's plane.
    """
    starts, ends = triangle[[1, 2, 0]], triangle[[2, 0, 1]]  # edge i lies opposite to corner i
    along = ends - starts
    inward = np.cross(normal, along)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True).clip(1e-12)
    inside = -np.einsum("ei,ei->e", starts, inward)  # distance of the foot from each edge, positive inside
    return None if inside.min() >= -1e-9 else int(np.argmin(inside))


def _turn_between(source: np.ndarray, target: np.ndarray) -> Rotation:
    """The smallest rotation that takes one unit vector (3,) to another."""
    axis = np.cross(source, target)
    sine, cosine = np.linalg.norm(axis), float(source @ target)
    if sine < 1e-12:
        return Rotation.identity() if cosine > 0 else Rotation.from_rotvec(np.pi * np.eye(3)[0])
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, cosine))
