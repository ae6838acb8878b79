"""A change is seen in the open and next to every pose of the intact shape, but not behind a wall."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from odd_bench.data.views import TEST_VIEWS, spread_views
from odd_bench.generate.config import load_preset, with_overrides
from odd_bench.generate.label import Posed, Sight
from odd_bench.generate.orbit import orbit_cameras
from odd_bench.generate.plan import catalogue_of, plan_scene
from odd_bench.generate.seen import is_seen, shows_enough
from tests.anomalies.statuette import statuette, variant
from tests.generate.test_label import pose, shape_of

CONFIG = with_overrides(load_preset("toys", "draft"), ["orbit.pixels=96", "orbit.views=10"])
INTACT = statuette().shape()
ORBIT = plan_scene(CONFIG, catalogue_of(CONFIG), "train", 0).orbit


def seen(odd, others=(), config=CONFIG) -> bool:
    posed = [Posed(odd.shape, pose(0.0, 0.0), odd, INTACT), *others]
    cameras = orbit_cameras(config.orbit, ORBIT, np.concatenate([p.world_outline() for p in posed]))
    return is_seen(Sight(posed, cameras), 0, config)


@pytest.mark.parametrize("type", ("missing_part", "material_mismatch", "bend"))
def test_some_changes_that_pass_the_variant_check_are_seen_in_the_open(type):
    assert any(seen(variant(type, seed)) for seed in range(4))


def test_an_unchanged_object_is_not_seen_as_changed():
    nothing = np.zeros(len(INTACT.faces), bool)
    assert not seen(replace(variant("bend"), shape=INTACT, changed_faces=nothing, lost_faces=nothing))


def test_a_change_behind_a_wall_is_not_seen():
    wall = shape_of(trimesh.creation.annulus(1.0, 1.1, 3.0))
    assert seen(variant("bend")) and not seen(variant("bend"), [Posed(wall, pose(0.0, 0.0))])


def test_a_change_that_one_of_the_motions_undoes_is_not_seen():
    turned = np.diag([-1.0, -1.0, 1.0, 1.0])
    nothing = np.zeros(len(INTACT.faces), bool)
    whole = replace(INTACT, vertices=INTACT.vertices @ turned[:3, :3].T)
    moved = replace(variant("bend"), shape=whole, changed_faces=nothing, lost_faces=nothing)
    assert seen(replace(moved, alignments=np.eye(4)[None]))
    assert not seen(replace(moved, alignments=np.stack([np.eye(4), turned])))


def test_a_requirement_above_the_available_pixels_is_never_met():
    assert not seen(variant("bend"), config=with_overrides(CONFIG, ["odd.min_patch_pixels=1e6"]))


@pytest.mark.parametrize("seed", range(40))
def test_stopping_early_gives_the_same_result_as_looking_at_all_views(seed):
    rng = np.random.default_rng(seed)
    count, least = int(rng.integers(2, 25)), int(rng.integers(0, 7))
    shown = rng.random(count) < rng.choice([0.1, 0.3, 0.8])
    asked = []
    found = shows_enough(lambda view: asked.append(view) or bool(shown[view]), count, least)
    assert found == (shown[spread_views(count, TEST_VIEWS)].any() and shown.sum() >= least)
    assert len(set(asked)) == len(asked)


def test_no_other_view_is_rendered_without_a_test_view():
    asked = []
    assert not shows_enough(lambda view: asked.append(view) or view not in spread_views(20, TEST_VIEWS), 20, 4)
    assert asked == spread_views(20, TEST_VIEWS)
