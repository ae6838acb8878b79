"""Laws of plan lines: text and values are equivalent, and the presets draw the same as ever."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from odd_bench.generate import pool
from odd_bench.generate.config import load_preset, presets
from odd_bench.generate.plan import catalogue_of, plan_scene
from odd_bench.plan_line import PlanLine, PlannedScene, plan_text, read_plan_line
from odd_bench.published.plan import FoundScene
from odd_bench.scene import SPLITS

DIGESTS = json.loads((Path(__file__).parent / "plan_digests.json").read_text())
GIVEN = (((), ()), (("oak", "slate"), ("noon.hdr",)))  # floors and environments: the built-in ones, and those of a user
SCENES = 6  # scenes of each split


def first_scenes(preset: str) -> list[PlanLine]:
    """The first scenes of each split, with built-in surroundings and with given ones."""
    config = load_preset(*preset.split("-", 1))
    catalogue = catalogue_of(config)
    return [
        plan_scene(config, catalogue, split, index, *given)
        for split in SPLITS[config.kind]
        for index in range(min(SCENES, config.splits.get(split, 0)))
        for given in GIVEN
    ]


def test_every_preset_has_a_digest():
    assert set(DIGESTS) == set(presets())


@pytest.mark.parametrize("preset", presets())
def test_a_preset_draws_the_same_bytes_as_ever(preset):
    """Runs that an earlier version started continue with this one.

    A deliberate change of the draws needs another PLAN_VERSION.
    """
    text = "".join(plan_text(line) + "\n" for line in first_scenes(preset))
    assert hashlib.sha256(text.encode()).hexdigest() == DIGESTS[preset]


@pytest.mark.parametrize(
    "machine",
    [
        {"NPY_DISABLE_CPU_FEATURES": pool.AVX512},
        {"NPY_DISABLE_CPU_FEATURES": f"SSSE3 SSE41 POPCNT SSE42 AVX F16C FMA3 AVX2 {pool.AVX512}"},
        {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F"},
    ],
    ids=["without AVX-512", "with the oldest instructions", "with a C library that may not fuse"],
)
def test_a_plan_is_the_same_on_every_processor(machine):
    """Slices of one plan are made on machines with different instructions for adding and multiplying."""
    script = "import test_plan_line as t\nfor line in t.first_scenes('toys-mini'): print(t.plan_text(line))"
    drawn = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env={**os.environ, **machine, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert drawn.stdout.splitlines() == [plan_text(line) for line in first_scenes("toys-mini")]


@pytest.mark.parametrize("preset", ["toys-mini", "parts-tumbled-mini"])
def test_written_lines_read_back(preset):
    for line in first_scenes(preset):
        text = plan_text(line)
        assert read_plan_line(text, PlanLine) == line
        assert plan_text(read_plan_line(text, PlanLine)) == text
        assert read_plan_line(text) == PlannedScene(line.scene, line.split, line.index, line.category, line.shape)


def test_a_folder_name_may_be_invalid_text():
    scene = FoundScene("a", "train", 0, "part", "a", folder=os.fsdecode(b"a\xff"), source_sha256="")
    assert read_plan_line(plan_text(scene), FoundScene) == scene


def test_a_line_is_canonical_json_without_what_does_not_apply():
    line = first_scenes("toys-nano")[0]
    text = plan_text(replace(line, environment=replace(line.environment, sun=None)))
    values = json.loads(text)
    assert text == json.dumps(values, sort_keys=True, separators=(",", ":"))
    assert "sun" not in values["environment"] and "name" not in values["floor"]
    assert ["tries" in item for item in values["objects"]] == [bool(item["label"]) for item in values["objects"]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"index": "first"}, r"Expected `int`, got `str` - at `\$\.index`"),
        ({"index": True}, r"Expected `int`, got `bool` - at `\$\.index`"),
        ({"orbit": {}}, r"missing required field `azimuth_rad` - at `\$\.orbit`"),
        ({"objects": [{"label": 1}]}, r"missing required field `rest` - at `\$\.objects\["),
    ],
    ids=["text for a number", "bool for a number", "no cameras", "an object without a pose"],
)
def test_the_error_names_the_wrong_value(change, told):
    values = json.loads(plan_text(first_scenes("toys-nano")[0]))
    with pytest.raises(ValueError, match=told):
        read_plan_line(json.dumps({**values, **change}), PlanLine)
