"""`odd-bench data validate`: all checks of a data set's folder, in one pass over its shards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from odd_bench.data.check_files import PREVIEW, check_config, check_plan, check_previews
from odd_bench.data.check_labels import HINT
from odd_bench.data.check_shard import SceneEntry, ShardReport, check_shards
from odd_bench.data.damage import AGAIN, IMPORT_AGAIN, again, reading
from odd_bench.data.errors import DataError
from odd_bench.data.folder import (
    CONFIG,
    DESCRIPTION,
    GROUND_TRUTH,
    PLAN,
    SHARD_NAME,
    STRADDLING,
    private_texts,
    read_description,
    shard_paths,
    split_of,
)
from odd_bench.plain_file import read_plain_text
from odd_bench.scene import SPLITS
from odd_bench.scoring.ground_truth import read_ground_truth, scene_digest
from odd_bench.scoring.problems import Problem, ScoringError

UNSEEN_SPLIT = "test-unseen"
FOUND_AGAIN = ("description", "digests", "fields", "ground truth", "plan", "shards")  # kinds that a run detects itself


@dataclass(frozen=True)
class Validation:
    """The result of checking a data set.

    scenes, shards: number of each that was checked. problems: all problems found. Their kinds are description, plan, shards,
    fields, digests, labels, masks, pixel counts, poses, cameras, boxes, depth, pictures, splits, ground truth and previews.
    """

    scenes: int
    shards: int
    problems: tuple[Problem, ...]


def validate(
    folder: Path, deep: bool = False, track: Callable[[Iterable, int], Iterable] = lambda reports, count: reports,
    workers: int = 1,
) -> Validation:  # fmt: skip
    """Check a data set. Problems are reported, never raised.

    deep: whether to decode every picture, too. track: wraps the iterable of shard reports, given their number, to show progress.
    workers: number of processes.
    """
    folder = Path(folder)
    paths = shard_paths(folder)
    reports = list(track(check_shards(paths, deep, workers), len(paths)))
    entries = [(report.shard, scene) for report in reports for scene in report.scenes]
    unread = {report.shard for report in reports if not report.accessible}
    checks = (
        ("description", DESCRIPTION, lambda: _check_description(folder, entries, unread)),
        ("description", CONFIG, lambda: check_config(folder)),
        ("plan", PLAN, lambda: check_plan(folder, reports)),
        ("shards", "", lambda: (problem for report in reports for problem in report.problems)),
        ("shards", "", lambda: _check_names(reports)),
        ("splits", "", lambda: _check_splits(entries, _stated_straddling(folder))),
        ("ground truth", GROUND_TRUTH, lambda: _check_ground_truth(folder, entries, unread)),
        ("previews", PREVIEW, lambda: check_previews(folder)),
    )
    problems = [problem for kind, path, check in checks for problem in _guarded(kind, path, check)]
    return Validation(len(entries), len(reports), tuple(_with_hint(folder, problems)))


def _guarded(kind: str, path: str, check: Callable[[], Iterable[Problem]]) -> Iterator[Problem]:
    """Yield the problems that a check finds. An exception inside the check is one more problem."""
    try:
        with reading(path, "values of the types that the format has", HINT):
            yield from check()
    except DataError as error:
        yield Problem(kind, path, error.found, error.expected, error.hint)


def _with_hint(folder: Path, problems: list[Problem]) -> list[Problem]:
    """The problems with a hint for the command that made the data set: imported data cannot be generated again.

    That command itself detects files that are damaged, missing or not as planned. It does not detect undamaged files with wrong
    values; these must be removed first.
    """
    mend = again(folder)
    remove = {AGAIN: HINT, IMPORT_AGAIN: HINT.replace("generate", "`odd-bench data import`")}.get(mend, mend)
    hints = {problem.kind: mend if problem.kind in FOUND_AGAIN else remove for problem in problems}
    return [replace(one, hint=hints[one.kind]) if one.hint == HINT else one for one in problems]


def _check_description(folder: Path, entries: list[tuple[str, SceneEntry]], unread: set[str]) -> Iterator[Problem]:
    """Check dataset.json. unread: shards that are in use or may not be read, whose scenes are unknown."""
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
    if stated != counted and not unread:
        yield Problem("description", f"{DESCRIPTION}: counts.scenes", str(stated), f"{counted} as in the shards", HINT)


def _check_names(reports: list[ShardReport]) -> Iterator[Problem]:
    """Check that shard files have valid names, and that no scene lies in two of them."""
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
    """The shapes that dataset.json declares to be in two splits. The splits of the published data sets have some."""
    try:
        return read_description(folder).quality.get(STRADDLING, ())
    except DataError:
        return ()


def _check_splits(entries: list[tuple[str, SceneEntry]], straddling: Collection[str] = ()) -> Iterator[Problem]:
    """Check that no undeclared shape is in two splits, and that no category of test-unseen is in another split."""
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


def _check_ground_truth(folder: Path, entries: list[tuple[str, SceneEntry]], unread: set[str]) -> Iterator[Problem]:
    """Check that the ground-truth file agrees with the shards, and that dataset.json contains its digest.

    unread: shards that are in use or may not be read; they may contain further scenes of their splits.
    """
    try:
        truth = read_ground_truth(folder / GROUND_TRUTH)
    except ScoringError as error:
        for problem in error.problems:
            yield Problem("ground truth", GROUND_TRUTH, problem.found, problem.expected, problem.hint)
        return
    for shard, scene in entries:
        if scene.name not in truth.scenes:
            yield Problem("ground truth", f"{shard}: {scene.name}", f"no entry in {GROUND_TRUTH}", "every scene", HINT)
        elif scene_digest(truth.scenes[scene.name]) != scene.truth_digest:
            found = f"objects that differ from {GROUND_TRUTH}"
            yield Problem("ground truth", f"{shard}: {scene.name}/objects", found, "the same objects", HINT)
    unknown = {split_of(Path(shard)) for shard in unread}
    for name in sorted(set(truth.scenes) - {scene.name for _, scene in entries}):
        if truth.scenes[name].split in unknown or None in unknown:
            continue
        yield Problem(
            "ground truth", f"{GROUND_TRUTH}: {name}", "a scene that no shard has", "scenes of the shards", HINT
        )
    if (folder / DESCRIPTION).exists() and truth.digest not in read_plain_text(folder / DESCRIPTION):
        yield Problem("ground truth", f"{DESCRIPTION}: digest", "another digest", truth.digest, HINT)
