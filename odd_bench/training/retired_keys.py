"""Retired configuration keys and renamed weights in checkpoints and weights files of earlier versions.

No configuration ever set these keys, so each had one value, which is now a constant in the code.
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

MOVED_WEIGHTS = {  # by model: patterns for the start of earlier names of weights, and the start of the current names
    "reference": (
        (r"^silhouettes\.", "compare.silhouettes."),
        (r"^compare\.decision\.memory\.figures$", "compare.relations.decision.memory.features"),
        (r"^compare\.(pixel|decision)\.", r"compare.relations.\1."),
        (r"^compare\.aligned\.(line|network)\.", r"compare.aligned.networks.0.\1."),
        (r"^compare\.heights\.layers\.", "compare.heights.networks.0."),
    ),
}


def with_moved_weights(model: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a model under their current names."""
    for former, name in MOVED_WEIGHTS.get(model, ()):
        weights = {re.sub(former, name, key): value for key, value in weights.items()}
    return dict(weights)


def without_retired(model: str, config: Any, where: str) -> Any:
    """The stored configuration of a model, plain values, without its retired keys. where: the file, for messages.

    Raises WrongUse, which names every retired key with an unusual value. A value that is not a configuration is returned unchanged;
    it is checked elsewhere.
    """
    wrong = []
    for key, value in RETIRED.get(model, {}).items() if isinstance(model, str) else ():
        *sections, name = key.split(".")
        found = config
        for section in sections:
            found = found.get(section) if isinstance(found, Mapping) else None
        if isinstance(found, Mapping) and name in found:
            if not same(found[name], value):
                wrong.append(f"{key}: found {found[name]!r}; expected {value!r}")
            config = without(config, [*sections, name])
    if wrong:
        raise WrongUse(
            f"{where}: {'; '.join(wrong)}, since this version has no such keys and always uses these values. "
            "Hint: use the version of odd-bench that trained it, or train again"
        )
    return config


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
