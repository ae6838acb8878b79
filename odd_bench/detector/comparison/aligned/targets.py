"""What the generator changed, in the windows of objects: what the network is to find."""

from __future__ import annotations

import torch
from torch import Tensor

from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.comparison.aligned.channels import AlignedChannels


@torch.no_grad()
def changed_cells(
    aligned: AlignedChannels, instance: Tensor, change: Tensor, owner: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """(n, v, s, s) whether a cell shows a change of its object, and whether that is known.

    instance, change: (v, h, w), see SceneBatch. owner: (n,) number of the true object, -1 for none. labels: of the true objects.
    A change is surface that is new, moved or recoloured, or a place where surface was lost. Nothing is known of cells that show
    another object, nor of an odd object whose change no view shows. Cells that show floor are unchanged, silhouette or not.
    """
    shows = aligned.crops.cut(instance[:, None].float(), "nearest")[:, :, 0].transpose(0, 1)  # (n, v, s, s)
    kind = aligned.crops.cut(change[:, None].float(), "nearest")[:, :, 0].transpose(0, 1)
    true = owner.clamp(min=0)
    own, odd = shows == true[:, None, None, None] + 1, (owner >= 0) & (labels[true] == 1)
    changed = (own & (kind == CHANGED)) | ((kind == LOST) & odd[:, None, None, None])
    present = changed.flatten(1).any(dim=1)
    judged = (owner >= 0) & (~odd | present)
    return changed, judged[:, None, None, None] & (aligned.counted | changed) & (own | (shows == 0) | changed)
