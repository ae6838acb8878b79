"""Opens the collection at a path: a data set, predictions, a run or detection with predictions, or a capture.

The readers of captures are imported only for captures, since they take as long to load as everything else.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from odd_bench.counted import counted
from odd_bench.data.folder import DESCRIPTION, GROUND_TRUTH, SHARDS, shard_paths
from odd_bench.data.reader import open_dataset
from odd_bench.errors import WrongUse
from odd_bench.plain_file import open_plain
from odd_bench.scoring.check import Checked, Options, check_file
from odd_bench.scoring.ground_truth import TruthScene, read_ground_truth
from odd_bench.scoring.judged import judge
from odd_bench.scoring.locate import header, maps_given
from odd_bench.scoring.predictions import FORMAT, Predictions
from odd_bench.scoring.problems import ScoringError, errors_in, warning_lines
from odd_bench.scoring.protocol import protocols_for
from odd_bench.scoring.score import submission
from odd_bench.training.learnt_from import remembered_data
from odd_bench.view.browser.answers import Judgement, PredictionsAlone, TruthAlone
from odd_bench.view.browser.collection import Collection
from odd_bench.view.browser.placement_file import SCENE
from odd_bench.view.browser.scene_views import DatasetViews

ENDINGS = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
CHECKPOINT = "checkpoint.pt"
HEAD_BYTES = 4000
KINDS = "a folder of a data set, a run, a detection or a capture, or a prediction file"
HINT = "`odd-bench generate` makes a data set, `odd-bench predict` a prediction file"
SPLITS = ("test-unseen", "test", "test-seen", "val", "train")  # whose predictions are shown first


@dataclass(frozen=True)
class Wanted:
    """Options in addition to the path. data: the data set of predictions, or the capture of a detection. split: None for all
    scenes, or for the first predictions. images: folder of the photographs, if the capture does not name it.
    """

    data: Path | None = None
    split: str | None = None
    images: Path | None = None


def open_collection(path: Path, wanted: Wanted = Wanted()) -> Collection:
    """The collection at the path. Raises WrongUse if the path is of no known kind, DataError and ScoringError if it is damaged."""
    if path.is_file():
        return open_file(path, wanted)
    if not path.is_dir():
        raise _unknown(path, "no such file or folder")
    if (path / DESCRIPTION).is_file() or (path / SHARDS).is_dir():
        return open_data(path, wanted)
    files = prediction_files(path)
    if files and (path / SCENE).is_file():
        from odd_bench.view.browser.photographs import open_detection

        return open_detection(path, next(iter(files)), wanted.data, wanted.images)
    if files:
        return open_predictions(_chosen(path, files, wanted.split), wanted)
    if (path / CHECKPOINT).is_file():
        raise WrongUse(
            f"{path}: found a run without predictions; expected a run with a prediction file. Hint: odd-bench predict {path}"
        )
    from odd_bench.view.browser.photographs import looks_like_capture, open_photographs

    if not looks_like_capture(path):
        raise _unknown(path, "a folder of another kind" if any(path.iterdir()) else "an empty folder")
    return open_photographs(path, wanted.images)


def open_file(path: Path, wanted: Wanted) -> Collection:
    """A prediction file, or the cameras of a capture."""
    if FORMAT not in _head(path):
        from odd_bench.view.browser.photographs import TRANSFORMS, open_photographs

        if path.name == TRANSFORMS:
            return open_photographs(path, wanted.images)
    if not path.name.endswith(ENDINGS):
        raise _unknown(path, "a file of another kind")
    return open_predictions(path, wanted)


def open_data(folder: Path, wanted: Wanted) -> Collection:
    """The scenes of a data set with their true boxes."""
    dataset = open_dataset(folder)
    names = tuple(dataset.scene_names(wanted.split))
    words = truth_words(folder)
    title = f"{dataset.name}: {counted(len(names), 'scene')}" + (f" of {wanted.split}" if wanted.split else "")
    return Collection(title, names, TruthAlone(dataset), DatasetViews(dataset), words)


def open_predictions(path: Path, wanted: Wanted) -> Collection:
    """Predictions, matched with their truth by the scorer if the truth is known.

    Raises ScoringError if the file cannot be read, does not fit its truth, or the given data set has no truth for it.
    """
    checked = check_file(path, Options(wanted.data or learnt_from(path), accept_missing=True))
    problems = errors_in(checked.problems)
    truth_absent = checked.predictions is not None and checked.truth is None
    if truth_absent and wanted.data is None and all(problem.kind == "ground truth" for problem in problems):
        return alone(path, checked.predictions, problems[0].found)
    if problems:
        raise ScoringError(checked.problems)
    return judged(path, checked)


def learnt_from(path: Path) -> Path | None:
    """The data set of a prediction file in the folder of a run, if the run learnt from this data set."""
    head = _head(path)
    return next((one for one in remembered_data(path) if f'"{header(one / GROUND_TRUTH)[0]}"' in head), None)


def alone(path: Path, predictions: Predictions, why: str) -> Collection:
    """Predictions without their truth."""
    note = f"The ground truth is missing: {why}. Boxes are coloured by score only. Give the data set with --data."
    title = f"{predictions.method.name} on {predictions.dataset.name}, {predictions.dataset.split} ({path.name})"
    return Collection(title, predictions.scene_names, PredictionsAlone(predictions), None, notes=(note,))


def judged(path: Path, checked: Checked) -> Collection:
    """Predictions with their truth, and with pictures if the data set is in the folder of the truth."""
    predictions, table = checked.predictions, checked.table
    protocol = protocols_for(predictions.method.gt_boxes)[0]
    answers = Judgement(judge(protocol, table, submission(predictions, table)), predictions.threshold)
    views, notes = None, warning_lines(checked.problems)
    maps, folder = maps_given(path), checked.truth_path.parent
    if shard_paths(folder):
        dataset = open_dataset(folder)
        absent = set(table.scene_names) - set(dataset.scene_names())
        views = None if absent else DatasetViews(dataset, maps)
        notes += [f"Pictures are not shown: {len(absent):,} of the scenes are missing in {folder}."] if absent else []
    else:
        notes += [f"Pictures are not shown: {folder} has no {SHARDS}/."]
    split = predictions.dataset.split
    title = f"{predictions.method.name} on {checked.truth.name}, {split} ({path.name}), protocol {protocol.name}"
    words = {scene.name: words_of(scene) for scene in checked.truth.split(split)}
    has_maps = views is not None and maps is not None
    return Collection(title, table.scene_names, answers, views, words, tuple(notes), has_maps)


def truth_words(folder: Path) -> Mapping[str, str]:
    """Search words of every scene in the ground truth of a data set; none if the file does not exist."""
    if not (folder / GROUND_TRUTH).is_file():
        return {}
    return {name: words_of(scene) for name, scene in read_ground_truth(folder / GROUND_TRUTH).scenes.items()}


def words_of(scene: TruthScene) -> str:
    """Split, category and anomaly types of a scene."""
    types = sorted({one.type for one in scene.objects if one.type})
    return " ".join([scene.split, scene.category, *types, *(["odd"] if types else ["normal"])])


def prediction_files(folder: Path) -> dict[Path, str]:
    """The prediction files of a folder and the split of each, read from their first kilobytes."""
    found = {}
    for path in sorted(one for one in folder.iterdir() if one.is_file() and one.name.endswith(ENDINGS)):
        text = _head(path)
        if f'"{FORMAT}"' in text:
            split = re.search(r'"split":\s*"([^"\\]*)"', text)
            found[path] = split[1] if split else ""
    return found


def _chosen(folder: Path, files: Mapping[Path, str], split: str | None) -> Path:
    """The file of the wanted split, or of the first split of SPLITS; among several, the one with the shortest name."""
    if split is not None and split not in files.values():
        raise WrongUse(
            f"{folder}: found predictions for {', '.join(sorted(set(files.values())))}; expected predictions for {split}. "
            f"Hint: odd-bench predict {folder} --split {split}"
        )
    rank = {name: number for number, name in enumerate(SPLITS)}
    of_split = [path for path, name in files.items() if split in (None, name)]
    return min(of_split, key=lambda path: (rank.get(files[path], len(rank)), len(path.name), path.name))


def _head(path: Path) -> str:
    """The first kilobytes of a plain or gzipped file; empty if it cannot be read."""
    try:
        with open_plain(path) as plain, gzip.open(plain) if path.suffix == ".gz" else plain as file:
            return file.read(HEAD_BYTES).decode(errors="replace")
    except (OSError, EOFError, zlib.error):
        return ""


def _unknown(path: Path, found: str) -> WrongUse:
    return WrongUse(f"{path}: found {found}; expected {KINDS}. Hint: {HINT}")
