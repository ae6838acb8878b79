"""The methods that `odd-bench train` knows. Each builder module offers load_config, from_mapping, to_mapping,
with_overrides, prepare, restore and describe, as odd_bench/detector/builder.py does, and TOLD_BOXES: the assignments that tell
the method the true boxes, none where it cannot be told."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from odd_bench.errors import WrongUse

BUILDERS = {
    "reference": "odd_bench.detector.builder",
    "imvoxelnet": "odd_bench.baselines.imvoxelnet.builder",
    "detr3d": "odd_bench.baselines.detr3d.builder",
    "colmap-dgcnn": "odd_bench.baselines.colmap_dgcnn.builder",
}


def builder(model: str) -> ModuleType:
    """The builder module of a method. Raises WrongUse for an unknown name."""
    if model not in BUILDERS:
        raise WrongUse(f"--model: found {model!r}; expected one of {', '.join(BUILDERS)}")
    return import_module(BUILDERS[model])
