"""Truth for `odd-bench detect`: generated scenes photographed by hand, reconstructed from the pictures alone.

    python benchmarks/captures.py [--scenes 3] [--kind toys] [--weights both] [--keep FOLDER]

Without weights it measures the geometry alone.

Each scene is drawn as a draft of 640 x 480 in 25 views from free heights and distances, on a floor with a texture. pycolmap finds
the cameras from the pictures; the floor, the scale and the cameras are compared with the true ones, and so are, with weights, the
boxes and scores with those that the same detector gives from the true cameras. Prints one table.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from odd_bench.captures.capture import Capture
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.placing import Placement, Wishes, floor_plan, place
from odd_bench.captures.reconstruct import reconstruct
from odd_bench.data.digest import plan_digest
from odd_bench.data.record import SceneRecord
from odd_bench.detect.run import Detection, DetectOptions, detect
from odd_bench.generate import scene_maker
from odd_bench.generate.config import load_preset, with_overrides
from odd_bench.generate.plan import catalogue_of, plan_scene
from odd_bench.generate.source import Sources
from odd_bench.geometry.boxes import aabb_from_points, iou_matrix, rotate_about_z
from odd_bench.geometry.cameras import eye, intrinsics, look_at
from odd_bench.plan_line import plan_text
from odd_bench.render.surroundings import draw_floor
from odd_bench.scene import Camera
from odd_bench.scoring.metrics import auc
from odd_bench.weights import load_weights, shipped

WIDTH, HEIGHT, VIEWS = 640, 480, 25
FOCAL_MM = 26.0  # of a telephone, for a sensor 36 mm wide
TEXTURED = ("terrazzo", "granite", "cork")  # planks and tiles look alike in many places
LEAST_CONTRAST = 0.7
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
    floor = line.floor
    while floor.kind not in TEXTURED:
        floor = draw_floor(rng)
    line = replace(line, floor=replace(floor, contrast=max(floor.contrast, LEAST_CONTRAST)))
    seen = []

    def cameras(orbit, draws, points):
        seen.append(points)
        return handheld(points, index)

    with tempfile.TemporaryDirectory() as work, patch.object(scene_maker, "orbit_cameras", cameras):
        record, _ = scene_maker.make_scene(line, plan_digest(plan_text(line)), Sources(config, catalogue, Path(work)))
    return Shot(record, seen[-1])


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


@dataclass(frozen=True)
class Geometry:
    """Errors of one reconstruction, metres and degrees of the true world; ratios to the true ones."""

    photographs: int
    camera_m: float
    tilt_deg: float
    floor_m: float
    focal: float
    objects: tuple[int, int]
    size: float
    seconds: float

    def row(self) -> str:
        found, true = self.objects
        return (
            f"{self.photographs:3d} cameras  {1000 * self.camera_m:6.2f} mm  focal {self.focal:.4f}  tilt {self.tilt_deg:.3f} deg  "
            f"floor {1000 * self.floor_m:6.2f} mm  {found} of {true} objects  size {self.size:.3f}  {self.seconds:.0f} s"
        )


def true_from_capture(capture: Capture, shot: Shot) -> np.ndarray:
    """(4, 4) by the cameras' places."""
    true = np.array([eye(shot.record.scene.cameras[int(one.path.stem)]) for one in capture.photographs])
    return similarity(capture.eyes, true)


def geometry(capture: Capture, placement: Placement, shot: Shot, seconds: float) -> Geometry:
    """How well cameras, floor and scale of a reconstruction fit the scene."""
    moved, cameras = true_from_capture(capture, shot), shot.record.scene.cameras
    true = np.array([eye(cameras[int(one.path.stem)]) for one in capture.photographs])
    floor = placement.plan.floor
    normal = moved[:3, :3] @ floor.normal
    sizes = [max(one.obb[3:6]) for one in shot.record.scene.objects]
    unit = np.cbrt(np.linalg.det(moved[:3, :3]))
    return Geometry(
        photographs=len(capture.photographs),
        camera_m=float(np.linalg.norm(capture.eyes @ moved[:3, :3].T + moved[:3, 3] - true, axis=1).mean()),
        tilt_deg=float(np.degrees(np.arccos(np.clip(normal[2] / np.linalg.norm(normal), -1, 1)))),
        floor_m=abs(float((moved[:3, :3] @ floor.centre + moved[:3, 3])[2])),
        focal=capture.photographs[0].lens.K[0, 0] / cameras[0].K[0, 0],
        objects=(len(placement.plan.clusters), len(sizes)),
        size=float(unit * np.median(placement.plan.clusters.sizes) / np.median(sizes)),
        seconds=seconds,
    )


