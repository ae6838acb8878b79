"""Complete and consistent data sets of synthetic scenes, to be broken in one way at a time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from odd_bench.data.codec import CodecConfig
from odd_bench.data.digest import plan_digest
from odd_bench.data.folder import GROUND_TRUTH, PLAN, Description, shard_path, write_description
from odd_bench.data.record import SceneRecord
from odd_bench.data.shards import pack_shard, write_staged
from odd_bench.plan_line import PlannedScene, plan_text, read_plan_line
from odd_bench.scoring.ground_truth import truth_scene, write_ground_truth
from tests.data.synthetic import make_record

NAME, VERSION = "toys-test", "1.0.0"


def plan_line(name: str, split: str, index: int, category: str, shape: str) -> str:
    """The keys of a plan line that the shards must agree with."""
    return plan_text(PlannedScene(name, split, index, category, shape))


def planned_record(split: str, category: str, number: int, index: int, **options) -> tuple[str, SceneRecord]:
    """A plan line and the scene made from it."""
    shape = f"{category}-{number:04d}"
    line = plan_line(f"toys-{shape}-{index:04d}", split, index, category, shape)
    options = {"views": 6, **options}
    return line, make_record(
        split=split, category=category, shape=shape, index=index, plan_sha256=plan_digest(line), **options
    )


def make_scenes() -> list[tuple[str, SceneRecord]]:
    """Two training scenes, one test scene and one scene of an unseen category."""
    return [
        planned_record("train", "banana", 0, 0),
        planned_record("train", "banana", 0, 1, odd=0),
        planned_record("test-seen", "banana", 1, 0, objects=5, odd=2),
        planned_record("test-unseen", "mug", 0, 0, depth=False),
    ]


def write_dataset(folder: Path, scenes: list[tuple[str, SceneRecord]]) -> Path:
    """Write shards, plan, ground truth and description of the given scenes."""
    by_shard: dict[Path, list[Path]] = {}
    for line, record in scenes:
        staged = folder / "work" / f"{record.scene.name}.h5"
        write_staged(staged, record, CodecConfig())
        by_shard.setdefault(shard_path(folder, record.scene.split, read_plan_line(line).index), []).append(staged)
    for path, staged in by_shard.items():
        pack_shard(staged, path, NAME, path.name[:-9])
    records = [record for _, record in scenes]
    (folder / PLAN).write_text("".join(line + "\n" for line, _ in scenes))
    truth = write_ground_truth(folder / GROUND_TRUTH, NAME, VERSION, [truth_scene(record.scene) for record in records])
    counts = {"scenes": dict(Counter(record.scene.split for record in records))}
    write_description(folder, Description(NAME, VERSION, truth, {"seed": 0}, counts=counts))
    return folder
