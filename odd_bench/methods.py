"""The methods of `odd-bench train`, and their trained runs.

dataset, run = open_dataset("data/toys-mini"), load_run("runs/mini")
predict_split(run, dataset, "test-unseen", Path("predictions.json"))
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from odd_bench.configuration import did_you_mean
from odd_bench.errors import WrongUse
from odd_bench.training.checkpoint import checkpoint_file, load_checkpoint
from odd_bench.training.method import MethodSpec
from odd_bench.training.predict import Run, restore_run

METHODS = ("reference", "imvoxelnet", "detr3d", "colmap-dgcnn")


def method_spec(name: str) -> MethodSpec:
    """The specification of a method; its packages are imported here. Raises WrongUse for an unknown name."""
    if name == "reference":
        from odd_bench.detector.builder import SPEC
    elif name == "imvoxelnet":
        from odd_bench.baselines.imvoxelnet.builder import SPEC
    elif name == "detr3d":
        from odd_bench.baselines.detr3d.builder import SPEC
    elif name == "colmap-dgcnn":
        from odd_bench.baselines.colmap_dgcnn.builder import SPEC
    else:
        raise WrongUse(f"--model: found {name!r}; expected one of {', '.join(METHODS)}{did_you_mean(name, METHODS)}")
    return SPEC


def load_run(path: Path | str, overrides: Sequence[str] = ()) -> Run:
    """A run, given by its folder or a checkpoint, ready to predict. overrides: of keys that do not change the weights.

    Raises WrongUse if there is no checkpoint, or if its weights do not fit the configuration.
    """
    file = checkpoint_file(Path(path))
    checkpoint = load_checkpoint(file)
    return restore_run(method_spec(checkpoint.model), checkpoint, file, overrides)
