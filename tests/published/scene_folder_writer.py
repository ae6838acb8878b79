"""Scene folders with every trap of the published data sets, drawn and written without the code of the package for them.

The mask of a pixel is what covers most of it, and its depth is that of the ray through its centre. The first and the last view
share their azimuth, boxes are origins with unrotated sizes, and labels are inverted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import open3d as o3d
import OpenEXR
import trimesh
from PIL import Image

SUB = 3  # samples per pixel along each side; the middle one is the centre of the pixel
FLOOR_HALF_M = 4.0
LIGHT = np.array([0.4, -0.5, 0.77])


@dataclass(frozen=True)
class Standing:
    """A mesh in its own frame (metres, origin off its middle) and its pose. word: of the anomaly, empty if normal."""

    vertices: np.ndarray
    faces: np.ndarray
    world_from_object: np.ndarray
    word: str

    @property
    def world(self) -> np.ndarray:
        return self.vertices @ self.world_from_object[:3, :3].T + self.world_from_object[:3, 3]


@dataclass(frozen=True)
class Truth:
    """What the folder shows.

    labels: (n,). vertices: of each object, in the world. visible, amodal: (n, views), counted at pixel centres.
    """

    labels: np.ndarray
    vertices: list[np.ndarray]
    visible: np.ndarray
    amodal: np.ndarray


def write_scene_folder(
    folder: Path, seed: int = 0, pixels: int = 96, views: int = 20, objects: int = 4, odd: str = "crack",
    masks: bool = False, tipped: bool = False, scale: float = 1.0, floor_z: float = 0.0,
) -> Truth:  # fmt: skip
    """Draw and write one scene.

    odd: word of the one odd object, empty for none. tipped: whether the objects lie on their sides. scale: scale of
    world_from_object; the mesh is smaller by it. floor_z: height of the floor in the written world.
    """
    rng = np.random.default_rng(seed)
    standing = [
        _stand(rng, k, objects, odd if k == objects - 1 else "", tipped, scale, floor_z) for k in range(objects)
    ]
    poses = [_camera_from_world(azimuth, floor_z) for azimuth in rng.uniform(0, 6) + np.linspace(0, 2 * np.pi, views)]
    K = np.array([[pixels / 1.2, 0, pixels / 2], [0, pixels / 1.2, pixels / 2], [0, 0, 1]])
    visible, amodal = np.zeros((2, objects, views), int)
    for view, pose in enumerate(poses):
        visible[:, view], amodal[:, view] = _write_view(folder, view, pose, K, pixels, standing, floor_z, masks, rng)
    _write_metadata(folder, standing, K, poses)
    return Truth(np.array([int(bool(one.word)) for one in standing]), [one.world for one in standing], visible, amodal)


def names(objects: int) -> list[str]:
    return [f"thing_{k}" for k in range(objects)]


def _stand(rng, k: int, count: int, word: str, tipped: bool, scale: float, floor_z: float) -> Standing:
    """A mug: a drum with a handle, with its origin at the foot of the handle; an odd mug has half a handle."""
    drum = trimesh.creation.cylinder(radius=0.1, height=0.24, sections=40)
    handle = trimesh.creation.box([0.14 if word else 0.28, 0.03, 0.12])
    handle.apply_translation([0.07 if word else 0.14, 0.0, 0.03])
    mug = trimesh.util.concatenate([drum, handle])
    vertices = (np.array(mug.vertices) - [0.045, 0.02, -0.05]) / scale
    yaw, place = rng.uniform(-np.pi, np.pi), 2 * np.pi * k / count + rng.uniform(-0.1, 0.1)
    pose = trimesh.transformations.euler_matrix(np.pi / 2 if tipped else 0.0, 0.0, yaw)
    pose[:3, :3] *= scale
    pose[:2, 3] = 0.33 * np.array([np.cos(place), np.sin(place)])
    pose[2, 3] = floor_z - (vertices @ pose[:3, :3].T)[:, 2].min()
    return Standing(vertices, np.array(mug.faces), pose, word)


def _camera_from_world(azimuth: float, floor_z: float) -> np.ndarray:
    radius, height = 1.25 + 0.1 * np.sin(azimuth / 2), 0.85 + 0.15 * np.cos(azimuth / 2)
    eye = np.array([radius * np.cos(azimuth), radius * np.sin(azimuth), height + floor_z])
    forward = np.array([0, 0, 0.08 + floor_z]) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = right, np.cross(forward, right), forward
    pose[:3, 3] = -pose[:3, :3] @ eye
    return pose


def _rays(pose: np.ndarray, K: np.ndarray, pixels: int) -> np.ndarray:
    """(SUB h, SUB w, 6) rays whose length is planar depth."""
    at = (np.arange(SUB * pixels) + 0.5) / SUB
    u, v = np.meshgrid(at, at)
    in_camera = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones_like(u)], axis=-1)
    directions = in_camera @ pose[:3, :3]
    origin = -pose[:3, :3].T @ pose[:3, 3]
    return np.concatenate([np.broadcast_to(origin, directions.shape), directions], axis=-1).astype(np.float32)


def _cast(meshes: list[tuple[np.ndarray, np.ndarray]], rays: np.ndarray):
    scene = o3d.t.geometry.RaycastingScene()
    for vertices, faces in meshes:
        scene.add_triangles(vertices.astype(np.float32), faces.astype(np.uint32))
    hit = scene.cast_rays(o3d.core.Tensor(np.ascontiguousarray(rays)))
    return hit["t_hit"].numpy(), hit["geometry_ids"].numpy(), hit["primitive_normals"].numpy()


def _write_view(folder: Path, view: int, pose, K, pixels: int, standing, floor_z: float, masks: bool, rng):
    """Write the files of one view; returns visible and amodal pixel counts at pixel centres."""
    rays = _rays(pose, K, pixels)
    corners = FLOOR_HALF_M * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0.0]]) + [0, 0, floor_z]
    meshes = [*((one.world, one.faces) for one in standing), (corners, np.array([[0, 1, 2], [0, 2, 3]]))]
    depth, which, normals = _cast(meshes, rays)
    centre = slice(SUB // 2, None, SUB)
    hit = np.isfinite(depth)
    which = np.where(hit, which, -1)
    planar = np.where(hit, depth, 1e10)[centre, centre].astype(np.float32)
    shares = [(which == k).reshape(pixels, SUB, pixels, SUB).mean(axis=(1, 3)) for k in range(len(meshes))]

    for kind in ("RGB", "depth_exr", "depth_png", "binary_labels", *(["masks"] if masks else [])):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    points = rays[..., :3] + rays[..., 3:] * np.where(hit, depth, 0)[..., None]
    _write_picture(folder / "RGB" / f"{view:04d}.png", which, normals, points, len(standing), pixels, rng)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {name: planar for name in "RGB"}).write(str(folder / "depth_exr" / f"{view:04d}.exr"))
    scaled = np.where(planar < 1e9, planar / planar[planar < 1e9].max() * 60000, 65535).astype(np.uint16)
    Image.fromarray(scaled).save(folder / "depth_png" / f"{view:04d}.png")
    odd = sum((share for share, one in zip(shares, standing, strict=False) if one.word), np.zeros((pixels, pixels)))
    Image.fromarray(np.where(odd > 0.5, 255, 0).astype(np.uint8)).save(folder / "binary_labels" / f"{view:04d}.png")
    for name, share in zip([*names(len(standing)), "floor_object"], shares, strict=True):
        path = folder / "segmentations" / name / f"{name}_{view:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = np.maximum(np.round(206 * share), hit[centre, centre]).astype(np.uint8)
        Image.fromarray(np.dstack([grey, grey, grey, np.full_like(grey, 255)])).save(path)
    if masks:
        together = np.where(sum(shares[:-1]) > 0.6, 255, 0).astype(np.uint8)
        Image.fromarray(together).save(folder / "masks" / f"{view:04d}.png")

    alone = [np.isfinite(_cast([(one.world, one.faces)], rays[centre, centre])[0]).sum() for one in standing]
    return [(which[centre, centre] == k).sum() for k in range(len(standing))], alone


def _write_picture(path: Path, which, normals, points, floor: int, pixels: int, rng) -> None:
    checks = (np.floor(points[..., 0] / 0.3) + np.floor(points[..., 1] / 0.3)) % 2
    color = np.where(
        (which == floor)[..., None], (140 + 50 * checks)[..., None] * [1.0, 0.95, 0.9], [170.0, 90.0, 60.0]
    )
    lit = color * (0.4 + 0.6 * np.clip(normals @ LIGHT, 0, 1))[..., None]
    lit = np.where((which < 0)[..., None], [120.0, 150.0, 190.0], lit)
    small = lit.reshape(pixels, SUB, pixels, SUB, 3).mean(axis=(1, 3)) + rng.normal(0, 1, (pixels, pixels, 3))
    rgba = np.dstack([np.clip(small, 0, 255), np.full((pixels, pixels), 255)]).astype(np.uint8)
    Image.fromarray(rgba).save(path)


def _write_metadata(folder: Path, standing: list[Standing], K: np.ndarray, poses: list[np.ndarray]) -> None:
    shape = folder.name.partition("-")[0]
    objects, paths = [], []
    for name, one in zip(names(len(standing)), standing, strict=True):
        pose = one.world_from_object
        scale = float(np.linalg.norm(pose[:3, 0]))
        sizes = (np.ptp(one.vertices, axis=0) * scale).tolist()
        paths.append(f"{shape}-{one.word}-001.blend" if one.word else f"{shape}.blend")
        euler = list(trimesh.transformations.euler_from_matrix(pose))
        objects.append({
            "name": name, "path": paths[-1], "rotation_matrix": pose.astype(np.float32).tolist(), "rotation_euler": euler,
            "location": pose[:3, 3].tolist(), "scale": [scale] * 3, "bbox": [pose[:3, 3].tolist(), sizes],
        })  # fmt: skip
    camera = {"K": K.tolist(), "poses": [{"rotation": pose.astype(np.float32).tolist()} for pose in poses]}
    scene = {"floor_pbr": "tiles_07", "background_hdr": "studio.hdr"}
    document = {"objects": objects, "camera": camera, "scene": scene, "rendering_info": {"samples": 128}}
    (folder / "scene3d.metadata.json").write_text(json.dumps(document))
    flat = {"blend_paths": [f"/somewhere/else/{path}" for path in paths],
            "anomaly_labels": [int(not one.word) for one in standing], "bbox": {}}  # fmt: skip
    (folder / "scene2d.metadata.json").write_text(json.dumps(flat))
