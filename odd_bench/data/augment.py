"""Augmentation of a whole scene: rotate, shift, mirror and scale the world together with its cameras.

The pictures stay the same, except that those of a mirrored scene must be flipped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from odd_bench.geometry.boxes import aabb_from_boxes
from odd_bench.scene import Camera, Scene, SceneObject

MIRROR_X = np.diag([-1.0, 1.0, 1.0, 1.0])


@dataclass(frozen=True)
class AugmentConfig:
    """Ranges of the random augmentation of a scene."""

    yaw_deg: float = 180.0
    """Largest rotation about the vertical axis in either direction, in degrees."""
    yaw_step_deg: float = 0.0
    """The rotation is rounded to multiples of this angle, in degrees; 0 = no rounding. With 90, every aabb stays tight."""
    shift_m: float = 0.1
    """Largest shift along x and y, in metres."""
    mirror: float = 0.5
    """Probability that a scene is mirrored, x to -x."""
    scale: tuple[float, ...] = (0.9, 1.1)
    """Smallest and largest scale factor."""
    room_m: tuple[float, ...] = (1.92, 1.92, 0.64)
    """Region that objects must not leave, in metres: half-extents along x and y, and height. Scale and shift are reduced
    to stay within it.
    """


@dataclass(frozen=True)
class Move:
    """One augmentation: a point p goes to scale * R(yaw) * mirror(p) + shift. shift_m: (2,) metres along x and y."""

    yaw_rad: float = 0.0
    shift_m: tuple[float, float] = (0.0, 0.0)
    mirrored: bool = False
    scale: float = 1.0

    @cached_property
    def matrix(self) -> np.ndarray:
        """The matrix (4, 4) from the old world to the new one. Its determinant is negative if the move is mirrored."""
        cos, sin = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        moved = np.eye(4)
        moved[:2, :2] = [[cos, -sin], [sin, cos]]
        moved[:3, :3] *= self.scale
        moved[:2, 3] = self.shift_m
        return moved @ MIRROR_X if self.mirrored else moved

    @cached_property
    def inverse(self) -> np.ndarray:
        """The matrix (4, 4) from the new world to the old one."""
        return np.linalg.inv(self.matrix)


def draw_move(rng: np.random.Generator, scene: Scene, config: AugmentConfig) -> Move:
    """Draw a random move that keeps the objects of `scene` within `config.room_m`, if they fit into it."""
    yaw_deg, mirrored = config.yaw_deg * rng.uniform(-1, 1), bool(rng.random() < config.mirror)
    if config.yaw_step_deg:
        yaw_deg = config.yaw_step_deg * round(yaw_deg / config.yaw_step_deg)
    yaw = np.deg2rad(yaw_deg)
    lowest, highest = config.scale
    turn = Move(yaw, mirrored=mirrored)
    boxes, room = np.array([moved_object(one, turn).aabb for one in scene.objects]), np.array(config.room_m)
    reach = (np.abs(boxes[:, :3]) + boxes[:, 3:] / 2).max(axis=0)  # (3,)
    scale = rng.uniform(lowest, max(lowest, min(highest, (room / reach).min())))
    slack = np.clip(room[:2] - scale * reach[:2], 0.0, config.shift_m)
    shift = slack * rng.uniform(-1, 1, 2)
    return Move(yaw, (float(shift[0]), float(shift[1])), mirrored, float(scale))


def moved_scene(scene: Scene, move: Move) -> Scene:
    """Apply a move to cameras, boxes and poses. If the move is mirrored, the pictures must be flipped left to right."""
    cameras = tuple(moved_camera(camera, move) for camera in scene.cameras)
    return replace(scene, cameras=cameras, objects=tuple(moved_object(one, move) for one in scene.objects))


def moved_camera(camera: Camera, move: Move) -> Camera:
    """A camera that sees every moved point at the pixel where the old camera saw it, or at the mirrored pixel."""
    to_camera = np.diag([move.scale] * 3 + [1.0]) @ camera.camera_from_world @ move.inverse
    if not move.mirrored:
        return replace(camera, camera_from_world=to_camera)
    K = camera.K.copy()
    K[0, 2] = camera.width - K[0, 2]
    return replace(camera, K=K, camera_from_world=MIRROR_X @ to_camera)


def moved_object(one: SceneObject, move: Move) -> SceneObject:
    """Apply a move to an object. A mirrored move mirrors its pose. Its aabb is the tightest that both old boxes imply."""
    obb = moved_box(one.obb, move)
    around = np.stack([aabb_from_boxes(obb), aabb_from_boxes(moved_box(np.append(one.aabb, 0.0), move))])
    low = (around[:, :3] - around[:, 3:] / 2).max(axis=0)
    high = (around[:, :3] + around[:, 3:] / 2).min(axis=0)
    aabb = np.concatenate([(low + high) / 2, high - low])
    return replace(one, world_from_object=move.matrix @ one.world_from_object, aabb=aabb, obb=obb, legacy_box=None)


def moved_box(obb: np.ndarray, move: Move) -> np.ndarray:
    """Apply a move to an obb (7,). The result (7,) is exact."""
    centre = move.matrix[:3, :3] @ obb[:3] + move.matrix[:3, 3]
    yaw = move.yaw_rad + (-obb[6] if move.mirrored else obb[6])
    return np.concatenate([centre, move.scale * obb[3:6], [yaw]])
