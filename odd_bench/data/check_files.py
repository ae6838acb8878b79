"""Checks of the files beside a data set's shards: plan, quarantine, configuration and previews."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from odd_bench.data.check_labels import HINT
from odd_bench.data.check_shard import SceneEntry, ShardReport
from odd_bench.data.damage import check_plain, read_json, reading
from odd_bench.data.digest import plan_digest
from odd_bench.data.errors import DataError
from odd_bench.data.folder import CONFIG, PLAN, QUARANTINE, read_description, shard_path
from odd_bench.names import is_left_by_tools, name_problem
from odd_bench.plain_file import open_plain
from odd_bench.plan_line import PlannedScene, read_plan_line
from odd_bench.scoring.problems import Problem

PREVIEW = "preview"
MOST_LINE_BYTES = 1 << 20  # in one line of a plan; the longest have about 10 kB
MOST_PROBLEMS = 1000  # reported for one file
PLANNED = ("split", "category", "shape")
PATHS = ("assets", "floors", "environments", "render.device", "render.threads")  # may differ from machine to machine
SAME_RUN = "Restore the file from a copy, or run the same command as before in the folder"
MAKE_THE_REST = "Run the same generate command again, or the slices that are missing; scenes that exist are kept"
DRAW_AGAIN = "Remove the picture and run `odd-bench data preview` again"


def check_plan(folder: Path, reports: Sequence[ShardReport]) -> Iterator[Problem]:
    """Check that every planned scene is in quarantine, or in its shard and made from its line, and that no other scene exists."""
    if not (folder / PLAN).exists():
        yield Problem("plan", PLAN, "no such file", "the plan that the scenes were made from", SAME_RUN)
        return
    lines, bad = _scenes(folder / PLAN, PlannedScene)
    yield from bad
    given_up, bad = _scenes(folder / QUARANTINE, _LostScene) if (folder / QUARANTINE).exists() else ({}, [])
    yield from bad
    found = {scene.name: (report.shard, scene) for report in reports for scene in report.scenes}
    broken = {report.shard for report in reports if not report.readable}
    shards, absent = {report.shard for report in reports}, Counter()
    damaged = {problem.path.partition(": ")[2].partition("/")[0] for report in reports for problem in report.problems}
    for name, (plan_sha256, planned) in lines.items():
        shard = shard_path(folder, planned.split, planned.index).name
        lost = name not in found and name not in given_up
        if lost and shard not in shards:
            absent[shard] += 1
        elif lost and name not in damaged and shard not in broken:
            expected = "the planned scene, or an entry in quarantine"
            yield Problem("plan", f"{shard}: {name}", "no such scene", expected, HINT)
        elif name in found:
            yield from _check_planned(*found[name], shard, plan_sha256, planned)
    for shard, scenes in absent.items():
        yield Problem("plan", shard, "no such file", f"the shard of {scenes:,} planned scenes", MAKE_THE_REST)
    for name in sorted(set(found) - set(lines)):
        yield Problem("plan", f"{found[name][0]}: {name}", "a scene without a plan line", "planned scenes only", HINT)


def check_config(folder: Path) -> Iterator[Problem]:
    """Check that the stored configuration of the run, if there is one, equals that in the description."""
    if not (folder / CONFIG).exists():
        return
    expected = "the configuration of the run"
    try:
        stored = read_json(folder / CONFIG, expected, SAME_RUN)
        described = read_description(folder).config
    except DataError as error:
        if CONFIG in error.where:
            yield Problem("description", CONFIG, error.found, error.expected, error.hint)
        return
    if not isinstance(stored, dict):
        yield Problem("description", CONFIG, type(stored).__name__, expected, SAME_RUN)
        return
    there, stated = dict(_flat(stored)), dict(_flat(described))
    for key in sorted(set(there) & set(stated)):
        if there[key] != stated[key] and key not in PATHS:
            yield Problem(
                "description", f"{CONFIG}: {key}", repr(there[key])[:60], f"{stated[key]!r} as described", SAME_RUN
            )


def check_previews(folder: Path) -> Iterator[Problem]:
    """Check that every picture in preview/ can be decoded."""
    for path in sorted((folder / PREVIEW).glob("*.png")):
        if is_left_by_tools(path.name):
            continue
        try:
            check_plain(path, "a picture")
            with reading(path, "a picture that decodes", DRAW_AGAIN), Image.open(path, formats=("PNG",)) as picture:
                picture.verify()
        except DataError as error:
            yield Problem("previews", f"{PREVIEW}/{path.name}", error.found, error.expected, error.hint)


def _check_planned(
    lies_in: str, scene: SceneEntry, shard: str, plan_sha256: str, planned: PlannedScene
) -> Iterator[Problem]:
    if lies_in != shard:
        yield Problem("plan", f"{lies_in}: {scene.name}", f"it in {lies_in}", shard, HINT)
    if scene.plan_sha256 != plan_sha256:
        yield Problem(
            "plan", f"{lies_in}: {scene.name}/plan_sha256", scene.plan_sha256[:12], "that of its plan line", HINT
        )
    for key in PLANNED:
        found, expected = getattr(scene, key), getattr(planned, key)
        if found != expected:
            yield Problem("plan", f"{lies_in}: {scene.name}/{key}", found, f"{expected} as planned", HINT)


@dataclass(frozen=True)
class _LostScene:
    """The keys that every entry of the quarantine must have."""

    scene: str


def _scenes(path: Path, kind: type) -> tuple[dict[str, tuple[str, Any]], list[Problem]]:
    """Read a file of JSON lines, one per scene.

    kind: the dataclass of a line's values. Returns the digest and values of each line by scene name, and the problems of lines
    that could not be read. The function stops after MOST_PROBLEMS of them.
    """
    lines, problems = {}, []
    check_plain(path, "a file of JSON lines")
    with open_plain(path) as file:
        for number, raw in enumerate(iter(lambda: file.readline(MOST_LINE_BYTES), b""), 1):
            try:
                with reading(f"{path.name}:{number}", "one JSON object with a scene", SAME_RUN):
                    line = raw.rstrip(b"\r\n").decode()
                    values = read_plan_line(line, kind)
                    _check_names(values)
                    lines[values.scene] = plan_digest(line), values
            except DataError as error:
                problems.append(Problem("plan", error.where, error.found, error.expected, error.hint))
                if len(problems) == MOST_PROBLEMS:
                    break
    return lines, problems


def _check_names(values: object) -> None:
    """Raise ValueError unless every string of a line is a valid file name."""
    for key, value in vars(values).items():
        if isinstance(value, str) and (problem := name_problem(value)):
            raise ValueError(f"{key}: {problem}")


def _flat(values: Mapping, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
