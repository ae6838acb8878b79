"""All stages of `odd-bench detect`: cameras, floor, scale, views, prediction, pictures, page."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from odd_bench.atomic import prove_folder, write_atomically
from odd_bench.captures.capture import Capture
from odd_bench.captures.opening import capture_name, open_capture
from odd_bench.captures.placing import Placement, Wishes, floor_plan, place
from odd_bench.captures.reconstruct import listed_photographs, reconstruct, unused_name, with_points
from odd_bench.captures.resample import View, seen_by
from odd_bench.captures.views import aimed_camera, choose_views, model_view, scene_eyes, shown_share
from odd_bench.detect.batch import capture_batch
from odd_bench.detect.cautions import advice, cautions
from odd_bench.detect.page import Shown, detection_page
from odd_bench.detect.telling import best_views, telling_views
from odd_bench.errors import WrongUse
from odd_bench.geometry.boxes import box_corners
from odd_bench.picture_file import write_picture
from odd_bench.scene import Camera
from odd_bench.scoring import DatasetRef, PredictionWriter
from odd_bench.training.method import ReadsData
from odd_bench.training.predict import Run, header, timed_answer
from odd_bench.view.browser.placement_file import SCENE, SCENE_FORMAT
from odd_bench.view.floor_plan import drawn_plan
from odd_bench.view.suspicion import Found, color_of, drawn

Report = Callable[[str], None]
SPLIT, VERSION = "capture", "1"
RECONSTRUCTION, DRAWN, PAGE = "reconstruction", "views", "index.html"  # in the folder of the results
TELLING, CLOSE_UPS = 4, 3  # views of the scene, and of each object
VIEW_PIXELS, CLOSE_UP_PIXELS = 720, 224
ROOMY = 1.25  # a close-up is wider than its object
MOSTLY_SHOWN = 0.6  # share of the objects that a photograph must show to be drawn
ROOM_M = (0.7, 0.7)  # half-extents of the volume of a method without a voxel grid


@dataclass(frozen=True)
class DetectOptions:
    """wishes: what the user states about the scene. images: folder of the photographs. views: for the method, None as trained.

    reconstruct: let pycolmap reconstruct the cameras. matching: of photographs, exhaustive, sequential or None.
    """

    wishes: Wishes = field(default_factory=Wishes)
    images: Path | None = None
    views: int | None = None
    reconstruct: bool = False
    matching: str | None = None


@dataclass(frozen=True)
class Detection:
    """The result. seconds: wall-clock time of each stage. files: written files, the page first.

    tries: what to try if no object was found.
    """

    found: Found
    placement: Placement
    capture: Capture
    chosen: list[int]
    notes: tuple[str, ...]
    seconds: dict[str, float]
    files: tuple[Path, ...]
    tries: tuple[str, ...] = ()


def detect(
    path: Path,
    run: Run,
    size_m: tuple[float, float],
    out: Path,
    options: DetectOptions,
    report: Report = lambda line: None,
) -> Detection:
    """Find the odd object in a capture and write predictions, pictures and a page to `out`. size_m: see captures.placing.

    Raises CaptureError if the capture cannot be used, WrongUse if the method needs more than pictures, StorageError if
    `out` cannot be written.
    """
    check_method(run)
    prove_folder(out)
    clock = Clock(report)
    capture = _capture(path, out, options, clock)
    clock.begin("floor and objects")
    plan = floor_plan(capture, options.wishes)
    placement = place(capture, plan, options.wishes, size_m, room_of(run))
    clock.begin("predicting")
    wanted = options.views or run.config.train.views
    chosen = choose_views(capture, placement, wanted)
    pixels = run.config.train.pixels or 256
    views = [model_view(capture, placement, number, pixels) for number in chosen]
    name = capture_name(path)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    answer, seconds = timed_answer(run.method.to(device), capture_batch(name, views, chosen), device)
    found = Found(np.asarray(answer.boxes, float), np.asarray(answer.scores, float), run.method.threshold)
    clock.begin("pictures")
    said = cautions(capture, placement, chosen, wanted, found, pixels)
    notes, tries = (*capture.notes, *placement.notes, *said), tuple(advice(capture, placement, chosen, found, pixels))
    earlier = list((out / DRAWN).glob("*.jpg")) if (out / SCENE).is_file() else []
    if (out / SCENE).is_file():  # a page stands beside its own predictions alone, whenever the command is killed
        (out / PAGE).unlink(missing_ok=True)
    files = [
        _write_predictions(out, name, capture, run, wanted, found, chosen, seconds),
        _write_scene(out, name, capture, placement, chosen, _origin(path, out, options)),
    ]
    shown, pictures = _pictures(out, capture, placement, chosen, found)
    page = detection_page(name, capture, placement, found, chosen, notes, shown, tries)
    write_atomically(out / PAGE, page.encode())
    for old in set(earlier) - set(pictures):  # remove pictures of an earlier detection once all new ones are written
        old.unlink()
    clock.end()
    files = (out / PAGE, *files, *pictures)
    return Detection(found, placement, capture, chosen, notes, clock.seconds, files, tries)


def check_method(run: Run) -> None:
    """Raise WrongUse if the method needs more than pictures with cameras."""
    if run.method.gt_boxes or run.method.gt_count:
        raise WrongUse(
            f"--weights: found {run.spec.name}, which needs ground-truth boxes or counts; expected a method that finds the objects"
        )
    if isinstance(run.method, ReadsData):
        raise WrongUse(
            f"--weights: found {run.spec.name}, which needs a data set; expected reference, imvoxelnet or detr3d"
        )


def check_apart_from(out: Path, path: Path, photographs: Iterable[Path]) -> None:
    """Raise WrongUse if the results would be written among the photographs, where one could be mistaken for the other."""
    capture = os.path.realpath(path.parent if path.is_file() else path)
    own = os.path.realpath(out), os.path.realpath(out / DRAWN)
    if capture == own[0] or any(os.path.dirname(os.path.realpath(one)) in own for one in photographs):
        raise WrongUse(
            f"--out {out}: found the folder of the capture; expected a separate folder. Hint: without --out, the folder is "
            f"{Path('detections') / capture_name(path)}"
        )


def room_of(run: Run) -> tuple[float, float]:
    """Half-extents of the method's volume around the origin, along x and y, metres."""
    grid = getattr(getattr(run.config, "model", None), "grid", None)
    if grid is None:
        return ROOM_M
    return tuple(min(-low, low + size) for low, size in zip(grid.low_m[:2], grid.size_m[:2], strict=True))


