"""A small configuration, the results that must not depend on the course of a run, and stand-ins for Blender."""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import h5py

from odd_bench.generate.config import load_preset, with_overrides
from odd_bench.generate.plan import plan_lines
from odd_bench.plan_line import read_plan_line

FAKE = (sys.executable, str(Path(__file__).with_name("fake_child.py")))
CONFIG = with_overrides(
    load_preset("toys", "nano"),
    ["splits={train: 5, val: 0, test-seen: 0, test-unseen: 2}", "categories=[fish, mug]"],
)


def planned(config=CONFIG) -> list[str]:
    return [read_plan_line(line).scene for line in plan_lines(config)]


def label_digests(folder: Path) -> dict[str, str]:
    """The results that must not depend on the course of a run.

    These are the bytes of the plan, the ground truth and the shards, and the label digests by scene.
    """
    files = [folder / "plan.jsonl", folder / "ground_truth.json.gz", *sorted((folder / "shards").glob("*.h5"))]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    for shard in sorted((folder / "shards").glob("*.h5")):
        with h5py.File(shard) as file:
            digests |= {name: group.attrs["label_sha256"] for name, group in file["scenes"].items()}
    return digests


def wait_for(condition, timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the run made no progress"
        time.sleep(0.02)
