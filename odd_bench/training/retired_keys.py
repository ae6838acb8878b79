"""Configurations and weights of earlier versions in today's form: retired keys, changed values, renamed weights.

No configuration ever set the retired keys, so each had one value, which is now a constant in the code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from odd_bench.errors import WrongUse

OF_IMAGE_NETWORK = {"model.backbone.color": False}
RETIRED: dict[str, dict[str, Any]] = {  # by model, then key: the value it always had, as in JSON
    "reference": {
        **OF_IMAGE_NETWORK,
        "model.aligned.widths": [16, 32, 48],
        "model.canonical.spread_cells": 0.7,
        "model.canonical.temperature": 0.1,
        "model.canonical.tolerance": 0.1,
        "model.canonical.turns": 8,
        "model.carving.finer": 2,
        "model.carving.least_voxels": 8,
        "model.carving.prefer": 0.1,
        "model.carving.reach_m": 0.1,
        "model.centres.apart_m": 0.1,
        "model.centres.hidden": 32,
        "model.centres.peak_above": 0.3,
        "model.centres.spread_m": 0.04,
        "model.centres.within_m": 0.1,
        "model.loss.canonical": 1.0,
        "model.loss.match_iou": 0.25,
        "model.loss.silhouette": 1.0,
        "model.relations.hidden": 32,
        "model.relations.memory": 4096,
        "model.relations.pixels": 1500,
    },
    "imvoxelnet": OF_IMAGE_NETWORK,
    "detr3d": OF_IMAGE_NETWORK,
}

CHANGED_VALUES = {  # by model, then key: values that were stored, and what replaces them
    "reference": {"model.sides": ((True, {"networks": 4}), (False, {"networks": 0}))},
}

MOVED_WEIGHTS = {  # by model: patterns for the start of earlier names of weights, and the start of the current names
    "reference": (
        (r"^silhouettes\.", "compare.silhouettes."),
        (r"^compare\.decision\.memory\.figures$", "compare.relations.decision.memory.features"),
        (r"^compare\.(pixel|decision)\.", r"compare.relations.\1."),
        (r"^compare\.aligned\.(line|network)\.", r"compare.aligned.networks.0.\1."),
        (r"^compare\.heights\.layers\.", "compare.heights.networks.0."),
        (r"^compare\.sides\.members\.", "compare.sides.networks."),
    ),
}


def with_moved_weights(model: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a model under their current names."""
    for former, name in MOVED_WEIGHTS.get(model, ()):
        weights = {re.sub(former, name, key): value for key, value in weights.items()}
    return dict(weights)


def without_retired(model: str, config: Any, where: str) -> Any:
    """The stored configuration of a model as this version writes it: plain values without retired keys, changed values replaced.

    where: the file, for messages. Raises WrongUse, which names every retired key with an unusual value. A value that is not a
    configuration is returned unchanged; it is checked elsewhere.
    """
    if not isinstance(model, str):
        return config
    wrong = []
    for key, value in RETIRED.get(model, {}).items():
        path = key.split(".")
        if has(config, path):
            found = value_at(config, path)
            if not same(found, value):
                wrong.append(f"{key}: found {found!r}; expected {value!r}")
            config = without(config, path)
    if wrong:
        raise WrongUse(
            f"{where}: {'; '.join(wrong)}, since this version has no such keys and always uses these values. "
            "Hint: use the version of odd-bench that trained it, or train again"
        )
    for key, changes in CHANGED_VALUES.get(model, {}).items():
        path = key.split(".")
        for former, value in changes if has(config, path) else ():
            if same(value_at(config, path), former):
                config = changed(config, path, value)
    return config


def value_at(config: Any, path: list[str]) -> Any:
    """The value at `path` in nested mappings; None if a mapping is missing."""
    for name in path:
        config = config.get(name) if isinstance(config, Mapping) else None
    return config


def has(config: Any, path: list[str]) -> bool:
    """Whether nested mappings have the key at `path`."""
    section = value_at(config, path[:-1])
    return isinstance(section, Mapping) and path[-1] in section


def same(found: Any, value: Any) -> bool:
    """Whether a stored value equals the one that a key always had; a list may be a tuple, and a boolean is not a number."""
    found = list(found) if isinstance(found, tuple) else found
    return isinstance(found, bool) == isinstance(value, bool) and found == value


def without(config: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    """A copy of nested mappings without the key at `path`."""
    name, *deeper = path
    if not deeper:
        return {key: value for key, value in config.items() if key != name}
    return {**config, name: without(config[name], deeper)}


def changed(config: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """A copy of nested mappings with another value at `path`."""
    name, *deeper = path
    return {**config, name: changed(config[name], deeper, value) if deeper else value}
