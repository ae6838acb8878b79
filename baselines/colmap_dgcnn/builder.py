"""Building COLMAP + DGCNN from a configuration, or from the weights of a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from odd_bench.baselines.colmap_dgcnn.colmap import pycolmap
from odd_bench.baselines.colmap_dgcnn.config import CONFIGURATIONS, RunConfig
from odd_bench.baselines.colmap_dgcnn.model import ColmapDgcnn, categories_of
from odd_bench.baselines.colmap_dgcnn.patchmatch import check_cuda
from odd_bench.data.reader import Dataset
from odd_bench.training.method import MethodSpec


def prepare(config: RunConfig, dataset: Dataset, device: torch.device | str, track) -> tuple[ColmapDgcnn, None]:
    """A new model, with weights from the configured seed. Also reconstructs the clouds of the training scenes on disk.

    track: a function that wraps an iterable of scene names to show progress. Its second argument names the work.
    """
    pycolmap()
    if config.model.reconstruction.stereo == "colmap-cuda":
        check_cuda()
    torch.manual_seed(config.train.seed)
    model = ColmapDgcnn(config.model, config.train.views, config.train.pixels, len(categories_of(dataset)))
    model.read_from(dataset)
    model.store.fill(dataset.scene_names("train"), config.train.views, device, track)
    return model, None


def restore(config: RunConfig, weights: dict[str, Tensor]) -> ColmapDgcnn:
    """The model with weights from a checkpoint."""
    fresh = replace(config.model, dgcnn=replace(config.model.dgcnn, weights="none"))
    model = ColmapDgcnn(fresh, config.train.views, config.train.pixels, len(weights["categories.bias"]))
    model.load_state_dict(weights)
    return model


def describe(config: RunConfig) -> dict[str, Any]:
    """Facts about the method for the prediction file."""
    return {"config": config.name, "stereo": config.model.reconstruction.stereo}


SPEC = MethodSpec("colmap-dgcnn", CONFIGURATIONS, prepare, restore, describe, ("model.cut.source=oracle-box",))
