"""Truth for `odd-bench detect`: generated scenes photographed by hand, reconstructed from the pictures alone.

    python benchmarks/captures.py [--scenes 3] [--kind toys] [--weights both] [--keep FOLDER]

Each scene is drawn as a draft of 640 x 480 in 25 views from free heights and distances, on a floor with a texture. pycolmap finds
the cameras from the pictures; the floor, the scale and the cameras are compared with the true ones, and so are, with weights, the
boxes and scores with those that the same detector gives from the true cameras. Prints one table.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from odd_bench.cameras import intrinsics, look_at
from odd_bench.data.record import SceneRecord
from odd_bench.generate import scene_maker
from odd_bench.generate.config import load_preset, with_overrides
from odd_bench.generate.plan import canonical, catalogue_of, digest, plan_scene
from odd_bench.scene import Camera

WIDTH, HEIGHT, VIEWS = 640, 480, 25
FOCAL_MM = 26.0  # of a telephone, for a sensor 36 mm wide
TEXTURED = ("terrazzo", "granite", "cork")  # planks and tiles look alike in many places
SIZE_M, ROOM_M = (0.25, 0.40), (0.7, 0.7)


@dataclass(frozen=True)
class Shot:
    """A photographed scene. outlines: (k, 3) corners of the hulls of all objects, metres."""

    record: SceneRecord
    outlines: np.ndarray


def handheld(points: np.ndarray, seed: int) -> tuple[Camera, ...]:
    """A walk around the points (n, 3): heights and distances drawn anew for each view, hands that shake and tilt."""
    rng = np.random.default_rng([seed, 24])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = np.linalg.norm(points - middle, axis=1).max()
    K = intrinsics(WIDTH, HEIGHT, FOCAL_MM)
    start, cameras = rng.uniform(0, 2 * np.pi), []
    for number in range(VIEWS):
        azimuth = start + 2 * np.pi * (number + rng.uniform(-0.3, 0.3)) / VIEWS
        elevation, distance = np.radians(rng.uniform(22, 58)), radius * rng.uniform(2.3, 3.4)
        back = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        target = middle + rng.uniform(-0.15, 0.15, 3) * radius
        pose = look_at(middle + distance * back, target)
        roll = np.eye(4)
        roll[:3, :3] = Rotation.from_euler("z", rng.normal(0, 4), degrees=True).as_matrix()
        cameras.append(Camera(K, roll @ pose, WIDTH, HEIGHT))
    return tuple(cameras)


def photographed(kind: str, index: int, split: str) -> Shot:
    """One scene of the draft preset with hand-held cameras in place of the orbit's."""
    config = with_overrides(load_preset(kind, "draft"), [f"orbit.views={VIEWS}", "seed=24"])
    catalogue = catalogue_of(config)
    line = plan_scene(config, catalogue, split, index)
    rng = np.random.default_rng([24, index])
    while line["floor"]["kind"] not in TEXTURED:
        line["floor"] = scene_maker_floor(rng)
    line["floor"]["contrast"] = max(line["floor"]["contrast"], 0.7)
    seen = []

    def cameras(orbit, draws, points):
        seen.append(points)
        return handheld(points, index)

    with tempfile.TemporaryDirectory() as work, patch.object(scene_maker, "orbit_cameras", cameras):
        record, _ = scene_maker.make_scene(line, digest(canonical(line)), config, catalogue, Path(work))
    return Shot(record, seen[-1])


def scene_maker_floor(rng: np.random.Generator) -> dict:
    from odd_bench.generate.surroundings import draw_floor

    return draw_floor(rng)


def write_photographs(folder: Path, record: SceneRecord) -> None:
    """JPEG files, as a telephone would, without a word about the camera."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(record.images):
        Image.fromarray(picture).save(folder / f"{number:03d}.jpg", quality=94)


def write_true_capture(folder: Path, shot: Shot, points: np.ndarray) -> None:
    """The same photographs with their true cameras: transforms.json and points, of an unlevel world of another scale."""
    frames = []
    for number, camera in enumerate(shot.record.scene.cameras):
        world_from_camera = np.linalg.inv(camera.camera_from_world) @ np.diag([1.0, -1.0, -1.0, 1.0])
        frames.append({"file_path": f"images/{number:03d}.jpg", "transform_matrix": world_from_camera.tolist()})
    K = shot.record.scene.cameras[0].K
    intrinsic = {"w": WIDTH, "h": HEIGHT, "fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
    columns = "".join(f"property float {axis}\n" for axis in "xyz")
    header = f"ply\nformat ascii 1.0\nelement vertex {len(points)}\n{columns}end_header\n"
    rows = "\n".join(" ".join(f"{value:.6f}" for value in point) for point in points)
    (folder / "points.ply").write_text(header + rows + "\n")
    (folder / "transforms.json").write_text(json.dumps({**intrinsic, "ply_file_path": "points.ply", "frames": frames}))


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(4, 4) the similarity that brings (n, 3) points nearest to their targets (Umeyama, 1991)."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_mean, target - target_mean
    u, values, v = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ v))])
    turn = u @ np.diag(sign) @ v
    scale = (values * sign).sum() / (a**2).sum()
    moved = np.eye(4)
    moved[:3, :3] = scale * turn
    moved[:3, 3] = target_mean - scale * turn @ source_mean
    return moved


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--kind", default="toys")
    parser.add_argument("--keep", type=Path, required=True)
    args = parser.parse_args()
    for index in range(args.scenes):
        folder = args.keep / f"{args.kind}-{index}"
        start = time.time()
        shot = photographed(args.kind, index, "test-seen" if args.kind == "toys" else "test")
        write_photographs(folder / "images", shot.record)
        import pickle

        (folder / "shot.pkl").write_bytes(pickle.dumps(shot))
        print(
            folder,
            f"{time.time() - start:.1f} s",
            shot.record.scene.category,
            len(shot.record.scene.objects),
            flush=True,
        )
