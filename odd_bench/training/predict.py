"""Writes the prediction file of a trained run; odd_bench.methods loads runs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from odd_bench.atomic import prove_file
from odd_bench.blocks.stored_weights import complaint
from odd_bench.data.anomaly_maps import MapWriter
from odd_bench.data.batch import SceneBatch
from odd_bench.data.dataset import TestScenes
from odd_bench.data.folder import read_description
from odd_bench.data.reader import Dataset
from odd_bench.errors import WrongUse
from odd_bench.geometry.boxes import iou_matrix
from odd_bench.plain_file import open_plain, read_plain
from odd_bench.scoring import DatasetRef, PredictionWriter
from odd_bench.scoring import Method as MethodHeader
from odd_bench.scoring.locate import maps_beside
from odd_bench.training.checkpoint import Checkpoint, is_finite, require_kinds
from odd_bench.training.method import Localises, Measures, Method, MethodSpec, ReadsData, Records, SceneAnswer

Track = Callable[[Iterable[Any]], Iterable[Any]]
FULL, MIXED = "32-true", "bf16-mixed"  # precisions, as Fabric names them


@dataclass(frozen=True)
class Run:
    """A trained method. spec: its specification. config: resolved, with `train.views` and `train.pixels`."""

    spec: MethodSpec
    config: Any
    method: Method
    finished: bool


def restore_run(spec: MethodSpec, checkpoint: Checkpoint, file: Path, overrides: Iterable[str] = ()) -> Run:
    """The run of a checkpoint, ready to predict. file: its path, for messages. overrides: of keys that do not change the weights.

    Raises WrongUse if its weights do not fit the configuration.
    """
    config = spec.configurations.with_overrides(
        spec.configurations.from_mapping(checkpoint.config, str(file)), overrides
    )
    try:
        method = spec.restore(config, checkpoint.weights)
    except (RuntimeError, KeyError) as error:
        raise WrongUse(
            f"{file}: found weights that do not fit: {complaint(error)}; expected those of the configuration. "
            "Leave out every --set that changes weights"
        ) from error
    require_kinds(method, checkpoint.weights, file)
    if large := [key for key, value in method.state_dict().items() if not is_finite(value)]:
        raise WrongUse(
            f"{file}: found values in {large[0]} too large for {method.state_dict()[large[0]].dtype}; expected finite numbers"
        )
    return Run(spec, config, method.eval(), checkpoint.finished)


def predict_split(
    run: Run,
    dataset: Dataset,
    split: str,
    path: Path,
    views: int | None = None,
    device: torch.device | str | None = None,
    track: Track = lambda scenes: scenes,
    precision: str = FULL,
    maps: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> Path:
    """Write the predictions for every scene of a split. views: at test, default as trained. precision: of Fabric, `32-true` or
    `bf16-mixed`. maps: also write anomaly maps next to the file; otherwise maps of earlier predictions are removed. facts:
    additional facts for the header of the file. Returns `path`.

    A `.jsonl` file grows scene by scene, and scenes that it contains are not predicted again.
    The seconds of a scene cover the method, from decoded pictures to scores, without reading the shard. On a GPU, the first scene
    is predicted once before timing, since libraries choose their kernels then.
    """
    if precision not in (FULL, MIXED):
        raise WrongUse(f"precision: found {precision!r}; expected {FULL} or {MIXED}")
    prove_file(path)
    if maps:
        keep_maps(run, maps_beside(path))
    names = dataset.scene_names(split)
    stored = len(dataset.scene(names[0]).cameras)
    views = min(views or run.config.train.views, stored)  # use all views if there are fewer
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    scenes = TestScenes(dataset, names, views, run.config.train.pixels)
    method = made_ready(run.method.to(device), dataset, scenes, device, precision)
    description = read_description(dataset.folder)
    reference = DatasetRef(description.name, description.version, split, description.digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        writer = held.enter_context(MapWriter(maps_beside(path))) if maps else None
        out = held.enter_context(
            PredictionWriter(path, reference, header(run, views, precision, facts), threshold=method.threshold)
        )
        done = frozenset() if maps else frozenset(out.done)
        for number in track([number for number, name in enumerate(names) if name not in done]):
            dataset.verify(names[number])
            batch = scenes[number]
            answer, seconds = timed_answer(method, batch, device, precision)
            boxes = None if answer.objects is not None else answer.boxes
            out.add(batch.names[0], boxes, answer.scores, objects=answer.objects, views=batch.views[0], seconds=seconds)
            if writer is not None:
                add_maps(writer, dataset, batch, answer)
    if not maps and not done:
        maps_beside(path).unlink(missing_ok=True)  # of the replaced predictions
    return path


def made_by(file: Path) -> dict[str, str]:
    """A fact for the header of predictions that identifies the weights in a file by its digest."""
    with open_plain(file) as content:
        return {"weights": f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"}


def predicted_before(path: Path, digest: str, facts: dict[str, str]) -> bool:
    """Whether the file holds predictions for this ground truth, made by these weights. facts: see made_by.

    File times are not used: clocks differ, and copies have other times.
    """
    if not path.is_file():
        return False
    try:
        head = json.loads(read_plain(path))
        return head["dataset"]["digest"] == digest and facts.items() <= head["method"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def keep_maps(run: Run, path: Path) -> None:
    """Let the method predict maps. Raises WrongUse if it cannot, StorageError if `path` cannot be written."""
    if not isinstance(run.method, Localises):
        raise WrongUse(f"--maps: found {run.spec.name}, which has no anomaly maps; expected a method with anomaly maps")
    prove_file(path)
    run.method.keep_maps()


def made_ready(
    method: Method, dataset: Dataset, scenes: TestScenes, device: torch.device | str, precision: str
) -> Method:
    """The method, prepared for its first scene: it has read what it needs of the data set and, on a GPU, predicted one scene."""
    on_gpu = torch.device(device).type == "cuda"
    if isinstance(method, ReadsData):
        method.read_from(dataset)
    if on_gpu and isinstance(method, Records):
        method.record()
    if on_gpu and len(scenes):
        timed_answer(method, scenes[0], device, precision)
    return method


def add_maps(writer: MapWriter, dataset: Dataset, batch: SceneBatch, answer: SceneAnswer) -> None:
    """Add the maps of one scene. If pictures were resized to a size that does not divide theirs, maps are resized back."""
    name, cameras = batch.names[0], dataset.scene(batch.names[0]).cameras
    for view, suspicion in zip(batch.views[0], answer.maps, strict=True):
        writer.add(name, view, fitted(suspicion, (cameras[view].height, cameras[view].width)))


def fitted(suspicion: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w) unchanged if `size` is the same integer multiple along both sides, else resampled to it with nearest values."""
    height, width = suspicion.shape
    factor = size[0] // height
    if factor and (height * factor, width * factor) == tuple(size):
        return suspicion
    rows, columns = ((np.arange(new) + 0.5) * old // new for new, old in zip(size, (height, width), strict=True))
    return suspicion[rows.astype(int)[:, None], columns.astype(int)]


def timed_answer(
    method: Method, batch: SceneBatch, device: torch.device | str, precision: str = FULL
) -> tuple[SceneAnswer, float]:
    """The prediction for a batch of one scene, and the seconds it took, including those of stored results."""
    start = time.perf_counter()
    with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision != FULL):
        answer = method.predict(batch.to(device))[0]
    return answer, time.perf_counter() - start + answer.seconds_before


