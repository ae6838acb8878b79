"""Truth for `odd-bench detect`: generated scenes photographed by hand, reconstructed from the pictures alone.

    python benchmarks/captures.py [--scenes 10] [--weights both] [--keep build/captures]

Without weights it measures the geometry alone. Scenes alternate between toys and parts. Each is drawn as a draft of 640 x 480 in 25
views from free heights and distances, on a speckled floor. What is drawn is kept and used again, and so are the reconstructions, so
that other weights cost their detections alone. pycolmap finds the cameras from the pictures. The floor, the scale and the cameras
are compared with the true ones, and so are, with weights, the boxes and scores with those that the detector gives from the true
cameras. Prints a line for every scene and one table.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
from odd_bench.geometry.boxes import aabb_from_points, box_corners, iou_matrix, rotate_about_z
from odd_bench.geometry.cameras import eye, intrinsics, look_at
from odd_bench.plan_line import plan_text
from odd_bench.render.surroundings import draw_floor
from odd_bench.scene import Camera
from odd_bench.scoring.metrics import auc
from odd_bench.weights import load_weights, object_size_m, shipped

WIDTH, HEIGHT, VIEWS = 640, 480, 25
FOCAL_MM = 26.0  # of a telephone, for a sensor 36 mm wide
SPLITS = {"toys": "test-seen", "parts": "test"}
TEXTURED = ("terrazzo", "granite", "cork")  # planks and tiles repeat exactly here
LEAST_CONTRAST = 0.7
SIZE_M, ROOM_M = (0.25, 0.40), (0.7, 0.7)
TRUE, FOUND = "true cameras", "pycolmap"
TRUTH = "truth.npz"


@dataclass(frozen=True)
class Shot:
    """What is true of a photographed scene. outlines: (k, 3) corners of the hulls of all objects, metres. obbs: (n, 7)."""

    category: str
    cameras: tuple[Camera, ...]
    outlines: np.ndarray
    obbs: np.ndarray
    labels: np.ndarray

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path, category=self.category, K=self.cameras[0].K, poses=[one.camera_from_world for one in self.cameras],
            outlines=self.outlines, obbs=self.obbs, labels=self.labels,
        )  # fmt: skip


def load_shot(path: Path) -> Shot:
    with np.load(path) as stored:
        cameras = tuple(Camera(stored["K"], pose, WIDTH, HEIGHT) for pose in stored["poses"])
        return Shot(str(stored["category"]), cameras, stored["outlines"], stored["obbs"], stored["labels"])


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


def photographed(kind: str, index: int, folder: Path) -> Shot:
    """One scene of the draft preset with hand-held cameras in place of the orbit's: JPEG files as of a telephone, without a word
    about the camera, in the folder's images/. What an earlier call has drawn there is used again.
    """
    if (folder / TRUTH).is_file():
        return load_shot(folder / TRUTH)
    config = with_overrides(load_preset(kind, "draft"), [f"orbit.views={VIEWS}", "seed=24"])
    catalogue = catalogue_of(config)
    line = plan_scene(config, catalogue, SPLITS[kind], index)
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
    shot = shot_of(record, seen[-1])
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(record.images):
        Image.fromarray(picture).save(folder / "images" / f"{number:03d}.jpg", quality=94)
    shot.save(folder / TRUTH)
    return shot


def shot_of(record: SceneRecord, outlines: np.ndarray) -> Shot:
    scene = record.scene
    obbs, labels = [one.obb for one in scene.objects], [one.label for one in scene.objects]
    return Shot(scene.category, scene.cameras, outlines, np.array(obbs), np.array(labels))


def write_true_capture(folder: Path, shot: Shot, points: np.ndarray) -> None:
    """The same photographs with their true cameras: transforms.json and points, of an unlevel world of another scale."""
    frames = []
    for number, camera in enumerate(shot.cameras):
        world_from_camera = np.linalg.inv(camera.camera_from_world) @ np.diag([1.0, -1.0, -1.0, 1.0])
        frames.append({"file_path": f"images/{number:03d}.jpg", "transform_matrix": world_from_camera.tolist()})
    K = shot.cameras[0].K
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
    true = np.array([eye(shot.cameras[int(one.path.stem)]) for one in capture.photographs])
    return similarity(capture.eyes, true)


def geometry(capture: Capture, placement: Placement, shot: Shot, seconds: float) -> Geometry:
    """How well cameras, floor and scale of a reconstruction fit the scene."""
    moved, cameras = true_from_capture(capture, shot), shot.cameras
    true = np.array([eye(cameras[int(one.path.stem)]) for one in capture.photographs])
    floor = placement.plan.floor
    normal = moved[:3, :3] @ floor.normal
    sizes = shot.obbs[:, 3:6].max(axis=1)
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
    reach = []
    for obb in shot.obbs:  # an outline point belongs to the object in whose own box it lies
        local = rotate_about_z(shot.outlines - obb[:3], -obb[6])
        reach.append(np.abs(local / (obb[3:6] / 2)).max(axis=1))
    owner = np.argmin(reach, axis=0)
    points = shot.outlines @ scene_from_true[:3, :3].T + scene_from_true[:3, 3]
    return np.array([aabb_from_points(points[owner == number]) for number in range(len(shot.obbs))])


@dataclass(frozen=True)
class Judged:
    """Of the true objects of a scene: overlap (n,) best IoU with a found box, scores (n,) of that box, 0 where there is none.

    boxes: (k, 6) found, axes of the true world, metres.
    """

    overlap: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray

    @property
    def scores_met(self) -> np.ndarray:
        """(n,) scores, 0 where no box has an IoU of 0.5."""
        return np.where(self.overlap >= 0.5, self.scores, 0.0)


def judged(found: Detection, shot: Shot, capture: Capture) -> Judged:
    """A detection against the truth, brought together by the cameras' places."""
    scene_from_true = found.placement.scene_from_capture @ np.linalg.inv(true_from_capture(capture, shot))
    boxes, answers = true_boxes(shot, scene_from_true), found.found
    if not len(answers):
        return Judged(np.zeros(len(boxes)), np.zeros(len(boxes)), np.zeros((0, 6)))
    overlap = iou_matrix(boxes, answers.boxes)
    best = overlap.max(axis=1)
    back = np.linalg.inv(scene_from_true)
    corners = [box_corners(box) @ back[:3, :3].T + back[:3, 3] for box in answers.boxes]
    scores = np.where(best > 0, answers.scores[overlap.argmax(axis=1)], 0.0)
    return Judged(best, scores, np.array([aabb_from_points(one) for one in corners]))


