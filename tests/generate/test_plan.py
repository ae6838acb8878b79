"""Laws of the plan: it contains all randomness, equal seeds give equal bytes, the majority is normal, splits are disjoint."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from odd_bench.data.digest import plan_digest
from odd_bench.generate.config import RESTS, ConfigError, load_preset, with_overrides
from odd_bench.generate.plan import catalogue_of, plan_lines, plan_scene
from odd_bench.plan_line import PlanLine, plan_text, read_plan_line
from odd_bench.scene import SPLITS
from odd_bench.shapes import toys
from odd_bench.shapes.catalogue import BaseShape, CatalogueError

CONFIG = with_overrides(load_preset("toys", "mini"), ["splits.train=150"])
LINES = list(plan_lines(CONFIG))
SCENES = [read_plan_line(line, PlanLine) for line in LINES]


def test_planning_twice_gives_the_same_bytes():
    assert list(plan_lines(CONFIG)) == LINES


def test_a_scene_depends_only_on_its_split_and_index():
    longer = replace(CONFIG, splits={**CONFIG.splits, "test-unseen": 500})
    scene = plan_text(plan_scene(longer, catalogue_of(longer), "test-unseen", 7))
    assert scene == next(
        line for line, s in zip(LINES, SCENES, strict=True) if (s.split, s.index) == ("test-unseen", 7)
    )


@pytest.mark.parametrize("mode", RESTS)
def test_the_rest_mode_changes_only_poses(mode):
    """Shapes, changes, places and cameras stay, so that modes can be compared scene by scene."""
    other = plan_lines(with_overrides(CONFIG, [f"scene.rest={mode}"]))
    for scene, before in zip(read_all(other), SCENES, strict=True):
        assert scene.rest == mode
        assert _without_rest(scene) == _without_rest(before)


@pytest.mark.parametrize("change", ["seed=1", "scene.max_objects=5"])
def test_another_configuration_draws_other_scenes(change):
    other = list(plan_lines(with_overrides(CONFIG, [change])))
    assert len(set(map(plan_digest, other)) & set(map(plan_digest, LINES))) < len(LINES) / 2


def test_the_number_of_equally_odd_objects_changes_nothing_else_in_a_scene():
    """From one to all but one object: each scene has the odd objects of the one before and one more, all of one variant."""
    config = load_preset("parts", "minority")
    drawn = [
        read_all(plan_lines(with_overrides(config, ["splits.test=1", f"scene.odd_alike={count}"])))[0]
        for count in range(1, 6)
    ]
    odd = [{place for place, item in enumerate(scene.objects) if item.label} for scene in drawn]
    assert [len(one) for one in odd] == [1, 2, 3, 4, 5] and all(one < other for one, other in pairwise(odd))
    assert len({item.tries for scene in drawn for item in scene.objects if item.label}) == 1
    assert all(item.tries is None for scene in drawn for item in scene.objects if not item.label)
    same = [
        replace(scene, objects=tuple(replace(item, label=0, tries=None) for item in scene.objects)) for scene in drawn
    ]
    assert all(scene == same[0] for scene in same)


@pytest.mark.parametrize("count", [0, 6])
def test_equally_odd_objects_are_at_least_one_and_not_all(count):
    with pytest.raises(ConfigError, match=rf"found scene\.odd_alike {count}; expected null or 1 to 5"):
        with_overrides(load_preset("parts", "minority"), [f"scene.odd_alike={count}"])


def test_seed_zero_is_valid():
    assert list(plan_lines(with_overrides(CONFIG, ["seed=0"]))) == LINES


def test_odd_objects_are_the_minority_and_two_normal_ones_remain():
    for scene in SCENES:
        labels = [item.label for item in scene.objects]
        assert 3 <= len(labels) <= 6
        assert 2 * sum(labels) < len(labels) and labels.count(0) >= 2


def test_about_a_tenth_of_the_scenes_have_no_anomaly():
    share = np.mean([not any(item.label for item in scene.objects) for scene in SCENES])
    assert 0.05 < share < 0.16


def test_no_shape_is_in_two_splits_and_unseen_categories_are_only_in_their_split():
    splits_of = {}
    for scene in SCENES:
        splits_of.setdefault(scene.shape, set()).add(scene.split)
    assert max(map(len, splits_of.values())) == 1
    for scene in SCENES:
        assert (scene.category in toys.UNSEEN) == (scene.split == "test-unseen")


def test_scene_names_are_unique_and_shapes_are_shared_as_configured():
    assert len({scene.scene for scene in SCENES}) == len(SCENES)
    assert set(Counter(s.shape for s in SCENES if s.split == "train").values()) == {CONFIG.scenes_per_shape}


def test_categories_occur_equally_often():
    counts = Counter(scene.category for scene in SCENES if scene.split == "train")
    assert max(counts.values()) - min(counts.values()) <= CONFIG.scenes_per_shape


def test_orbits_have_distinct_azimuths_over_the_full_turn_and_stay_in_their_ranges():
    for scene in SCENES[:60]:
        azimuth = np.sort(np.mod(scene.orbit.azimuth_rad, 2 * np.pi))
        gaps = np.diff(np.append(azimuth, azimuth[0] + 2 * np.pi))
        assert len(azimuth) == 20 and gaps.min() > 0.1 and gaps.max() < 0.6
        elevation = np.array(scene.orbit.elevation_deg)
        assert elevation.min() >= 25 - 1e-3 and elevation.max() <= 50 + 1e-3


def test_the_first_tries_are_of_one_type_and_every_odd_object_has_spare_ones():
    for scene in SCENES[:60]:
        for item in scene.objects:
            tries = item.tries or ()
            assert (len(tries) == CONFIG.odd.same_type_tries + CONFIG.odd.other_type_tries) == bool(item.label)
            assert len({attempt.type for attempt in tries[: CONFIG.odd.same_type_tries]}) <= 1


@pytest.mark.parametrize("preset", ["mini", "tumbled-mini"])
def test_draws_do_not_reveal_the_label(preset):
    """Rest pose, yaw and heading are drawn in the same way for normal and odd objects."""
    objects = [item for line in read_all(plan_lines(load_preset("toys", preset))) for item in line.objects]
    for key in ("rest", "yaw_rad", "direction_rad"):
        odd = np.array([getattr(item, key) for item in objects if item.label])
        normal = np.array([getattr(item, key) for item in objects if not item.label])
        assert abs(_auc(odd, normal) - 0.5) < 0.05


@pytest.mark.parametrize(("mode", "own"), [("upright", False), ("shared", False), ("tumbled", True)])
def test_tumbled_objects_draw_their_own_poses_and_others_share_one(mode, own):
    for line in read_all(plan_lines(with_overrides(CONFIG, [f"scene.rest={mode}"])))[:40]:
        objects = line.objects
        assert len({item.rest for item in objects}) == (len(objects) if own else 1)


@pytest.mark.parametrize("mode", RESTS)
def test_drinks_are_only_in_mugs_that_stand(mode):
    config = with_overrides(CONFIG, [f"scene.rest={mode}"])
    model = catalogue_of(config).model(BaseShape("mug-0000", "mug", 5))
    assert ("drink" in model.part_names) == (mode == "upright")


@pytest.mark.parametrize(("per_shape", "per_variant"), [(2, 0), (4, 4), (4, 2), (4, 1), (6, 4)])
def test_a_variant_serves_as_many_scenes_of_its_shape_as_configured(per_shape, per_variant):
    """The n-th odd objects of the scenes that share variants have the same tries, and no other scene has any of these."""
    settings = [f"scenes_per_shape={per_shape}", f"odd.scenes_per_variant={per_variant}"]
    groups: dict[tuple, set] = {}
    for scene in read_all(plan_lines(with_overrides(CONFIG, settings))):
        together = 2 if scene.split.startswith("test") else per_shape
        place = scene.index % together // (per_variant or together)
        tries = [item.tries for item in scene.objects if item.label]
        for nth, drawn in enumerate(tries):
            groups.setdefault((scene.split, scene.shape, place, nth), set()).add(drawn)
    assert all(len(drawn) == 1 for drawn in groups.values())
    seeds = [attempt.seed for drawn in groups.values() for attempt in next(iter(drawn))]
    assert len(set(seeds)) > 0.999 * len(seeds)  # 31 bits are practically never equal by chance


def test_no_preset_learns_from_shapes_that_the_test_presets_show():
    """`draft` and `test256` have seeds of their own, and the modes of one size share a seed."""
    for kind in SPLITS:
        learnt = _shape_seeds(load_preset(kind, "draft"), ("train", "val"))
        for other in ("mini", "test256"):
            assert not learnt & _shape_seeds(load_preset(kind, other), SPLITS[kind])
        assert learnt == _shape_seeds(load_preset(kind, "tumbled-draft"), ("train", "val"))


@pytest.mark.parametrize("kind", SPLITS)
def test_the_drafts_test_on_150_shapes_or_more(kind):
    config = load_preset(kind, "draft")
    assert len(_shape_seeds(config, [split for split in SPLITS[kind] if split.startswith("test")])) >= 150


def test_a_split_without_a_category_is_reported():
    with pytest.raises(CatalogueError, match="split test-unseen"):
        list(plan_lines(with_overrides(CONFIG, ["categories=[fish]"])))


def test_the_error_for_an_unknown_category_names_the_nearest():
    with pytest.raises(CatalogueError, match=r"found \['fisch'\].*Did you mean fish"):
        list(plan_lines(with_overrides(CONFIG, ["categories=[fisch]"])))


def read_all(lines: Iterable[str]) -> list[PlanLine]:
    return [read_plan_line(line, PlanLine) for line in lines]


def _without_rest(scene: PlanLine) -> PlanLine:
    return replace(scene, rest="", objects=tuple(replace(item, rest=0.0) for item in scene.objects))


def _shape_seeds(config, splits) -> set[int]:
    catalogue = catalogue_of(config)
    return {
        catalogue.base_shape(split, index // config.scenes_a_shape(split)).seed
        for split in splits
        for index in range(config.splits.get(split, 0))
    }


def _auc(positive: np.ndarray, negative: np.ndarray) -> float:
    return float(np.mean(positive[:, None] > negative[None, :]))
