"""AUPRO and pixel AUROC equal those of anomalib.

Its values for random and real maps are stored, and recomputed if it is installed.
"""

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
    """The metrics over all pixels, with every object found.

    instance: (n, h, w), by default one object that fills the pictures.
    """
    instance = np.ones_like(maps) if instance is None else instance
    counts = empty_counts(1)
    views = [View(*one) for one in zip(maps, instance, masks.astype(np.uint8), strict=True)]
    counts.add_scene(0, SceneObjects(odd, frozenset(odd)), views)
    return {name: one.value for name, one in map_metrics(counts, draw_resamples(1, 2))["all"].items()}


@pytest.mark.parametrize("case", STORED)
def test_the_metrics_equal_the_stored_ones_of_anomalib(case):
    with np.load(FOLDER / "maps.npz") as arrays:
        found = numbers(arrays[f"{case}/maps"], arrays[f"{case}/masks"])
    for name, value in STORED[case].items():
        assert found[name] == pytest.approx(value, abs=SINGLE), name


@pytest.mark.parametrize("case", RANDOM)
def test_the_metrics_equal_those_of_the_installed_anomalib(case):
    pytest.importorskip("anomalib")
    maps, masks = random_case(np.random.default_rng(1), *RANDOM[case])
    found = numbers(maps, masks)
    for name, value in anomalib_values(maps, masks).items():
        assert found[name] == pytest.approx(value, abs=SINGLE), name


def test_touching_patches_of_two_objects_are_two_here_and_one_in_anomalib():
    """The only difference: anomalib knows no objects."""
    mask, levels = np.zeros((1, 8, 12), bool), np.zeros((1, 8, 12), np.uint8)
    mask[0, 2:6, 2:6], mask[0, 2:6, 6:7] = True, True
    levels[0, 2:6, 6:7] = 200  # only the narrow patch is found
    instance = np.where(np.arange(12) < 6, 1, 2)[None, None].repeat(8, axis=1).astype(np.uint8)
    apart, joined = numbers(levels, mask, instance, (0, 1)), numbers(levels, mask)
    assert apart["pixel_auroc"] == joined["pixel_auroc"]
    ramp = 0.30 / 2  # the rest lies on the straight line to the last threshold
    assert apart["aupro_30"] == pytest.approx(1 / 2 + 1 / 2 * ramp)
    assert joined["aupro_30"] == pytest.approx(1 / 5 + 4 / 5 * ramp)