@contextmanager
def timed(spent: list[float]) -> Iterator[None]:
    """Add the processor seconds of this process and its children, which other work on the machine does not lengthen."""

    def so_far() -> float:
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))

    before = so_far()
    yield
    spent.append(so_far() - before)


@dataclass
class Totals:
    """Over all scenes. labels: of the true objects. told: what was judged, by where the cameras came from."""

    scenes: int
    geometries: list[Geometry]
    labels: list[np.ndarray]
    told: dict[str, list[Judged]]
    reconstructing: list[float]
    detecting: list[float]

    def table(self) -> str:
        placed = sum(one.photographs for one in self.geometries)
        lines = [
            "| | |", "|---|---|",
            f"| scenes reconstructed | {len(self.geometries)} of {self.scenes} |",
            f"| photographs placed in them | {placed} of {VIEWS * len(self.geometries)} |",
        ]  # fmt: skip
        if self.geometries:
            worst = {
                name: max(getattr(one, name) for one in self.geometries) for name in ("camera_m", "tilt_deg", "floor_m")
            }
            sizes = [one.size for one in self.geometries]
            lines += [
                f"| cameras off, mean of a scene, worst scene | {1000 * worst['camera_m']:.2f} mm |",
                f"| floor off, worst scene | {worst['tilt_deg']:.3f} degrees, {1000 * worst['floor_m']:.2f} mm |",
                f"| size of objects over the true one | {min(sizes):.2f} to {max(sizes):.2f} |",
                f"| processor seconds a reconstruction | {mean_of(self.reconstructing)} |",
            ]
        if self.labels:
            labels = np.concatenate(self.labels)
            for name, judgements in self.told.items():
                overlap = np.concatenate([one.overlap for one in judgements])
                met = auc(labels, np.concatenate([one.scores_met for one in judgements]))
                nearest = auc(labels, np.concatenate([one.scores for one in judgements]))
                lines += [
                    f"| {name}: AUC of {len(labels)} objects, score 0 below IoU 0.5 | {met:.3f} |",
                    f"| {name}: AUC by the nearest box | {nearest:.3f} |",
                    f"| {name}: true boxes met at IoU 0.5, mean IoU | {np.mean(overlap >= 0.5):.1%}, {np.mean(overlap):.2f} |",
                ]
            pairs = zip(self.told[TRUE], self.told[FOUND], strict=True)
            alike = np.concatenate(
                [iou_matrix(one.boxes, other.boxes).max(axis=1, initial=0.0) for one, other in pairs]
            )
            lines += [
                f"| boxes of both at IoU 0.5 of each other | {np.mean(alike >= 0.5):.1%} of {len(alike)} |",
                f"| processor seconds a detection | {mean_of(self.detecting)} |",
            ]
        return "\n".join(lines)


def mean_of(values: list[float]) -> str:
    return f"{np.mean(values):.0f}" if values else "none measured"


def main(scenes: int, weights: str | None, keep: Path) -> None:
    run = load_weights(weights) if weights else None
    size_m = object_size_m(weights) if weights else SIZE_M
    totals = Totals(0, [], [], {TRUE: [], FOUND: []}, [], [])
    for number in range(scenes):
        kind = tuple(SPLITS)[number % len(SPLITS)]
        folder = keep / f"{kind}-{number // len(SPLITS)}"
        shot = photographed(kind, number // len(SPLITS), folder)
        totals.scenes += 1
        start, told = time.monotonic(), []
        try:
            with timed(spent := []):
                capture = reconstruct(folder, folder / "reconstruction", report=told.append)
            placement = place(capture, floor_plan(capture, Wishes()), Wishes(), SIZE_M, ROOM_M)
        except CaptureError as error:
            print(f"{folder.name}: {error}", flush=True)
            continue
        totals.reconstructing += spent if told else []  # nothing is told where an earlier one is used again
        totals.geometries.append(geometry(capture, placement, shot, time.monotonic() - start))
        print(f"{folder.name:8s} {shot.category:14s} {totals.geometries[-1].row()}", flush=True)
        if run is None:
            continue
        moved = true_from_capture(capture, shot)
        write_true_capture(folder, shot, capture.points @ moved[:3, :3].T + moved[:3, 3])
        totals.labels.append(shot.labels)
        for name, path in ((TRUE, folder / "transforms.json"), (FOUND, folder / "reconstruction")):
            with timed(totals.detecting):
                found = detect(path, run, size_m, folder / name.replace(" ", "-"), DetectOptions())
            totals.told[name].append(judged(found, shot, found.capture))
    print(totals.table())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=10)
    parser.add_argument("--weights", default="both" if "both" in shipped() else None)
    parser.add_argument("--keep", type=Path, default=Path("build/captures"), help="Folder of pictures and results.")
    args = parser.parse_args()
    main(args.scenes, args.weights, args.keep)