class Clock:
    """Reports the stage that begins, and keeps the duration of each stage."""

    def __init__(self, report: Report):
        self.report, self.seconds, self.name, self.since = report, {}, "", 0.0

    def begin(self, name: str) -> None:
        self.end()
        self.name, self.since = name, time.monotonic()
        self.report(name)

    def end(self) -> None:
        if self.name:
            self.seconds[self.name] = time.monotonic() - self.since


def _capture(path: Path, out: Path, options: DetectOptions, clock: Clock) -> Capture:
    clock.begin("reading the capture")
    if options.reconstruct:
        check_apart_from(out, path, listed_photographs(path))
        capture = reconstruct(path, out / RECONSTRUCTION, options.matching, clock.report)
    else:
        capture = open_capture(path, options.images)
        check_apart_from(out, path, [one.path for one in capture.photographs])
    if not len(capture.points) and options.wishes.floor is None:
        clock.report("the capture has no points: pycolmap triangulates some to find the floor (or give --floor)")
        capture = with_points(capture, path, clock.report)
    return capture


def _write_predictions(out, name, capture, run, wanted, found, chosen, seconds) -> Path:
    path = out / "predictions.json"
    reference = DatasetRef(name, VERSION, SPLIT, _digest(capture))
    with PredictionWriter(path, reference, header(run, wanted), threshold=found.threshold) as writer:
        writer.add(name, found.boxes, found.scores, views=sorted(chosen), seconds=seconds)
    return path


def _origin(path: Path, out: Path, options: DetectOptions) -> dict[str, str]:
    """Paths of the capture and its photographs relative to `out`, from which `odd-bench view` opens them."""
    places = {"capture": out / RECONSTRUCTION if options.reconstruct else path, "images": options.images}
    return {key: Path(os.path.relpath(one, out)).as_posix() for key, one in places.items() if one is not None}


