"""The first surface that every pixel shows. Rays are cast mesh by mesh, each only in the window where it can appear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.cameras import eye, project
from odd_bench.geometry.raycast import Caster, Hits
from odd_bench.scene import Camera


@dataclass(frozen=True)
class PosedMesh:
    """A mesh at its place in the world.

    caster: of the mesh in its own frame, so that instances share it. world_from_object: (4, 4). outline: (k, 3) points,
    world, whose convex hull contains the mesh.
    """

    caster: Caster
    world_from_object: np.ndarray
    outline: np.ndarray


@dataclass(frozen=True)
class WindowHits:
    """Hits on one mesh alone. pixel: (n,) indices into the flattened (views, h, w), where the mesh may appear. hits: (n,)."""

    pixel: np.ndarray
    hits: Hits


@dataclass(frozen=True)
class FirstHits:
    """The first hits of all pixels.

    hits: (views, h, w), with planar depth in metres as the distance. alone: (meshes, views) int, the number of pixels that
    each mesh would cover if the others were absent.
    """

    hits: Hits
    alone: np.ndarray


def first_hits(meshes: list[PosedMesh], cameras: tuple[Camera, ...]) -> FirstHits:
    """Cast a ray through the centre of every pixel. All cameras must have the same picture size."""
    views, height, width = len(cameras), cameras[0].height, cameras[0].width
    count = views * height * width
    distance, mesh, face = (
        np.full(count, np.inf, np.float32),
        np.full(count, -1, np.int32),
        np.full(count, -1, np.int32),
    )
    second_third, alone = np.zeros((count, 2), np.float32), np.zeros((len(meshes), views), int)
    for index, item in enumerate(meshes):
        around = cast_window(item, cameras)
        alone[index] = np.bincount(around.pixel[np.isfinite(around.hits.distance)] // (height * width), minlength=views)
        closer = np.flatnonzero(around.hits.distance < distance[around.pixel])
        pixel, hits = around.pixel[closer], around.hits.only(closer)
        distance[pixel], mesh[pixel], face[pixel] = hits.distance, index, hits.face
        second_third[pixel] = hits.second_third
    shape = (views, height, width)
    maps = (values.reshape(shape) for values in (distance, mesh, face))
    return FirstHits(Hits(*maps, second_third.reshape(*shape, 2)), alone)


def cast_window(item: PosedMesh, cameras: tuple[Camera, ...]) -> WindowHits:
    """Cast rays at one mesh through the pixels around the projection of its outline, in all views."""
    object_from_world = np.linalg.inv(item.world_from_object)
    pixels, origins, directions = [], [], []
    for view, camera in enumerate(cameras):
        rows, columns = _window(camera, item.outline)
        u, v = np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop)
        across, down, middle = (
            np.linalg.inv(camera.K).T @ camera.camera_from_world[:3, :3] @ object_from_world[:3, :3].T
        )
        along = (u[:, None] + 0.5) * across + ((v[:, None, None] + 0.5) * down + middle)  # (rows, columns, 3)
        pixels.append(((view * camera.height + v[:, None]) * camera.width + u).ravel())
        directions.append(along.reshape(-1, 3).astype(np.float32))
        origin = object_from_world[:3, :3] @ eye(camera) + object_from_world[:3, 3]
        origins.append(np.broadcast_to(origin.astype(np.float32), directions[-1].shape))
    hits = item.caster.cast(np.concatenate(origins), np.concatenate(directions))
    return WindowHits(np.concatenate(pixels), hits)


def _window(camera: Camera, outline: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the picture that contain the projection of the outline's convex hull."""
    pixels, depth = project(camera, outline)
    if depth.min() <= 0:
        return slice(0, camera.height), slice(0, camera.width)
    low = np.clip(np.floor(pixels.min(axis=0)), 0, (camera.width, camera.height)).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, (camera.width, camera.height)).astype(int)
    return slice(low[1], max(high[1], low[1])), slice(low[0], max(high[0], low[0]))
