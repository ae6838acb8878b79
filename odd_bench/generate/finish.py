"""The end of a run: when all shards are complete, write the ground truth and the description, and empty the work folder."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from odd_bench.counted import counted
from odd_bench.data.counts import SceneCounts
from odd_bench.data.damage import Inaccessible
from odd_bench.data.digest import plan_digest
from odd_bench.data.errors import DataError
from odd_bench.data.folder import GROUND_TRUTH, Description, write_description
from odd_bench.data.quarantine import given_up, tidy_quarantine
from odd_bench.data.run_folder import RunFolder
from odd_bench.data.shard_work import ShardWork
from odd_bench.data.shards import opened, stored_scenes
from odd_bench.errors import OddBenchError
from odd_bench.generate.config import GenerateConfig, to_mapping
from odd_bench.generate.installation import libraries_of
from odd_bench.json_lines import read_lines
from odd_bench.scene import Scene
from odd_bench.scoring.ground_truth import TruthScene, truth_scene, write_ground_truth

LICENCES = {
    "scenes": "CC0-1.0",
    "procedural shapes and floors": "CC0-1.0",
    "bundled environments": "CC0-1.0 (Blender's studio lights)",
}


class Unfinished(OddBenchError):
    """Some shards are missing or lack planned scenes.

    shards: the names of these shards, in order. unmade: number of scenes still to be made, 0 if unknown. planned: number of all
    planned scenes.
    """

    def __init__(self, root: Path, shards: list[str], unmade: int = 0, planned: int = 0):
        some = ", ".join(shards[:5]) + (f" and {len(shards) - 5} more" if len(shards) > 5 else "")
        scenes = f", {unmade:,} of {planned:,} scenes not made" if unmade else ""
        number = counted(len(shards), "shard")
        super().__init__(
            f"{root}: found {number} missing or without planned scenes ({some}){scenes}; expected all planned scenes. "
            "Hint: make them with the same command and --slice as before, or without --finish; then finish."
        )
        self.shards = shards


def finish(
    config: GenerateConfig,
    folder: RunFolder,
    shards: list[ShardWork],
    on_shard: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Compare every shard with the plan, write the ground truth and the description, and remove files of the run.

    on_shard: called with the numbers of shards read and of all shards. Raises Unfinished, before anything is written, if a shard is
    missing, or if a planned scene is neither in its shard nor in quarantine.
    """
    lost = given_up(folder.quarantine)
    wanted = {shard.path: shard for shard in shards if set(shard.lines) - set(lost)}
    missing = [path.name for path in sorted(wanted) if not path.exists()]
    if missing:
        raise Unfinished(folder.root, missing)
    counts, unfinished = SceneCounts(), []

    def truth() -> Iterator[TruthScene]:
        for done, path in enumerate(sorted(wanted), 1):
            scenes, made = _planned_scenes(wanted[path], lost)
            if not made:
                unfinished.append(path.name)
            for scene in scenes:
                yield truth_scene(counts.noted(scene))
            on_shard(done, len(wanted))
        if unfinished:
            raise Unfinished(folder.root, unfinished)

    stated = write_ground_truth(folder.root / GROUND_TRUTH, config.name, config.version, truth())
    tidy_quarantine(folder.quarantine, (name for shard in shards for name in shard.lines))
    reports = last_reports(folder)
    write_description(folder.root, _description(config, stated, counts, reports, lost, libraries_of(folder)))
    folder.tidy()


def _planned_scenes(shard: ShardWork, lost: Collection[str]) -> tuple[list[Scene], bool]:
    """The cameras and objects of a shard's scenes, and whether the scenes are those planned."""
    wanted = {name: plan_digest(line) for name, line in shard.lines.items() if name not in lost}
    try:
        with opened(shard.path) as file:
            stored = list(stored_scenes(file))
            found = {one.name: one.text("plan_sha256") for one in stored}
            return [one.scene for one in stored], found == wanted
    except Inaccessible:
        raise
    except DataError:
        return [], False


def last_reports(folder: RunFolder) -> dict[str, dict]:
    """The last report of the workers on each scene, by name, from all calls and slices."""
    reports = (report for path in folder.all_reports() for report in read_lines(path))
    return {report["scene"]: report for report in reports if _is_report(report)}


def _is_report(report: dict) -> bool:
    """Whether a line has the structure of a report: strings and finite numbers in the right places."""
    counted = report.get("refusals", {}), report.get("seconds", {}), {"attempts": report.get("attempts", 1)}
    return isinstance(report.get("scene"), str) and all(
        isinstance(one, dict) and all(type(value) in (int, float) and math.isfinite(value) for value in one.values())
        for one in counted
    )


def _description(
    config: GenerateConfig, digest: str, counts: SceneCounts, reports: dict[str, dict], lost: dict[str, str],
    made_with: dict[str, str],
) -> Description:  # fmt: skip
    refusals, seconds = Counter(), Counter()
    for report in reports.values():
        refusals.update(report.get("refusals", {}))
        seconds.update(report.get("seconds", {}))
    return Description(
        name=config.name,
        version=config.version,
        digest=digest,
        config=_without_paths(to_mapping(config)),
        libraries=made_with,
        licences=LICENCES,
        counts=counts.as_dict(),
        quality={
            "quarantined": dict(sorted(Counter(lost.values()).items())),
            "second attempts": sum(report.get("attempts", 1) > 1 for report in reports.values()),
            "refusals": dict(sorted(refusals.items())),
        },
        seconds={stage: round(value, 1) for stage, value in sorted(seconds.items())},
    )


def _without_paths(mapping: dict) -> dict:
    """Reduce paths of folders to their last component: absolute paths have no meaning on another machine."""
    return {**mapping, **{k: Path(mapping[k]).name for k in ("assets", "floors", "environments") if mapping[k]}}