def _write_scene(
    out: Path, name: str, capture: Capture, placement: Placement, chosen: list[int], origin: dict[str, str]
) -> Path:
    """Write the transforms between the scene of the predictions and the capture."""
    content = {
        "format": SCENE_FORMAT,
        "version": 1,
        "name": name,
        "source": capture.source,
        **origin,
        "scene_from_capture": placement.scene_from_capture.tolist(),
        "plan_from_capture": placement.plan.plan_from_capture.tolist(),
        "region": list(placement.region),
        "real_metres": placement.real_metres,
        "photographs": [
            {"name": one.name, "camera_from_scene": placement.camera_from_scene(one).tolist(), "seen": number in chosen}
            for number, one in enumerate(capture.photographs)
        ],
    }
    path = out / SCENE
    write_atomically(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
    return path


def _digest(capture: Capture) -> str:
    """sha256 of names and cameras: another reconstruction of the same photographs counts as another data set."""
    summed = hashlib.sha256()
    for one in capture.photographs:
        summed.update(one.name.encode() + np.round(one.camera_from_world, 9).tobytes() + one.lens.K.tobytes())
    return f"sha256:{summed.hexdigest()}"


def _pictures(
    out: Path, capture: Capture, placement: Placement, chosen: list[int], found: Found
) -> tuple[Shown, list[Path]]:
    """Draw and write the most informative views and the close-ups."""
    eyes = scene_eyes(capture, placement)
    usable = [i for i in range(len(eyes)) if shown_share(capture, placement, i) >= MOSTLY_SHOWN] or chosen
    cameras = {i: aimed_camera(eyes[i], placement.outline, _pixels(capture, placement, eyes, i)) for i in usable}
    telling = [usable[i] for i in telling_views(list(cameras.values()), found, TELLING)]
    seen = {
        i: _view(capture, placement, i, cameras[i])
        for i in dict.fromkeys([*telling, *(c for c in chosen if c in cameras)])
    }
    folder = out / DRAWN
    paths, views = [], []
    for number in telling:
        image = drawn(seen[number].picture, seen[number].camera, found)
        path = folder / unused_name(Path(capture.photographs[number].name).stem, [one.name for one in paths])
        paths.append(write_picture(image, path, quality=90))
        views.append((capture.photographs[number].name, image))
    close_ups = [_close_ups(seen, found, number) for number in range(len(found))]
    plan = _plan(placement, capture, chosen, found)
    return Shown(views, close_ups, plan), [*paths, write_picture(plan, out / "from-above.png")]


def _pixels(capture: Capture, placement: Placement, eyes: np.ndarray, number: int) -> int:
    """Side of a drawn view in pixels, limited by the resolution of the photograph."""
    focal = aimed_camera(eyes[number], placement.outline, VIEW_PIXELS).K[0, 0] / VIEW_PIXELS
    return int(np.clip(1.2 * capture.photographs[number].lens.K[0, 0] / focal, 320, VIEW_PIXELS))


def _view(capture: Capture, placement: Placement, number: int, camera: Camera) -> View:
    one = capture.photographs[number]
    return seen_by(one, placement.camera_from_scene(one), camera, finer=1)


def _close_ups(seen: dict[int, View], found: Found, number: int) -> list:
    """Cut-outs of one object from the sides that show it best, without boxes."""
    numbers = list(seen)
    best = best_views([seen[i].camera for i in numbers], found.boxes, number, CLOSE_UPS)
    return [_cut_out(seen[numbers[i]], found.boxes[number]) for i in best]


def _cut_out(view: View, box: np.ndarray):
    from PIL import Image

    from odd_bench.geometry.cameras import project

    pixels, _ = project(view.camera, box_corners(box))
    middle, half = (pixels.min(axis=0) + pixels.max(axis=0)) / 2, ROOMY * float(np.ptp(pixels, axis=0).max()) / 2
    corners = (*(middle - half).round().astype(int).tolist(), *(middle + half).round().astype(int).tolist())
    cut = Image.fromarray(view.picture).crop(corners)
    return cut.resize((CLOSE_UP_PIXELS, CLOSE_UP_PIXELS), Image.Resampling.BICUBIC)


def _plan(placement: Placement, capture: Capture, chosen: list[int], found: Found):
    """The floor plan with boxes."""
    to_plan = placement.plan.plan_from_capture
    plan_from_scene = to_plan @ np.linalg.inv(placement.scene_from_capture)
    cameras = (capture.eyes @ to_plan[:3, :3].T + to_plan[:3, 3])[:, :2]
    boxes = []
    for number in range(len(found)):
        corners = box_corners(found.boxes[number])[:4] @ plan_from_scene[:3, :3].T + plan_from_scene[:3, 3]
        color = color_of(float(found.scores[number]), found.threshold)
        boxes.append((corners[:, :2], color, str(number + 1)))
    objects = [np.unique(member[:, :2], axis=0) for member in placement.plan.clusters.members]
    return drawn_plan(objects, cameras, chosen, placement.region, boxes)
