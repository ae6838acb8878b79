"""The configured engine makes the pictures, and only the pictures depend on it."""

import numpy as np
import pytest

from odd_bench.generate import pictures
from odd_bench.generate.child import device_line
from odd_bench.generate.config import ConfigError, load_preset, with_overrides

SMALL = [
    "splits={train: 1, test-unseen: 0, val: 0, test-seen: 0}", "categories=[fish]", "orbit.pixels=32", "orbit.views=2",
    "odd.min_patch_pixels=1", "odd.min_patch_views=1", "render.samples=1",
]  # fmt: skip
NANO = with_overrides(load_preset("toys", "nano"), SMALL)


@pytest.mark.parametrize("engine", ["eevee", "Draft", "''"])
def test_there_are_two_engines(engine):
    with pytest.raises(ConfigError, match="expected cycles or draft"):
        with_overrides(NANO, [f"render.engine={engine}"])
    assert NANO.render.engine == "cycles"


@pytest.mark.parametrize("kind", ["toys", "parts"])
def test_the_draft_presets_use_the_draft_engine(kind):
    assert load_preset(kind, "draft").render.engine == "draft"


@pytest.mark.parametrize("engine", ["cycles", "draft"])
def test_the_configured_engine_makes_the_pictures(monkeypatch, engine):
    monkeypatch.setattr(pictures, "_cycles", lambda *_: "cycles")
    monkeypatch.setattr(pictures, "_draft", lambda *_: "draft")
    assert pictures.take_pictures(None, with_overrides(NANO, [f"render.engine={engine}"]), [], (), None) == engine


def test_drafts_are_rendered_on_the_cpu_whatever_the_device():
    for device in ("auto", "cpu", "gpu"):
        config = with_overrides(NANO, ["render.engine=draft", f"render.device={device}"])
        assert device_line(config.render).startswith("cpu: processor, the draft engine uses no other device")


@pytest.mark.blender
def test_path_tracing_reports_its_device():
    assert device_line(with_overrides(NANO, ["render.device=cpu"]).render) == "cpu: processor, it was asked for"


@pytest.mark.blender
def test_scenes_of_two_engines_differ_only_in_their_pictures(tmp_path):
    from odd_bench.data.digest import plan_digest
    from odd_bench.generate.plan import catalogue_of, plan_lines
    from odd_bench.generate.scene_maker import make_scene
    from odd_bench.generate.source import Sources
    from odd_bench.plan_line import PlanLine, read_plan_line

    (line,) = plan_lines(NANO)
    made = {}
    for engine in ("cycles", "draft"):
        config = with_overrides(NANO, [f"render.engine={engine}"])
        made[engine], _ = make_scene(
            read_plan_line(line, PlanLine), plan_digest(line), Sources(config, catalogue_of(config), tmp_path)
        )
    cycles, draft = made["cycles"], made["draft"]
    assert draft.images.shape == cycles.images.shape == (2, 32, 32, 3) and draft.images.dtype == np.uint8
    assert (draft.images != cycles.images).any()
    for name in ("instance", "change", "depth_m"):
        assert (getattr(draft, name) == getattr(cycles, name)).all()
    assert [item.type for item in draft.scene.objects] == [item.type for item in cycles.scene.objects]
    light, traced = (one.images.reshape(2, 8, 4, 8, 4, 3).mean(axis=(2, 4, 5)).ravel() for one in (draft, cycles))
    assert np.corrcoef(light, traced)[0, 1] > 0.8  # of patches of 4 x 4 px: grain and dirt differ from pixel to pixel
