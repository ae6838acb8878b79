"""Laws of the metrics of anomaly maps, and their agreement with naive implementations of the definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from odd_bench.scoring.bootstrap import draw_resamples
from odd_bench.scoring.map_counts import SceneObjects, View, changed_patches, empty_counts
from odd_bench.scoring.map_metrics import aupro, auroc, constant_map, map_metrics
from tests.scoring.naive_maps import naive_aupro, naive_peak

SIZE = 24


def scene(seed, views=2):
    """Views of three objects next to each other, the first two odd: with changed surface, lost surface, both or neither."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(views):
        instance, change = np.zeros((2, SIZE, SIZE), np.uint8)
        for number in range(3):
            instance[4:20, 1 + 8 * number : 7 + 8 * number] = number + 1
        spots = rng.random((SIZE, SIZE)) < 0.15
        change[spots & (instance > 0) & (instance < 3)] = 1
        change[0:4, 2 : 2 + rng.integers(0, 4)] = 2
        made.append(View(rng.integers(0, 256, (SIZE, SIZE), dtype=np.uint8), instance, change))
    return made


OBJECTS = SceneObjects((0, 1), frozenset({0, 1, 2}))


def metrics(scenes, objects=OBJECTS, clusters=None, resamples=20):
    """The metrics of scenes, each with its own base shape."""
    counts = empty_counts(len(scenes))
    for place, views in enumerate(scenes):
        counts.add_scene(place if clusters is None else clusters[place], objects, views)
    return map_metrics(counts, draw_resamples(len(scenes), resamples))


def values(scenes, objects=OBJECTS):
    return {name: {key: one.value for key, one in part.items()} for name, part in metrics(scenes, objects).items()}


def with_maps(scenes, suspicion):
    """The scenes with other maps. suspicion: a function from a view to its map."""
    return [[View(suspicion(view), view.instance, view.change) for view in views] for views in scenes]


SCENES = [scene(seed) for seed in range(12)]


def test_the_change_itself_as_a_map_scores_1_in_every_metric():
    perfect = with_maps(SCENES, lambda view: np.where(view.change > 0, 200, 3).astype(np.uint8))
    for part in values(perfect).values():
        assert all(value == pytest.approx(1, abs=1e-12) for value in part.values())


def test_the_inverted_change_scores_0_in_every_metric_that_ranks_pixels():
    worst = with_maps(SCENES, lambda view: np.where(view.change > 0, 3, 200).astype(np.uint8))
    for part in values(worst).values():
        assert (part["pixel_auroc"], part["aupro_05"], part["aupro_30"]) == (0, 0, 0)


@pytest.mark.parametrize("level", [0, 7, 255])
def test_a_map_of_one_level_scores_like_the_reference_row(level):
    flat = with_maps(SCENES, lambda view: np.full((SIZE, SIZE), level, np.uint8))
    counts = empty_counts(len(flat))
    for place, views in enumerate(flat):
        counts.add_scene(place, OBJECTS, views)
    for place, part in enumerate(values(flat).values()):
        assert part == pytest.approx(constant_map(counts, place))
        assert part["pixel_auroc"] == 0.5
        assert part["aupro_05"] == pytest.approx(0.025)


def test_the_order_of_scenes_and_views_does_not_matter():
    order = np.random.default_rng(5).permutation(len(SCENES))
    turned = metrics([SCENES[place][::-1] for place in order], clusters=order)
    straight = metrics(SCENES)
    for name, part in straight.items():
        for key, one in part.items():
            other = turned[name][key]
            assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-12)


@given(st.lists(st.integers(0, 255), min_size=6, max_size=6, unique=True))
def test_maps_that_rank_pixels_equally_score_equally(levels):
    coarse = with_maps(SCENES[:3], lambda view: view.suspicion // 43)
    moved = with_maps(coarse, lambda view: np.sort(np.array(levels, np.uint8))[view.suspicion])
    assert values(coarse) == values(moved)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31), st.sampled_from([1, 3, 255]))
def test_auroc_from_counts_equals_that_of_scikit_learn(changed, unchanged, seed, top):
    rng = np.random.default_rng(seed)
    levels, label = rng.integers(0, top + 1, changed + unchanged), np.arange(changed + unchanged) < changed
    by_level = [np.bincount(levels[label == side], minlength=256)[None] for side in (True, False)]
    assert auroc(*by_level)[0] == pytest.approx(roc_auc_score(label, levels), abs=1e-12)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from([0.01, 0.05, 0.3, 1.0]), st.sampled_from([2, 60, 256]))