def true_boxes(shot: Shot, scene_from_true: np.ndarray) -> np.ndarray:
    """(n, 6) boxes of the true objects along the axes of a scene."""
    objects = shot.record.scene.objects
    reach = []
    for one in objects:  # an outline point belongs to the object in whose own box it lies
        local = rotate_about_z(shot.outlines - one.obb[:3], -one.obb[6])
        reach.append(np.abs(local / (one.obb[3:6] / 2)).max(axis=1))
    owner = np.argmin(reach, axis=0)
    points = shot.outlines @ scene_from_true[:3, :3].T + scene_from_true[:3, 3]
    return np.array([aabb_from_points(points[owner == number]) for number in range(len(objects))])


def judged(found: Detection, shot: Shot, capture: Capture) -> tuple[np.ndarray, np.ndarray]:
    """Of each true object its best IoU and the score of that box, 0 where none is above 0.5."""
    scene_from_true = found.placement.scene_from_capture @ np.linalg.inv(true_from_capture(capture, shot))
    boxes = true_boxes(shot, scene_from_true)
    if not len(found.found):
        return np.zeros(len(boxes)), np.zeros(len(boxes))
    overlap = iou_matrix(boxes, found.found.boxes)
    best = overlap.max(axis=1)
    return best, np.where(best >= 0.5, found.found.scores[overlap.argmax(axis=1)], 0.0)


def main(kind: str, scenes: int, weights: str | None, keep: Path) -> None:
    run = load_weights(weights) if weights else None
    labels, told = [], {"true cameras": ([], []), "pycolmap": ([], [])}
    for index in range(scenes):
        folder = keep / f"{kind}-{index}"
        shot = photographed(kind, index, "test-seen" if kind == "toys" else "test")
        write_photographs(folder / "images", shot.record)
        start = time.monotonic()
        try:
            capture = reconstruct(folder, folder / "reconstruction")
            placement = place(capture, floor_plan(capture, Wishes()), Wishes(), SIZE_M, ROOM_M)
        except CaptureError as error:
            print(f"{folder.name}: {error}", flush=True)
            continue
        measured = geometry(capture, placement, shot, time.monotonic() - start)
        print(f"{folder.name} {shot.record.scene.category:12s} {measured.row()}", flush=True)
        if run is None:
            continue
        moved = true_from_capture(capture, shot)
        write_true_capture(folder, shot, capture.points @ moved[:3, :3].T + moved[:3, 3])
        labels += [one.label for one in shot.record.scene.objects]
        for name, path in (("true cameras", folder / "transforms.json"), ("pycolmap", folder / "reconstruction")):
            found = detect(path, run, SIZE_M, folder / name.replace(" ", "-"), DetectOptions())
            for kept, values in zip(told[name], judged(found, shot, found.capture), strict=True):
                kept.extend(values)
    for name, (overlaps, scores) in told.items():
        if labels:
            share = np.mean(np.array(overlaps) >= 0.5)
            print(
                f"{name}: boxes at IoU 0.5 {share:.1%}, AUC {auc(np.array(labels), np.array(scores)):.3f}", flush=True
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--kind", default="toys")
    parser.add_argument("--weights", default="both" if "both" in shipped() else None)
    parser.add_argument("--keep", type=Path, help="Folder for photographs and results. Default: a temporary one.")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="odd-bench-captures-") as folder:
        main(args.kind, args.scenes, args.weights, args.keep or Path(folder))
