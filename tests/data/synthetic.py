"""Small consistent scenes: boxes and spheres on a floor, shaded and labelled by ray casting."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import open3d as o3d
import trimesh

from odd_bench.data.record import CHANGED, UNCHANGED, SceneRecord
from odd_bench.geometry.boxes import aabb_from_points, obb_from_points
from odd_bench.geometry.cameras import eye, intrinsics, look_at, pixel_directions
from odd_bench.scene import Camera, Scene, SceneObject

LIGHT = np.array([0.4, -0.5, 0.77])
SIZE_M = 0.3


@dataclass(frozen=True)
class Solid:
    """A triangle mesh in a pose. world_from_object: (4, 4) similarity. changed_faces: (f,) bool."""

    vertices: np.ndarray
    faces: np.ndarray
    changed_faces: np.ndarray
    world_from_object: np.ndarray
    odd: bool

    @property
    def world_vertices(self) -> np.ndarray:
        return self.vertices @ self.world_from_object[:3, :3].T + self.world_from_object[:3, 3]


def make_record(
    seed: int = 0, split: str = "train", category: str = "banana", shape: str = "banana-0000", index: int = 0,
    pixels: int = 64, views: int = 20, objects: int = 4, odd: int = 1, depth: bool = True, plan_sha256: str = "0" * 64,
) -> SceneRecord:  # fmt: skip
    """A consistent record; the same arguments give the same arrays."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, index]))
    solids = [_solid(rng, k, objects, k < odd) for k in rng.permutation(objects)]
    cameras = orbit(rng, views, pixels)
    counts = np.zeros((3, objects, views), int)
    pictures, colors = [], rng.uniform(60, 230, 3)
    for view, camera in enumerate(cameras):
        picture, counts[..., view] = _view(rng, camera, solids, colors)
        pictures.append(picture)
    images, instance, change, depth_m = (np.stack(arrays) for arrays in zip(*pictures, strict=True))
    labelled = tuple(_scene_object(k, solid, counts[:, k]) for k, solid in enumerate(solids))
    scene = Scene(f"toys-{shape}-{index:04d}", split, category, shape, cameras, labelled)
    return SceneRecord(scene, images, instance, change, depth_m if depth else None, plan_sha256)


def orbit(rng: np.random.Generator, views: int, pixels: int) -> tuple[Camera, ...]:
    """A full turn of cameras that look at the middle of the scene."""
    K, target = intrinsics(pixels, pixels), np.array([0.0, 0.0, 0.1])
    start = rng.uniform(0, 2 * np.pi)
    cameras = []
    for azimuth in start + 2 * np.pi * np.arange(views) / views:
        elevation = np.radians(37 + 8 * np.sin(2 * azimuth))
        back = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        cameras.append(Camera(K, look_at(target + 1.25 * back, target), pixels, pixels))
    return tuple(cameras)


def with_object(record: SceneRecord, k: int, **changes) -> SceneRecord:
    """The record with some fields of object `k` replaced and the pictures unchanged."""
    objects = list(record.scene.objects)
    objects[k] = replace(objects[k], **changes)
    return replace(record, scene=replace(record.scene, objects=tuple(objects)))


def _solid(rng: np.random.Generator, k: int, objects: int, odd: bool) -> Solid:
    """A drum that lies or stands on the floor, one of a ring; an odd one has a slice cut into its side."""
    mesh = trimesh.creation.cylinder(radius=0.34, height=1.0, sections=48).subdivide().subdivide()
    vertices, faces = np.array(mesh.vertices), np.array(mesh.faces)
    dented = (np.abs(vertices[:, 2]) < 0.22) & (vertices[:, 0] > 0.1)
    if odd:
        vertices[dented, 0] *= 0.55
    changed = dented[faces].any(axis=1) & odd
    yaw, place = rng.uniform(-np.pi, np.pi), 2 * np.pi * (k + rng.uniform(-0.1, 0.1)) / objects
    turn = trimesh.transformations.euler_matrix(rng.choice([0.0, np.pi / 2]), 0.0, yaw)[:3, :3]
    pose = np.eye(4)
    pose[:3, :3] = SIZE_M * turn
    pose[:2, 3] = 0.36 * np.array([np.cos(place), np.sin(place)])
    pose[2, 3] = -(vertices @ pose[:3, :3].T)[:, 2].min()
    return Solid(vertices, faces, changed, pose, odd)


def _view(rng: np.random.Generator, camera: Camera, solids: list[Solid], color: np.ndarray):
    """Picture, instance, change, depth and the (3, objects) visible, amodal and changed pixel counts of one camera."""
    caster = o3d.t.geometry.RaycastingScene()
    for solid in solids:
        caster.add_triangles(solid.world_vertices.astype(np.float32), solid.faces.astype(np.uint32))
    directions = pixel_directions(camera).astype(np.float32)
    rays = np.concatenate([np.broadcast_to(eye(camera).astype(np.float32), directions.shape), directions], axis=-1)
    hit = caster.cast_rays(o3d.core.Tensor(rays))
    depth, which, face = hit["t_hit"].numpy(), hit["geometry_ids"].numpy(), hit["primitive_ids"].numpy()
    instance = np.where(np.isfinite(depth), which + 1, 0).astype(np.uint8)
    change = np.zeros_like(instance)
    counts = np.zeros((3, len(solids)), int)
    for k, solid in enumerate(solids):
        mine = instance == k + 1
        change[mine] = np.where(solid.changed_faces[face[mine]], CHANGED, UNCHANGED)
        counts[:, k] = mine.sum(), _alone(solid, rays), (mine & (change != UNCHANGED)).sum()
    floor_depth = -eye(camera)[2] / np.minimum(directions[..., 2], -1e-3)
    depth = np.where(instance > 0, depth, np.where(floor_depth < 16, floor_depth, 0)).astype(np.float32)
    return (_shade(rng, hit, instance, directions, depth, camera, color), instance, change, depth), counts


def _alone(solid: Solid, rays: np.ndarray) -> int:
    """The pixels of one solid, as if it were alone in the scene."""
    caster = o3d.t.geometry.RaycastingScene()
    caster.add_triangles(solid.world_vertices.astype(np.float32), solid.faces.astype(np.uint32))
    return int(np.isfinite(caster.cast_rays(o3d.core.Tensor(rays))["t_hit"].numpy()).sum())


def _shade(rng, hit, instance, directions, depth, camera, color) -> np.ndarray:
    """(h, w, 3) uint8: Lambertian solids on a checked floor with a little noise."""
    points = eye(camera) + directions * depth[..., None]
    checks = (np.floor(points[..., 0] / 0.3) + np.floor(points[..., 1] / 0.3)) % 2
    floor = (150 + 40 * checks)[..., None] * np.array([1.0, 0.95, 0.88])
    lambert = 0.45 + 0.55 * np.clip(hit["primitive_normals"].numpy() @ LIGHT, 0, 1)
    picture = np.where((instance > 0)[..., None], color * lambert[..., None], floor)
    return np.clip(picture + rng.normal(0, 1, picture.shape), 0, 255).astype(np.uint8)


def _scene_object(k: int, solid: Solid, counts: np.ndarray) -> SceneObject:
    points = solid.world_vertices
    return SceneObject(
        id=k, label=int(solid.odd), type="bump" if solid.odd else None, magnitude=0.15 if solid.odd else 0.0,
        world_from_object=solid.world_from_object, aabb=aabb_from_points(points), obb=obb_from_points(points),
        visible_pixels=counts[0], amodal_pixels=counts[1], changed_pixels=counts[2],
    )  # fmt: skip
