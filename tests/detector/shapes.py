"""Solids with a closed form: what cameras see of them, and hulls that need no camera."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from odd_bench.detector.hulls import FARTHEST, HullConfig, Hulls, carve, cube_positions, signed_pixels, surface
from odd_bench.detector.object_pixels import ObjectPixels, ObjectRays, object_pixels, shown_objects
from odd_bench.geometry.cameras import eye, intrinsics, look_at, pixel_directions
from odd_bench.scene import Camera
from tests.detector.worlds import stacked

Triple = tuple[float, float, float]
CELLS = 24  # along a side of a cube
LONG, SIDE, POST, EXTRA = (  # centres and sizes in half sides of a cube
    ((0.0, -0.25, -0.2), (1.1, 0.3, 0.3)),
    ((-0.4, 0.15, -0.2), (0.3, 0.8, 0.3)),
    ((-0.4, -0.25, 0.1), (0.3, 0.3, 0.4)),
    ((0.35, -0.25, 0.2), (0.25, 0.25, 0.5)),
)
ARMS = (LONG, SIDE, POST)  # from one corner: no rotation and no mirror maps it to itself


@dataclass(frozen=True)
class Ball:
    centre: Triple
    radius_m: float

    def distance(self, points: np.ndarray) -> np.ndarray:
        """(...) signed distance from points (..., 3) to the surface, negative inside."""
        return np.linalg.norm(points - np.array(self.centre), axis=-1) - self.radius_m

    def depth(self, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """(...) distance at which rays along unit directions (..., 3) meet it, infinite where they miss it."""
        middle = directions @ (np.array(self.centre) - origin)
        inside = self.radius_m**2 - (np.sum((np.array(self.centre) - origin) ** 2) - middle**2)
        return np.where(inside > 0, middle - np.sqrt(inside.clip(0)), np.inf)

    def box(self) -> np.ndarray:
        """(6,) centre and size of its axis-aligned bounding box."""
        return np.array([*self.centre, *[2 * self.radius_m] * 3])


@dataclass(frozen=True)
class Bricks:
    """A union of boxes (centre, size), scaled, turned by `rotation` about the origin and moved to `centre`.

    It has the interface of a ball.
    """

    boxes: tuple[tuple[Triple, Triple], ...]
    centre: Triple = (0.0, 0.0, 0.0)
    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))
    scale: float = 1.0

    def distance(self, points: np.ndarray) -> np.ndarray:
        local = (points - np.array(self.centre)) @ self.rotation / self.scale
        found = []
        for centre, size in self.boxes:
            beyond = np.abs(local - centre) - np.array(size) / 2
            found.append(np.linalg.norm(beyond.clip(0), axis=-1) + beyond.max(axis=-1).clip(max=0))
        return self.scale * np.min(found, axis=0)

    def depth(self, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
        origin, directions = (origin - np.array(self.centre)) @ self.rotation / self.scale, directions @ self.rotation
        found = []
        for centre, size in self.boxes:
            sides = np.stack([centre - np.array(size) / 2 - origin, centre + np.array(size) / 2 - origin])
            crossings = sides[:, *[None] * (directions.ndim - 1)] / directions  # (2, ..., 3)
            enter, leave = crossings.min(axis=0).max(axis=-1), crossings.max(axis=0).min(axis=-1)
            found.append(np.where((enter < leave) & (enter > 0), self.scale * enter, np.inf))
        return np.min(found, axis=0)

    def box(self) -> np.ndarray:
        corners = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)
        parts = [np.array(centre) + corners * size for centre, size in self.boxes]
        world = self.scale * np.concatenate(parts) @ self.rotation.T + np.array(self.centre)
        low, high = world.min(axis=0), world.max(axis=0)
        return np.concatenate([(low + high) / 2, high - low])


Solid = Ball | Bricks


def turned(axis: Triple, degrees: float) -> np.ndarray:
    """(3, 3) rotation about an axis by an angle."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(np.radians(degrees)) * cross + (1 - np.cos(np.radians(degrees))) * cross @ cross


def boxes_of(solids: list[Solid]) -> Tensor:
    """(n, 6) the bounding boxes of the solids."""
    return torch.tensor(np.stack([solid.box() for solid in solids])).float()


# What cameras see


def cameras_around(views: int, pixels: int, distance_m: float) -> list[Camera]:
    """Cameras on a sphere, also above and below, that look at its centre."""
    height = 1 - 2 * (np.arange(views) + 0.5) / views
    angle, flat = np.pi * (1 + 5**0.5) * np.arange(views), np.sqrt(1 - height**2)
    eyes = distance_m * np.column_stack([flat * np.cos(angle), flat * np.sin(angle), height])
    return [Camera(intrinsics(pixels, pixels), look_at(one, np.zeros(3)), pixels, pixels) for one in eyes]


def shown(solids: list[Solid], cameras: list[Camera]) -> Tensor:
    """(v, h, w) as in the data set: 0 = background, i + 1 = solid i, where it is the nearest."""
    found = []
    for camera in cameras:
        directions = pixel_directions(camera)
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        depths = np.stack([solid.depth(eye(camera), directions) for solid in solids])
        found.append(np.where(np.isinf(depths).all(axis=0), 0, depths.argmin(axis=0) + 1))
    return torch.from_numpy(np.stack(found)).to(torch.uint8)


def carved(instance: Tensor, cameras: list[Camera], solids: list[Solid]) -> Hulls:
    """The hulls that the pictures (v, h, w) of the solids give."""
    return carve(signed_pixels(instance > 0), *stacked(cameras), boxes_of(solids), HullConfig(cells=CELLS))


def pixels_in(hulls: Hulls, silhouettes: Tensor, cameras: list[Camera], most: int) -> ObjectPixels:
    """Up to `most` pixels of each object, in pictures whose object pixels (v, h, w) bool are known."""
    shown_there = shown_objects(hulls, tuple(silhouettes.shape[1:]), *stacked(cameras))
    return object_pixels(shown_there, len(hulls), silhouettes, most)


def pixel_m(camera: Camera, distance_m: float) -> float:
    """The width of a pixel at a distance, in metres."""
    return distance_m / camera.K[0, 0]


# Hulls that need no camera


def exact_hulls(solids: list[Solid], points: int = 256) -> Hulls:
    """The hulls of solids given in half sides, all in the cube around the origin."""
    positions = cube_positions(CELLS)
    signed = torch.tensor(np.stack([solid.distance(positions.numpy()) for solid in solids])).float()
    signed = signed.clamp(-FARTHEST, FARTHEST)
    chosen = surface(signed, positions, HullConfig(cells=CELLS, points=points))
    return Hulls(torch.zeros(len(solids), 3), 1.0, signed.unflatten(1, (CELLS,) * 3), chosen)


def rays_through(hulls: Hulls) -> ObjectRays:
    """Rays from all sides through the points on the surfaces."""
    directions = normalize(torch.randn(hulls.points.shape), dim=-1)
    return ObjectRays(hulls.points - 8 * directions, directions, torch.ones(directions.shape[:2], dtype=torch.bool))
