"""Worlds to photograph: blocks on a patterned floor, seen by known cameras and written in every format of a capture."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.lens import Lens, matrix
from odd_bench.geometry.cameras import eye, look_at, pixel_directions
from odd_bench.scene import Camera

WIDTH, HEIGHT, FOCAL = 240, 180, 190.0
BLOCKS = np.array(
    [[-0.3, -0.15, 0.1, 0.16, 0.3, 0.2], [0.25, -0.25, 0.1, 0.3, 0.16, 0.2], [0.15, 0.3, 0.1, 0.16, 0.3, 0.2]]
)
TONES = np.random.default_rng(7).uniform(0.5, 1.5, (128, 128))
COLORS = np.array([[200, 60, 50], [60, 80, 200], [230, 200, 60]])


def walk(
    views: int = 14, roll_deg: float = 0.0, distance: float = 1.3, turn: float = 2 * np.pi, seed: int = 0
) -> list[Camera]:
    """Cameras around the blocks, at varying heights and distances, held by hand."""
    rng = np.random.default_rng(seed)
    K, cameras = matrix(FOCAL, FOCAL, WIDTH / 2, HEIGHT / 2), []
    for number in range(views):
        azimuth, elevation = turn * (number + rng.uniform(-0.2, 0.2)) / views, np.radians(rng.uniform(25, 55))
        away = distance * rng.uniform(0.9, 1.15)
        place = away * np.array(
            [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
        )
        pose = look_at(place, np.array([*rng.uniform(-0.05, 0.05, 2), 0.1]))
        roll = np.eye(4)
        roll[:3, :3] = Rotation.from_euler("z", roll_deg + rng.normal(0, 3), degrees=True).as_matrix()
        cameras.append(Camera(K, roll @ pose, WIDTH, HEIGHT))
    return cameras


def floor_color(points: np.ndarray) -> np.ndarray:
    """(..., 3) in 0..255 at places (..., 2): blotches of several sizes, all different."""
    x, y = points[..., 0], points[..., 1]
    waves = [np.sin(a * x + b * y + c) for a, b, c in ((21, 5, 0), (-9, 17, 1), (13, 30, 2), (33, -22, 3), (3, -7, 4))]
    tone = 120 + 22 * sum(waves)
    return np.clip(np.stack([tone, tone * 0.95, tone * 0.85], axis=-1), 0, 255)


def speckled(points: np.ndarray) -> np.ndarray:
    """The same with squares of 5 cm, each with its own tone: corners for features."""
    cells = np.floor(points / 0.05).astype(int) % len(TONES)
    return np.clip(floor_color(points) * TONES[cells[..., 0], cells[..., 1], None], 0, 255)


def photographed(camera: Camera, blocks: np.ndarray = BLOCKS, floor=floor_color) -> np.ndarray:
    """(h, w, 3) uint8: the picture of a pinhole camera with four rays per pixel."""
    fine = replace(camera, K=np.diag([2.0, 2.0, 1.0]) @ camera.K, width=2 * camera.width, height=2 * camera.height)
    color = colors_along(eye(fine), pixel_directions(fine), blocks, floor)
    return np.asarray(Image.fromarray(np.round(color).astype(np.uint8)).reduce(2))


def colors_along(origin: np.ndarray, rays: np.ndarray, blocks: np.ndarray = BLOCKS, floor=floor_color) -> np.ndarray:
    """(..., 3) in 0..255: the colours along rays (..., 3) from `origin`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        length = np.where(rays[..., 2] < 0, -origin[2] / rays[..., 2], np.inf)
        ground = origin[:2] + np.where(np.isfinite(length), length, 0)[..., None] * rays[..., :2]
        color = np.where(np.isfinite(length)[..., None], floor(ground), 180.0)
        for block, paint in zip(blocks, COLORS[np.arange(len(blocks)) % 3], strict=True):
            low, high = block[:3] - block[3:] / 2, block[:3] + block[3:] / 2
            near, far = (low - origin) / rays, (high - origin) / rays
            enter, leave = np.fmin(near, far), np.fmax(near, far)
            first = enter.max(axis=-1)
            hit = (first < leave.min(axis=-1)) & (first > 0) & (first < length)
            shade = np.array([0.8, 0.65, 1.0])[enter.argmax(axis=-1)]
            color = np.where(hit[..., None], paint * shade[..., None], color)
            length = np.where(hit, first, length)
    return color


