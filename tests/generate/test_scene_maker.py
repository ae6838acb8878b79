"""A scene is a function of its plan line: its labels do not depend on what was made before or what is stored."""

import numpy as np
import pytest

from odd_bench.data.digest import plan_digest
from odd_bench.generate import scene_maker
from odd_bench.generate.config import RESTS, load_preset, with_overrides
from odd_bench.generate.plan import catalogue_of, plan_lines
from odd_bench.generate.scene_maker import make_scene
from odd_bench.generate.source import Sources
from odd_bench.plan_line import PlanLine, read_plan_line
from odd_bench.shapes.catalogue import BaseShape

pytestmark = pytest.mark.blender
SMALL = [
    "splits={train: 2}", "categories=[chess]", "orbit.pixels=48", "orbit.views=4", "mesh_faces=4000", "scene.no_anomaly_share=0",
    "odd.min_patch_pixels=1", "odd.min_patch_views=1", "odd.weights={bump: 1, part_translation: 1, missing_part: 1}",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr(scene_maker, "take_pictures", lambda *_: np.zeros((4, 48, 48, 3), np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("mode", RESTS)
def test_scenes_that_share_variants_are_the_same_in_any_order(tmp_path, mode):
    config = with_overrides(load_preset("toys", "nano"), [*SMALL, f"scene.rest={mode}"])
    lines = list(plan_lines(config))
    forward, backward = made(lines, config, tmp_path / "a"), made(lines[::-1], config, tmp_path / "b")[::-1]
    assert len(lines) == 2  # each of the two scenes is the first one to be made in one of the two folders
    for scenes in zip(forward, backward, made(lines, config, tmp_path / "b"), strict=True):
        first, *others = scenes
        for other in others:
            assert (first.instance == other.instance).all() and (first.change == other.change).all()
            assert (first.depth_m == other.depth_m).all()
            for one, two in zip(first.scene.objects, other.scene.objects, strict=True):
                assert np.array_equal(one.world_from_object, two.world_from_object)
                assert (one.type, one.magnitude) == (two.type, two.magnitude)


@pytest.mark.parametrize("mode", RESTS)
def test_a_pose_is_the_planned_one_whatever_the_label(tmp_path, mode):
    """World z in the frame of every object is that of its planned rest pose, and objects are level where the intact shape is."""
    config = with_overrides(load_preset("toys", "nano"), [*SMALL, f"scene.rest={mode}"])
    text = next(plan_lines(config))
    line, sources = read_plan_line(text, PlanLine), Sources(config, catalogue_of(config), tmp_path)
    record, _ = make_scene(line, plan_digest(text), sources)
    source = sources.of(BaseShape(line.shape, line.category, line.shape_seed))
    ups = []
    for item, drawn in zip(record.scene.objects, line.objects, strict=True):
        rest = source.rests.pose(mode, drawn.rest)
        up = item.world_from_object[2, :3] / np.linalg.norm(item.world_from_object[2, :3])
        assert np.allclose(up, rest[2], atol=1e-9)
        lowest_m = (source.intact.vertices @ item.world_from_object[2, :3]).min() + item.world_from_object[2, 3]
        assert abs(lowest_m) < 1e-9
        ups.append(up)
    assert (np.ptp(ups, axis=0).max() < 1e-9) == (mode != "tumbled")


def made(lines: list[str], config, work) -> list:
    """The records in the order of the lines, made by new sources that know only what lies in the work folder."""
    sources = Sources(config, catalogue_of(config), work)
    return [make_scene(read_plan_line(line, PlanLine), plan_digest(line), sources)[0] for line in lines]
