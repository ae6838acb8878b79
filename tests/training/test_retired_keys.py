"""Retired configuration keys: stored with the value they always had, they are dropped; with another value, they are refused."""

import copy
import re

import pytest
import torch

from odd_bench.configuration import explained, to_mapping
from odd_bench.detector.builder import build
from odd_bench.errors import WrongUse
from odd_bench.methods import METHODS, method_spec
from odd_bench.training.checkpoint import Checkpoint, check_same_run, load_checkpoint, save_checkpoint
from odd_bench.training.retired_keys import CHANGED_VALUES, RETIRED, with_moved_weights, without_retired
from odd_bench.weights import read_card, read_stored, shipped

of_every_key = pytest.mark.parametrize(("model", "key"), [(model, key) for model in RETIRED for key in RETIRED[model]])


def put(config: dict, key: str, value: object) -> dict:
    """A copy of nested mappings with a value at a key whose parts are joined by dots."""
    config = copy.deepcopy(config)
    *sections, name = key.split(".")
    place = config
    for section in sections:
        place = place.setdefault(section, {})
    place[name] = value
    return config


def of_earlier_version(model: str) -> tuple[dict, dict]:
    """A configuration of today, and the same as stored by a version that had all retired keys."""
    spec = method_spec(model)
    today = to_mapping(spec.configurations.load(next(iter(spec.configurations.named()))))
    earlier = today
    for key, value in RETIRED[model].items():
        earlier = put(earlier, key, value)
    return today, earlier


@pytest.mark.parametrize("model", METHODS)
def test_no_configuration_has_a_retired_key(model):
    assert not {one.key for one in explained(method_spec(model).configurations.cls)} & set(RETIRED.get(model, {}))


@pytest.mark.parametrize("model", RETIRED)
def test_retired_keys_with_their_only_value_are_dropped(model):
    today, earlier = of_earlier_version(model)
    kept = copy.deepcopy(earlier)
    assert without_retired(model, earlier, "run") == today == without_retired(model, today, "run")
    assert earlier == kept


@of_every_key
def test_another_value_is_refused_and_its_key_named(model, key):
    for other in (-1.5, "many", None):
        with pytest.raises(
            WrongUse, match=r"Hint: use the version of odd-bench that trained it, or train again"
        ) as told:
            without_retired(model, put({}, key, other), "run")
        assert str(told.value).startswith(f"run: {key}: found {other!r}; expected {RETIRED[model][key]!r}, ")


def test_all_wrong_values_are_reported_and_a_boolean_is_not_a_number():
    _, earlier = of_earlier_version("reference")
    wrong = put(put(earlier, "model.loss.silhouette", True), "model.carving.finer", 3)
    with pytest.raises(WrongUse, match=r"model\.carving\.finer: found 3.*model\.loss\.silhouette: found True"):
        without_retired("reference", wrong, "run")


def test_a_value_that_is_not_a_configuration_is_left_to_the_checker():
    for strange in (None, 3, [1], {"model": 4}, {"model": {"loss": [2]}}):
        assert without_retired("reference", strange, "run") == strange
    assert without_retired(["reference"], {"model": {}}, "run") == {"model": {}}


def test_a_checkpoint_of_an_earlier_version_loads_and_its_run_continues(tmp_path):
    today, earlier = of_earlier_version("reference")
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, Checkpoint("reference", earlier, 0, 3, False, {"weight": torch.ones(2)}))
    stored = load_checkpoint(path)
    assert stored.config == today
    check_same_run(path, stored, "reference", today, "")
    save_checkpoint(path, Checkpoint("reference", put(earlier, "model.carving.finer", 3), 0, 3, False, {}))
    with pytest.raises(WrongUse, match=rf"{re.escape(str(path))}: model\.carving\.finer: found 3; expected 2"):
        load_checkpoint(path)


@pytest.mark.parametrize(("model", "key"), [(model, key) for model in CHANGED_VALUES for key in CHANGED_VALUES[model]])
def test_former_values_of_a_key_are_read_as_those_of_today(model, key):
    configurations = method_spec(model).configurations
    today = to_mapping(configurations.load(next(iter(configurations.named()))))
    for former, value in CHANGED_VALUES[model][key]:
        read = without_retired(model, put(today, key, former), "run")
        assert read == put(today, key, value) == without_retired(model, read, "run")
        assert to_mapping(configurations.from_mapping(read, "run")) == read
    assert without_retired(model, {"model": {}}, "run") == {"model": {}}


def test_shipped_weights_are_read_without_retired_keys():
    for name, file in shipped().items():
        stored = read_stored(name)
        spec = method_spec(stored.model)
        assert to_mapping(spec.configurations.from_mapping(stored.config, name)) == stored.config
        assert stored.config == without_retired(stored.model, read_card(file)["config"], name)


FORMER = {  # a name of each kind in an earlier version, and its name today
    "silhouettes.out.weight": "compare.silhouettes.out.weight",
    "compare.decision.memory.figures": "compare.relations.decision.memory.features",
    "compare.decision.linear.weight": "compare.relations.decision.linear.weight",
    "compare.pixel.0.weight": "compare.relations.pixel.0.weight",
    "compare.aligned.line.bias": "compare.aligned.networks.0.line.bias",
    "compare.aligned.network.out.weight": "compare.aligned.networks.0.network.out.weight",
    "compare.heights.layers.0.weight": "compare.heights.networks.0.0.weight",
    "compare.sides.members.3.0.bias": "compare.sides.networks.3.0.bias",
}


def test_renamed_weights_are_found_under_their_new_names(tmp_path):
    numbers = {name: torch.full((1,), float(k)) for k, name in enumerate([*FORMER, "backbone.head.weight"])}
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, Checkpoint("reference", of_earlier_version("reference")[1], 0, 3, False, numbers))
    today = load_checkpoint(path).weights
    assert today == {FORMER.get(name, name): value for name, value in numbers.items()}
    assert with_moved_weights("reference", today) == today and with_moved_weights("detr3d", numbers) == numbers


def test_weights_are_renamed_to_names_of_the_model():
    config = method_spec("reference").resolved("aligned", ["model.backbone.weights=none"]).model
    assert set(FORMER.values()) <= set(build(config).state_dict())
