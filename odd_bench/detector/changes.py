"""Which cells of an object the generator changed: what the masks of the training data say of them."""

from __future__ import annotations

import torch
from torch import Tensor

from odd_bench.data.batch import SceneBatch
from odd_bench.data.record import CHANGED
from odd_bench.detector.backproject import project_points


@torch.no_grad()
def changed_share(cells: Tensor, owner: Tensor, batch: SceneBatch, scene: int) -> tuple[Tensor, Tensor]:
    """(n, t) share of the views showing a cell that show it changed, and whether that is known.

    cells: (n, t, 3) metres, world. owner: (n,) number of the object they belong to, -1 for none. A view shows a cell if the
    object covers its projection. Nothing is known of an odd object whose change no view of the batch shows.
    """
    instance, change = batch.instance[scene], batch.change[scene] == CHANGED  # (v, h, w)
    height, width = instance.shape[1:]
    pixels, depth = project_points(batch.K[scene], batch.camera_from_world[scene], cells.reshape(-1, 3))
    column, row = pixels.floor().long().unbind(dim=-1)  # (v, n * t)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (depth > 0)
    at = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
    number = (owner + 1).repeat_interleave(cells.shape[1])
    shows = inside & (number > 0) & (instance.flatten(1).gather(1, at) == number)
    changed = shows & change.flatten(1).gather(1, at)
    seen = shows.sum(dim=0).reshape(cells.shape[:2])
    share = changed.sum(dim=0).reshape(cells.shape[:2]) / seen.clamp(min=1)
    labels = batch.labels[scene].to(owner.device)
    odd = (owner >= 0) & (labels[owner.clamp(min=0)] == 1)
    present = torch.stack([(change & (instance == number + 1)).any() for number in owner.tolist()])
    return share, (seen > 0) & (~odd | present)[:, None]
