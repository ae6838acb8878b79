"""Every wrong configuration is named: where, found, expected."""

import pytest

from odd_bench.generate.config import ConfigError, from_mapping, load_preset, presets, to_mapping, with_overrides

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
        ("orbit.pixels=many", "found 'many'; expected a value like 128"),
        ("orbit.pixels=8", "found 20 views, 8 pixels"),
        ("scene.rest=standing", "expected distribution or shared"),
        ("scene.min_objects=2", "expected 3 to 84"),
        ("render.device=tpu", "expected auto, cpu or gpu"),
        ("seed=-1", "a whole number >= 0"),
        ("splits.test=3", "expected some of"),
        ("splits.train=-3", "expected counts >= 0"),
        ("odd.weights.crush=1", "found anomaly types"),
        ("seed.low=1", "holds one value"),
        ("seed", "expected key=value"),
    ],
)
def test_a_wrong_assignment_is_named(assignment, message):
    with pytest.raises(ConfigError, match=message):
        with_overrides(NANO, [assignment])


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(ConfigError, match=r"found 'nanoo'.*Did you mean 'toys-nano'"):
        load_preset("toys", "nanoo")


def test_a_mapping_without_the_needed_keys_is_refused():
    with pytest.raises(ConfigError, match=r"found no \['kind', 'splits'\]"):
        from_mapping({"name": "mine"}, "mine.yaml")
