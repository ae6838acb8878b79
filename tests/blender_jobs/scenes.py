"""A small scene for the tests of the Blender jobs: shapes with an obvious front, and asymmetric cameras."""

import numpy as np
import trimesh

from odd_bench.geometry.cameras import look_at
from odd_bench.geometry.shape import Material, Shape
from odd_bench.plan_line import Environment, Floor, Sun
from odd_bench.scene import Camera

PLAIN_FLOOR = Floor(
    kind="paper", colors=((0.5, 0.5, 0.5),) * 3, size_m=0.5, roughness=1.0, relief_m=0.0, contrast=0.0,
    rotation_rad=0.3, offset_m=(0.0, 0.0), pattern=0.0,
)  # fmt: skip
DAYLIGHT = Environment(
    file="courtyard.exr", rotation_rad=1.0, strength=1.0, white_balance=1.0,
    sun=Sun(direction=(0.48, 0.36, 0.8), size_rad=0.02, ratio=1.0, color=(1.0, 0.95, 0.9)),
)  # fmt: skip


def shape_of(mesh: trimesh.Trimesh, name: str, color: tuple[int, int, int]) -> Shape:
    """A one-coloured shape in the canonical frame."""
    vertices = np.array(mesh.vertices) - mesh.bounds.mean(axis=0)
    vertices = vertices / np.ptp(vertices, axis=0).max()
    none = np.zeros(len(mesh.faces), int)
    colors = np.tile(np.array(color, np.uint8), (len(mesh.faces), 1))
    return Shape(name, name, vertices, np.array(mesh.faces), none, none, colors, ("body",), (Material("plain"),))


def standing(shape: Shape, x_m: float, y_m: float, yaw_rad: float, size_m: float) -> tuple[Shape, np.ndarray]:
    """The shape with a pose that puts it upright on the floor."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    pose = np.eye(4)
    pose[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * size_m
    pose[:3, 3] = x_m, y_m, -size_m * shape.vertices[:, 2].min()
    return shape, pose


def three_objects() -> tuple[tuple[Shape, np.ndarray], ...]:
    """Two instances of one shape and another shape."""
    corners = [[-0.5, -0.3, 0], [0.5, -0.4, 0], [0.4, 0.3, 0], [-0.4, 0.35, 0], [-0.2, 0.1, 0.9]]
    wedge = shape_of(trimesh.convex.convex_hull(np.array(corners)), "wedge", (200, 60, 40))
    ring = shape_of(trimesh.creation.torus(0.35, 0.15), "ring", (40, 120, 200))
    return (
        standing(wedge, -0.2, 0.1, 0.4, 0.3),
        standing(wedge, 0.25, 0.2, 2.0, 0.3),
        standing(ring, 0.05, -0.25, 1.0, 0.35),
    )


def lopsided_cameras(width: int, height: int) -> tuple[Camera, ...]:
    """Two views with different focal lengths along x and y and a principal point off the centre."""
    K = np.array([[0.8 * width, 0, 0.47 * width], [0, 0.9 * width, 0.56 * height], [0, 0, 1.0]])
    eyes = np.array([[1.0, 0.3, 0.8], [-0.5, -1.1, 0.55]])
    return tuple(Camera(K, look_at(eye, np.array([0, 0, 0.1])), width, height) for eye in eyes)
