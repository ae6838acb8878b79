"""Views of a capture as a batch of one scene without ground truth, the input of every method."""

from __future__ import annotations

import numpy as np
import torch

from odd_bench.captures.resample import View
from odd_bench.data.batch import SceneBatch


def capture_batch(name: str, views: list[View], numbers: list[int]) -> SceneBatch:
    """The batch of one scene. views: all of one size. numbers: indices of their photographs."""
    images = np.stack([view.picture for view in views]).transpose(0, 3, 1, 2)
    empty = torch.zeros((1, len(views), *images.shape[2:]), dtype=torch.uint8)
    return SceneBatch(
        names=[name],
        views=[list(numbers)],
        images=torch.from_numpy(np.ascontiguousarray(images))[None],
        instance=empty,
        change=empty.clone(),
        K=_stacked([view.camera.K for view in views]),
        camera_from_world=_stacked([view.camera.camera_from_world for view in views]),
        boxes=[torch.zeros(0, 6)],
        obbs=[torch.zeros(0, 7)],
        labels=[torch.zeros(0, dtype=torch.long)],
        world_from_object=[torch.zeros(0, 4, 4)],
    )


def _stacked(arrays: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(arrays)).float()[None]
