"""AUPRO and pixel AUROC are those of anomalib: its numbers of random and real maps are stored, and taken anew where it is there."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.anomalib_agreement import RANDOM, anomalib_values, random_case
from odd_bench.scoring.bootstrap import draw_resamples
from odd_bench.scoring.map_counts import SceneObjects, View, empty_counts
from odd_bench.scoring.map_metrics import map_metrics

FOLDER = Path(__file__).parent / "anomalib"
STORED = json.loads((FOLDER / "values.json").read_text())["values"]
SINGLE = 2e-7  # anomalib sums in single precision


def numbers(maps, masks, instance=None, odd=(0,)):
    """Over all pixels; every object is found. instance: (n, h, w), one object that fills the pictures where left out."""
    instance = np.ones_like(maps) if instance is None else instance
    counts = empty_counts(1)
    views = [View(*one) for one in zip(maps, instance, masks.astype(np.uint8), strict=True)]
    counts.add_scene(0, SceneObjects(odd, frozenset(odd)), views)
    return {name: one.value for name, one in map_metrics(counts, draw_resamples(1, 2))["all"].items()}


@pytest.mark.parametrize("case", STORED)
def test_the_numbers_are_those_that_anomalib_gave(case):
    with np.load(FOLDER / "maps.npz") as arrays:
        found = numbers(arrays[f"{case}/maps"], arrays[f"{case}/masks"])
    for name, value in STORED[case].items():
        assert found[name] == pytest.approx(value, abs=SINGLE), name


@pytest.mark.parametrize("case", RANDOM)
def test_the_numbers_are_those_that_anomalib_gives(case):
    pytest.importorskip("anomalib")
    maps, masks = random_case(np.random.default_rng(1), *RANDOM[case])
    found = numbers(maps, masks)
    for name, value in anomalib_values(maps, masks).items():
        assert found[name] == pytest.approx(value, abs=SINGLE), name


def test_patches_of_two_objects_that_meet_are_two_here_and_one_region_there():
    """The only difference: anomalib knows no objects."""
    mask, levels = np.zeros((1, 8, 12), bool), np.zeros((1, 8, 12), np.uint8)
    mask[0, 2:6, 2:6], mask[0, 2:6, 6:7] = True, True
    levels[0, 2:6, 6:7] = 200  # the narrow patch alone is seen
    instance = np.where(np.arange(12) < 6, 1, 2)[None, None].repeat(8, axis=1).astype(np.uint8)
    apart, joined = numbers(levels, mask, instance, (0, 1)), numbers(levels, mask)
    assert apart["pixel_auroc"] == joined["pixel_auroc"]
    ramp = 0.30 / 2  # what is not seen is caught on the straight line to the last threshold
    assert apart["aupro_30"] == pytest.approx(1 / 2 + 1 / 2 * ramp)
    assert joined["aupro_30"] == pytest.approx(1 / 5 + 4 / 5 * ramp)