def header(run: Run, views: int, precision: str = FULL, facts: Mapping[str, Any] | None = None) -> MethodHeader:
    """The method's entry in the header of the prediction file. facts: in addition to those of the method."""
    facts = {**run.spec.describe(run.config), "precision": precision, **(facts or {})}
    name = f"{run.spec.name}-{run.config.name}"
    return MethodHeader(name, views, run.method.gt_boxes, run.method.gt_count, run.config.train.seed, facts)


@dataclass(frozen=True)
class Localisation:
    """How well objects are found. mean_iou: of each true object with its best box. count_accuracy: share of scenes with as many
    boxes as objects. found: share of objects with a box above IoU 0.5. All in [0, 1]."""

    mean_iou: float
    count_accuracy: float
    found: float

    def __str__(self) -> str:
        return f"mean IoU {self.mean_iou:.3f}, found {self.found:.1%}, count correct in {self.count_accuracy:.1%} of scenes"


def localise(
    method: Method, scenes: TestScenes, device: torch.device | str, track: Track = lambda x: x
) -> Localisation:
    """Compare boxes with the ground truth, ignoring labels."""
    best, counts = [], []
    for number in track(range(len(scenes))):
        batch = scenes[number]
        boxes = method.predict(batch.to(device))[0].boxes
        truth = (batch.obbs if boxes.shape[1] == 7 else batch.boxes)[0].numpy()  # as the scorer compares them
        best.append(iou_matrix(boxes, truth).max(axis=0, initial=0.0))
        counts.append(len(boxes) == len(truth))
    overlap = np.concatenate(best)
    return Localisation(float(overlap.mean()), float(np.mean(counts)), float((overlap > 0.5).mean()))


def mean_measures(
    method: Measures, scenes: TestScenes, device: torch.device | str, track: Track = lambda x: x
) -> dict[str, float]:
    """The mean of the method's measures over the scenes in which they are defined."""
    found = [method.measures(scenes[number].to(device)) for number in track(range(len(scenes)))]
    values = {name: np.array([one[name] for one in found]) for name in found[0]}
    return {name: float(value[~np.isnan(value)].mean()) if not np.isnan(value).all() else float("nan")
            for name, value in values.items()}  # fmt: skip
