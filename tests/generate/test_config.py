"""Every wrong configuration is reported with where, found and expected."""

import pytest

from odd_bench.cli.generate_options import named_by_change, named_by_rest
from odd_bench.generate.config import (
    RESTS,
    ConfigError,
    from_mapping,
    load_preset,
    presets,
    to_mapping,
    with_overrides,
)

NANO = load_preset("toys", "nano")


def test_every_preset_loads_and_survives_its_own_mapping():
    for name in presets():
        kind, _, size = name.partition("-")
        config = load_preset(kind, size)
        assert from_mapping(to_mapping(config), "again") == config


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("orbit.pixel=64", "found unknown key 'pixel'.*Did you mean 'pixels'"),
        ("orbits.pixels=64", "found unknown key 'orbits'.*Did you mean 'orbit'"),
        ("orbit.pixels=many", "found 'many'; expected a whole number"),
        ("orbit.pixels=8", "found 20 views, 8 pixels"),
        (
            "scene.rest=tumble",
            "found scene.rest 'tumble'; expected one of upright, shared, tumbled. Did you mean 'tumbled'",
        ),
        ("scene.rest=distribution", "the old name; expected the new one. Hint: --set scene.rest=tumbled"),
        (
            "odd.scenes_per_variant=3",
            "with scenes_per_shape 2; expected 0 to 2.*never leaves its shape and split.*Hint",
        ),
        ("odd.scenes_per_variant=-1", "expected at least 0"),
        ("scenes_per_test_shape=0", "expected at least 1"),
        ("scene.min_objects=2", "expected 3 to 84"),
        ("render.device=tpu", "expected auto, cpu or gpu"),
        ("seed=-1", "a whole number >= 0"),
        ("seed=null", "found None; expected a whole number"),
        ("seed=0.5", "found 0.5; expected a whole number"),
        ("kind=3", "found 3; expected text"),
        ("assets=3", "found 3; expected text or null"),
        ("categories=[3]", "categories: 0: found 3; expected text"),
        ("depth=1", "found 1; expected true or false"),
        ("orbit={pixel: 64}", "found unknown key 'pixel'.*Did you mean 'pixels'"),
        ("orbit={pixels: many}", "orbit: pixels: found 'many'; expected a whole number"),
        ("odd.weights.bend=often", "'bend': 'often'.*expected a number"),
        ("splits.test=3", "expected some of"),
        ("splits.train=-3", "expected counts >= 0"),
        ("odd.weights.crush=1", "found anomaly types"),
        ("seed.low=1", "is a single value"),
        ("seed", "expected key=value"),
    ],
)
def test_a_wrong_assignment_is_reported(assignment, message):
    with pytest.raises(ConfigError, match=message):
        with_overrides(NANO, [assignment])


def test_the_error_for_an_unknown_preset_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"found 'nanoo'.*Did you mean 'nano'"):
        load_preset("toys", "nanoo")


def test_a_mapping_without_the_required_keys_is_refused():
    with pytest.raises(ConfigError, match="found no kind, splits"):
        from_mapping({"name": "mine"}, "mine.yaml")


def test_a_changed_rest_mode_appears_in_the_name_unless_a_name_is_given():
    for mode in RESTS:
        changed = named_by_rest(with_overrides(NANO, [f"scene.rest={mode}"]), NANO)
        assert changed.name == ("toys-nano" if mode == "upright" else f"toys-nano-{mode}")
    mine = with_overrides(NANO, ["scene.rest=shared", "name=mine"])
    assert named_by_rest(mine, NANO) == mine


def test_the_name_contains_the_changes():
    """Different scenes have different names; a setting that changes no scene changes no name."""

    def name(*assignments: str) -> str:
        return named_by_change(with_overrides(NANO, assignments), NANO).name

    assert name() == name("render.device=cpu", "render.threads=2") == "toys-nano"
    assert name("seed=3") == "toys-nano-seed3"
    changes = [
        ("splits.train=9",),
        ("splits.train=10",),
        ("orbit.pixels=64",),
        ("scene.min_gap_m=0.05",),
        ("assets=/a/meshes",),
    ]
    names = [name(*change) for change in changes]
    assert len(set(names)) == len(names) and all(one.startswith("toys-nano-") for one in names)
    assert name("assets=/b/meshes") == names[-1]
    assert name("seed=3", "splits.train=9", "scene.rest=shared") == f"toys-nano-shared-seed3-{names[0][-6:]}"
    assert name("seed=3", "name=mine") == "mine"


def test_the_names_of_presets_contain_an_unusual_rest_mode():
    """Toys stand upright and parts share a pose; a preset with another mode has it in its name."""
    usual = {"toys": "upright", "parts": "shared"}
    for name in presets():
        kind, _, size = name.partition("-")
        rest = load_preset(kind, size).scene.rest
        assert rest == ("tumbled" if "tumbled" in name else usual[kind])
