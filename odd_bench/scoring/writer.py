"""Writing prediction files from any training loop."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.atomic import write_atomically
from odd_bench.plain_file import read_plain
from odd_bench.scoring.ground_truth import GroundTruth, scene_digest
from odd_bench.scoring.predictions import FORMAT, LABELS, VERSION, DatasetRef, Method


class PredictionWriter:
    """Collects scenes and writes them when it is closed. A `.jsonl` file grows scene by scene and can be continued later.

    A file whose name ends in `.gz` is gzipped; one whose name ends in `.jsonl.gz` consists of gzipped lines.

        with PredictionWriter("predictions.json", dataset, Method("my-net"), threshold=0.5) as out:
            out.add("toys-banana-0003-0017", boxes=boxes, scores=scores)

    truth: if given, each scene gets the digest of its ground truth, so that a later mismatch can name the scenes. threshold:
    boxes with a score above it count as anomalous, unless they have a label. done: names of the scenes added so far, including
    those of a continued file. Raises ValueError if the `.jsonl` file to be continued has another header.
    """

    def __init__(
        self,
        path: str | Path,
        dataset: DatasetRef,
        method: Method,
        threshold: float | None = 0.5,
        truth: GroundTruth | None = None,
    ):
        self.path, self.truth = Path(path), truth
        self.header = file_header(dataset, method, threshold)
        self.scenes: dict[str, dict[str, Any]] = {}
        self.done: set[str] = set()
        self.appends = self.path.suffix == ".jsonl"
        if self.appends:
            self.start_lines()

    def add(
        self,
        scene: str,
        boxes: np.ndarray | None,
        scores: np.ndarray,
        yaws: np.ndarray | None = None,
        labels: Sequence[int] | None = None,
        types: Sequence[str | None] | None = None,
        objects: Sequence[int] | None = None,
        views: Sequence[int] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Add the n >= 0 predicted objects of one scene. Raises ValueError if it was added before, or if an array is wrong.

        boxes: (n, 6), centre and size, metres, world, or (n, 7) with the yaw in radians; None if the method is given the boxes.
        scores: (n,), higher = more anomalous. yaws: (n,), radians. labels: (n,), 1 = anomalous; without them the threshold
        decides. types: (n,), kinds of anomaly, which are not scored. objects: (n,), ids, if the method is given the boxes.
        views: indices of the views that the method saw. seconds: time that the method took.
        """
        if scene in self.done:
            raise ValueError(f"scene {scene!r} was added before")
        try:
            entry = scene_entry(boxes, scores, yaws, labels, types, objects)
        except ValueError as error:
            raise ValueError(f"scene {scene!r}: {error}") from error
        if views is not None:
            entry["views"] = [int(view) for view in views]
        if seconds is not None:
            entry["seconds"] = float(seconds)
        if self.truth is not None:
            entry["truth"] = scene_digest(self.truth.scenes[scene])
        self.done.add(scene)
        if self.appends:
            self.append({"scene": scene, **entry})
        else:
            self.scenes[scene] = entry

    def close(self) -> None:
        """Write the complete file, or none. A .jsonl file is already written."""
        if self.appends:
            return
        if self.path.name.endswith(".jsonl.gz"):
            lines = [self.header, *({"scene": name, **entry} for name, entry in self.scenes.items())]
            text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines).encode()
        else:
            text = json.dumps({**self.header, "scenes": self.scenes}, allow_nan=False).encode()
        write_atomically(self.path, gzip.compress(text, mtime=0) if self.path.suffix == ".gz" else text)

    def __enter__(self) -> PredictionWriter:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.close()

    def start_lines(self) -> None:
        """Write the header, or prepare a file with the same header to be continued after its last complete line."""
        text = read_plain(self.path).decode() if self.path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if not whole:
            self.path.write_text(json.dumps(self.header, allow_nan=False) + "\n")
            return
        header, *scenes = whole.splitlines()
        if json.loads(header) != self.header:
            raise ValueError(f"{self.path} belongs to another run: its header is {header[:200]}")
        self.done = {json.loads(line)["scene"] for line in scenes}
        if whole != text:
            os.truncate(self.path, len(whole.encode()))  # complete lines stay on disk at every moment

    def append(self, line: dict[str, Any]) -> None:
        """Append one line to the file."""
        with self.path.open("a") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")


def file_header(dataset: DatasetRef, method: Method, threshold: float | None) -> dict[str, Any]:
    """The part of a prediction file that precedes its scenes."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "dataset": {key: getattr(dataset, key) for key in ("name", "version", "split", "digest")},
        "method": method.as_json(),
        "threshold": None if threshold is None else float(threshold),
    }


def scene_entry(
    boxes: np.ndarray | None,
    scores: np.ndarray,
    yaws: np.ndarray | None,
    labels: Sequence[int] | None,
    types: Sequence[str | None] | None,
    objects: Sequence[int] | None,
) -> dict[str, Any]:
    """The entry of one scene. Raises ValueError if lengths or shapes differ, or if a number is not finite."""
    scores = np.asarray(scores, float).reshape(-1)
    count = len(scores)
    columns: dict[str, list[Any]] = {"score": scores.tolist()}
    if boxes is not None:
        boxes = np.asarray(boxes, float) if count else np.zeros((0, 6))
        if boxes.shape not in ((count, 6), (count, 7)):
            raise ValueError(f"boxes must be ({count}, 6) or ({count}, 7), as many as scores, got {boxes.shape}")
        if boxes.shape[1] == 7:
            boxes, yaws = boxes[:, :6], boxes[:, 6]
        columns["box"] = boxes.tolist()
    if yaws is not None:
        columns["yaw"] = np.asarray(yaws, float).reshape(-1).tolist()
    if labels is not None:
        columns["label"] = [LABELS[int(label)] for label in labels]
    if types is not None:
        columns["type"] = list(types)
    if objects is not None:
        columns["object"] = [int(number) for number in objects]
    wrong = {key: len(values) for key, values in columns.items() if len(values) != count}
    if wrong:
        raise ValueError(f"scores has {count} entries, but {wrong}")
    for key in columns.keys() & {"score", "box", "yaw"}:
        if not np.isfinite(columns[key]).all():
            raise ValueError(f"{key} must be finite, got {columns[key]}")
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return {"objects": [{key: value for key, value in row.items() if value is not None} for row in rows]}
