"""Everything that must hold in a data set's folder, checked in one pass over its shards."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from odd_bench.data.check_labels import HINT
from odd_bench.data.check_shard import SceneEntry, ShardReport, check_shard
from odd_bench.data.errors import DataError
from odd_bench.data.folder import (  # fmt: skip
    DESCRIPTION,
    GROUND_TRUTH,
    PLAN,
    QUARANTINE,
    SHARD_NAME,
    STRADDLING,
    private_texts,
    read_description,
    shard_path,
    shard_paths,
)
from odd_bench.scene import SPLITS
from odd_bench.scoring.ground_truth import read_ground_truth, scene_digest
from odd_bench.scoring.problems import Problem, ScoringError

UNSEEN_SPLIT = "test-unseen"


@dataclass(frozen=True)
class Validation:
    """What was looked at and every problem found, of kinds: description, plan, shards, fields, digests, labels, masks,
    pixel counts, poses, cameras, boxes, depth, pictures, splits, ground truth."""

    scenes: int
    shards: int
    problems: tuple[Problem, ...]


def validate(folder: Path, deep: bool = False, track: Callable[[list], Iterable] = iter) -> Validation:
    """Check a data set; never raises for what is wrong with it.

    deep: decode every picture too. track: wraps the list of shards, to show progress.
    """
    folder = Path(folder)
    reports = [check_shard(path, deep) for path in track(shard_paths(folder))]
    entries = [(report.shard, scene) for report in reports for scene in report.scenes]
    problems = [
        *_check_description(folder, entries),
        *_check_plan(folder, reports),
        *(problem for report in reports for problem in report.problems),
        *_check_names(reports),
        *_check_splits(entries, _stated_straddling(folder)),
        *_check_ground_truth(folder, entries),
    ]
    return Validation(len(entries), len(reports), tuple(problems))


def _check_description(folder: Path, entries: list[tuple[str, SceneEntry]]) -> Iterator[Problem]:
    try:
        description = read_description(folder)
    except DataError as error:
        yield Problem("description", DESCRIPTION, error.found, error.expected, error.hint)
        return
    for key, text in private_texts(vars(description)):
        yield Problem(
            "description", f"{DESCRIPTION}: {key}", text, "nothing about a user, a host or a path", "Remove it"
        )
    counted = dict(Counter(scene.split for _, scene in entries))
    stated = {split: count for split, count in description.counts.get("scenes", {}).items() if count}
    if stated != counted:
        yield Problem("description", f"{DESCRIPTION}: counts.scenes", str(stated), f"{counted} as in the shards", HINT)


def _check_plan(folder: Path, reports: list[ShardReport]) -> Iterator[Problem]:
    """Every planned scene lies in its shard, made from its line, or is in quarantine; nothing unplanned is there."""
    if not (folder / PLAN).exists():
        return
    lines, bad = _json_lines(folder / PLAN)
    yield from bad
    given_up, bad = _json_lines(folder / QUARANTINE) if (folder / QUARANTINE).exists() else ({}, [])
    yield from bad
    found = {scene.name: (report.shard, scene) for report in reports for scene in report.scenes}
    broken = {report.shard for report in reports if not report.readable}
    damaged = {problem.path.partition(": ")[2].partition("/")[0] for report in reports for problem in report.problems}
    for name, (line, planned) in lines.items():
        shard = shard_path(folder, planned["split"], planned["index"]).name
        if name not in found and name not in given_up and name not in damaged and shard not in broken:
            yield Problem("plan", f"{shard}: {name}", "no such scene", "every planned scene, or its quarantine", HINT)
        elif name in found:
            yield from _check_planned(*found[name], shard, line, planned)
    for name in sorted(set(found) - set(lines)):
        yield Problem("plan", f"{found[name][0]}: {name}", "a scene without a plan line", "planned scenes only", HINT)


def _check_planned(lies_in: str, scene: SceneEntry, shard: str, line: str, planned: dict) -> Iterator[Problem]:
    if lies_in != shard:
        yield Problem("plan", f"{lies_in}: {scene.name}", f"it in {lies_in}", shard, HINT)
    if scene.plan_sha256 != hashlib.sha256(line.encode()).hexdigest():
        yield Problem(
            "plan", f"{lies_in}: {scene.name}/plan_sha256", scene.plan_sha256[:12], "that of its plan line", HINT
        )
    for key in ("split", "category", "shape"):
        if getattr(scene, key) != planned[key]:
            yield Problem(
                "plan", f"{lies_in}: {scene.name}/{key}", getattr(scene, key), f"{planned[key]} as planned", HINT
            )


def _json_lines(path: Path) -> tuple[dict[str, tuple[str, dict]], list[Problem]]:
    """Line and its value by scene name, and the lines that could not be read."""
    lines, problems = {}, []
    for number, line in enumerate(path.read_text().splitlines()):
        try:
            value = json.loads(line)
            lines[value["scene"]] = line, value
        except (ValueError, KeyError, TypeError) as error:
            problems.append(
                Problem("plan", f"{path.name}:{number + 1}", str(error), "one JSON object with a scene", HINT)
            )
    return lines, problems


def _check_names(reports: list[ShardReport]) -> Iterator[Problem]:
    """Shard files have shard names, and no scene lies in two of them."""
    shards_of = defaultdict(list)
    for report in reports:
        if report.readable and not SHARD_NAME.fullmatch(report.shard):
            yield Problem("shards", report.shard, "a foreign file name", "<split>-00000.h5", "Move it out of shards/")
        for scene in report.scenes:
            shards_of[scene.name].append(report.shard)
    for name, shards in shards_of.items():
        if len(shards) > 1:
            yield Problem("shards", f"{shards[1]}: {name}", f"it in {', '.join(shards)}", "every scene once", HINT)


def _stated_straddling(folder: Path) -> Collection[str]:
    """Shapes on two sides that dataset.json owns up to: the released splits of the published data sets have some."""
    try:
        return read_description(folder).quality.get(STRADDLING, ())
    except DataError:
        return ()


def _check_splits(entries: list[tuple[str, SceneEntry]], straddling: Collection[str] = ()) -> Iterator[Problem]:
    """No shape stands on two sides unless it is stated, and no category of test-unseen anywhere else."""
    known = {split for splits in SPLITS.values() for split in splits}
    first: dict[str, tuple[str, SceneEntry]] = {}
    unseen = {scene.category for _, scene in entries if scene.split == UNSEEN_SPLIT}
    for shard, scene in entries:
        if scene.split not in known:
            yield Problem("splits", f"{shard}: {scene.name}/split", scene.split, f"one of {sorted(known)}", HINT)
        other_shard, other = first.setdefault(scene.shape, (shard, scene))
        if other.split != scene.split and scene.shape not in straddling:
            found = f"{scene.shape} in {scene.split} and in {other.split} ({other_shard}: {other.name})"
            yield Problem("splits", f"{shard}: {scene.name}/shape", found, "a shape in one split only", HINT)
        if scene.split != UNSEEN_SPLIT and scene.category in unseen:
            found = f"{scene.category} in {scene.split} and in {UNSEEN_SPLIT}"
            yield Problem(
                "splits", f"{shard}: {scene.name}/category", found, "categories of test-unseen only there", HINT
            )


def _check_ground_truth(folder: Path, entries: list[tuple[str, SceneEntry]]) -> Iterator[Problem]:
    """The ground-truth file says what the shards say, and dataset.json carries its digest."""
    try:
        truth = read_ground_truth(folder / GROUND_TRUTH)
    except ScoringError as error:
        for problem in error.problems:
            yield Problem("ground truth", GROUND_TRUTH, problem.found, problem.expected, problem.hint)
        return
    for shard, scene in entries:
        if scene.name not in truth.scenes:
            yield Problem(
                "ground truth", f"{shard}: {scene.name}", f"it missing in {GROUND_TRUTH}", "every scene", HINT
            )
        elif scene_digest(truth.scenes[scene.name]) != scene.truth_digest:
            found = f"objects that differ from {GROUND_TRUTH}"
            yield Problem("ground truth", f"{shard}: {scene.name}/objects", found, "the same objects", HINT)
    for name in sorted(set(truth.scenes) - {scene.name for _, scene in entries}):
        yield Problem(
            "ground truth", f"{GROUND_TRUTH}: {name}", "a scene that no shard has", "scenes of the shards", HINT
        )
    if (folder / DESCRIPTION).exists() and truth.digest not in (folder / DESCRIPTION).read_text():
        yield Problem("ground truth", f"{DESCRIPTION}: digest", "another digest", truth.digest, HINT)