def test_aupro_agrees_with_its_definition(seed, limit, levels):
    """With one odd object per picture, so that patches of different objects do not touch."""
    rng = np.random.default_rng(seed)
    masks = [rng.random((SIZE, SIZE)) < 0.1 for _ in range(3)]
    maps = [(rng.integers(0, levels, (SIZE, SIZE)) * (255 // (levels - 1))).astype(np.uint8) for _ in masks]
    counts = empty_counts(1)
    for suspicion, mask in zip(maps, masks, strict=True):
        view = View(suspicion, np.ones((SIZE, SIZE), np.uint8), mask.astype(np.uint8))
        counts.add_scene(0, SceneObjects((0,), frozenset({0})), [view])
    overlap = counts.overlap[1] / counts.patches[1][:, None]
    assert aupro(overlap, counts.unchanged[1], limit)[0] == pytest.approx(naive_aupro(maps, masks, limit), abs=1e-12)


@given(st.integers(0, 2**31), st.sampled_from([2, 8, 256]))
def test_the_highest_pixel_agrees_with_its_definition(seed, levels):
    rng = np.random.default_rng(seed)
    views = [View((view.suspicion % levels), view.instance, view.change) for view in scene(int(rng.integers(1e6)), 3)]
    changed = [(view.change == 1) & (view.instance == 2) for view in views]
    if not any(mask.any() for mask in changed):
        return
    only_second = [View(v.suspicion, v.instance, np.where(mask, 1, 0)) for v, mask in zip(views, changed, strict=True)]
    found = values([only_second], SceneObjects((1,), frozenset({1})))["found"]["peak_in_change"]
    naive = naive_peak([view.suspicion for view in views], [view.instance == 2 for view in views], changed)
    assert found == pytest.approx(naive, abs=1e-12)


def test_a_peak_three_pixels_from_the_change_is_a_hit_and_four_are_not():
    instance, change = np.ones((9, 20), np.uint8), np.zeros((9, 20), np.uint8)
    change[4, 5] = 1
    for column, hit in ((8, 1.0), (9, 0.0)):
        suspicion = np.zeros((9, 20), np.uint8)
        suspicion[4, column] = 9
        view = View(suspicion, instance, change)
        assert values([[view]], SceneObjects((0,), frozenset({0})))["all"]["peak_in_change"] == hit


def test_lost_surface_belongs_to_the_odd_object_nearest_to_it():
    instance, change = np.zeros((2, 10, 20), np.uint8)
    instance[5:, 0:6], instance[5:, 12:18], instance[5:, 7:11] = 1, 2, 3
    change[3:5, 1:3] = 2
    change[4, 13] = 2
    patches = changed_patches(instance, change, (0, 1))
    assert sorted(patches.owner.tolist()) == [0, 1]
    assert set(patches.owner[patches.number[change > 0] - 1][[0, -1]]) == {0, 1}
    assert ((patches.number > 0) == (change > 0)).all()


def test_an_object_that_is_not_found_counts_over_all_pixels_alone():
    found, everything = metrics(SCENES), metrics(SCENES, SceneObjects((0, 1), frozenset()))
    assert everything["found"]["pixel_auroc"].value is None
    assert everything["found"]["pixel_auroc"].reason
    assert everything["all"]["pixel_auroc"].value == found["all"]["pixel_auroc"].value


def test_few_shapes_have_a_reason_instead_of_an_interval():
    few = metrics(SCENES[:4])["all"]["aupro_30"]
    assert few.low is None and "an interval needs" in few.reason
    many = metrics(SCENES, resamples=200)["all"]["aupro_30"]
    assert many.low < many.value < many.high


def test_the_worked_example_of_the_documentation_is_right():
    change = np.array([[1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]], np.uint8)
    levels = np.array([[50, 20, 0, 0, 0, 0, 80, 10, 10, 20, 50]], np.uint8)
    found = values([[View(levels, np.ones_like(change), change)]], SceneObjects((0,), frozenset({0})))["found"]
    assert found["pixel_auroc"] == pytest.approx((8 + 7.5 + 6.5) / 24)
    assert (found["aupro_30"], found["aupro_05"]) == pytest.approx((0.2375 / 0.3, 0.0275 / 0.05))
    assert found["peak_in_change"] == 1