def surface_points(count: int = 1200, seed: int = 0, blocks: np.ndarray = BLOCKS) -> np.ndarray:
    """(n, 3) points as in a reconstruction: mostly on the floor, some on blocks, some wrong."""
    rng = np.random.default_rng(seed)
    floor = np.column_stack([rng.uniform(-1.2, 1.2, (count, 2)), rng.normal(0, 0.002, count)])
    chosen = blocks[rng.integers(len(blocks), size=count // 5)]
    on_blocks = chosen[:, :3] + chosen[:, 3:] * rng.uniform(-0.5, 0.5, (len(chosen), 3))
    wrong = rng.uniform(-1, 1, (count // 30, 3))
    return np.concatenate([floor, on_blocks, wrong])


def lens_of(camera: Camera) -> Lens:
    return Lens(camera.width, camera.height, camera.K)


def write_pictures(folder: Path, cameras: list[Camera], blocks: np.ndarray = BLOCKS, floor=floor_color) -> list[str]:
    """Write 0000.png ... to the folder; returns the names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{number:04d}.png" for number in range(len(cameras))]
    for name, camera in zip(names, cameras, strict=True):
        (folder / name).write_bytes(_png(camera, blocks, floor))
    return names


_taken: dict[tuple, bytes] = {}  # many tests walk the same way


def _png(camera: Camera, blocks: np.ndarray, floor) -> bytes:
    """The file of a picture, which is taken once."""
    key = (camera.K.tobytes(), camera.camera_from_world.tobytes(), camera.width, camera.height, blocks.tobytes(), floor)
    if key not in _taken:
        content = io.BytesIO()
        Image.fromarray(photographed(camera, blocks, floor)).save(content, "PNG")
        _taken[key] = content.getvalue()
    return _taken[key]


@dataclass(frozen=True)
class Similarity:
    """The map x -> scale * turn x + shift."""

    scale: float = 1.0
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))
    shift: np.ndarray = field(default_factory=lambda: np.zeros(3))

    def points(self, points: np.ndarray) -> np.ndarray:
        return self.scale * points @ self.turn.T + self.shift

    def pose(self, camera_from_world: np.ndarray) -> np.ndarray:
        """The pose of the same camera in the new world."""
        moved = np.eye(4)
        moved[:3, :3] = camera_from_world[:3, :3] @ self.turn.T
        place = self.points(-camera_from_world[:3, :3].T @ camera_from_world[:3, 3])
        moved[:3, 3] = -moved[:3, :3] @ place
        return moved


SAME = Similarity()


def drawn_similarity(seed: int) -> Similarity:
    """A random world: not level, with another scale and another origin."""
    rng = np.random.default_rng(seed)
    return Similarity(
        float(np.exp(rng.uniform(-2, 2))), Rotation.random(random_state=seed).as_matrix(), rng.uniform(-5, 5, 3)
    )


def capture_of(
    folder: Path, cameras: list[Camera], world: Similarity = SAME, points: np.ndarray | None = None, floor=floor_color
) -> Capture:
    """The capture in memory, with its pictures in the folder."""
    names = write_pictures(folder, cameras, floor=floor)
    photographs = tuple(
        Photograph(folder / name, lens_of(camera), world.pose(camera.camera_from_world))
        for name, camera in zip(names, cameras, strict=True)
    )
    points = surface_points() if points is None else points
    return Capture("a test", photographs, world.points(points))


def write_transforms(
    folder: Path, cameras: list[Camera], world: Similarity = SAME, points: np.ndarray | None = None
) -> Path:
    """Write transforms.json with images/ and, if there are points, an ASCII PLY."""
    names = write_pictures(folder / "images", cameras)
    frames = [
        {"file_path": f"images/{name}", "transform_matrix": opengl(world.pose(camera.camera_from_world)).tolist()}
        for name, camera in zip(names, cameras, strict=True)
    ]
    K = cameras[0].K
    content = {
        "w": WIDTH,
        "h": HEIGHT,
        "fl_x": K[0, 0],
        "fl_y": K[1, 1],
        "cx": K[0, 2],
        "cy": K[1, 2],
        "frames": frames,
    }
    if points is not None:
        header = f"ply\nformat ascii 1.0\nelement vertex {len(points)}\nproperty float x\nproperty float y\nproperty float z\n"
        rows = "\n".join(" ".join(f"{value:.6f}" for value in point) for point in world.points(points))
        (folder / "points.ply").write_text(f"{header}end_header\n{rows}\n")
        content["ply_file_path"] = "points.ply"
    (folder / "transforms.json").write_text(json.dumps(content))
    return folder / "transforms.json"


def opengl(camera_from_world: np.ndarray) -> np.ndarray:
    """(4, 4) world from camera with OpenGL axes: x stays, y and z change their signs."""
    world_from_camera = np.linalg.inv(camera_from_world)
    right, down, forward, place = world_from_camera[:3].T
    return np.vstack([np.column_stack([right, -down, -forward, place]), [0, 0, 0, 1]])


def colmap():
    """pycolmap, imported after the packages that must come before it."""
    import zlib  # noqa: F401

    import h5py  # noqa: F401
    import torch  # noqa: F401

    try:
        import pycolmap
    except ImportError:
        import pytest

        pytest.skip("needs pycolmap")
    return pycolmap
