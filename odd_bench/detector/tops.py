"""How high an object reaches: what views from above cannot cut off a flat one.

Seen from above, a plate is a cone to its silhouettes: no view looks along its top. A layer of such a cone is the smaller the higher
it lies, and fainter in the learnt volume; how an object's layers shrink and fade tells how much of the height is made up.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from odd_bench.detector.carving import Carved

LAYERS = 10
FIGURES = 3 * LAYERS + 4
LOWEST, HIGHEST = -1.2, 0.2  # logarithms that heights are changed by at most
SLIGHT = 0.1  # errors of the logarithm below this count by their square


class Tops(nn.Module):
    """A line through the figures of an object's layers, which starts by changing nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(FIGURES, 1)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, carved: Carved) -> Tensor:
        """(n,) logarithm of true height over carved height."""
        layers = torch.from_numpy(layer_figures(carved)).to(self.linear.weight)
        with torch.autocast(layers.device.type, enabled=False):  # heights are millimetres
            return self.linear(layers)[:, 0].clamp(LOWEST, HIGHEST)

    @torch.no_grad()
    def lowered(self, carved: Carved) -> np.ndarray:
        """Boxes (n, 6) of the carved objects, as high as they are thought to be."""
        return with_heights(carved.boxes, carved.boxes[:, 5] * self(carved).exp().cpu().numpy())

    def loss(self, carved: Carved, true_boxes: np.ndarray, owner: np.ndarray) -> Tensor:
        """Mean error of the logarithm. true_boxes: (t, 6). owner: (n,) number of the true object of each, -1 for none."""
        judged = owner >= 0
        if not judged.any():
            return self(carved).sum() * 0
        boxes, true = carved.boxes[judged], true_boxes[owner[judged]]
        height = (true[:, 2] + true[:, 5] / 2) - (boxes[:, 2] - boxes[:, 5] / 2)
        wanted = np.log(np.maximum(height / boxes[:, 5], np.exp(LOWEST))).clip(LOWEST, HIGHEST)
        found = self(carved)[torch.from_numpy(judged)]
        return smooth_l1_loss(found, torch.from_numpy(wanted).to(found), beta=SLIGHT)


def with_heights(boxes: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Boxes (n, 6) with other heights (n,), their bottoms where they were."""
    changed = boxes.copy()
    changed[:, 2] += (heights - boxes[:, 5]) / 2
    changed[:, 5] = heights
    return changed


def layer_figures(carved: Carved) -> np.ndarray:
    """(n, FIGURES): of LAYERS layers from bottom to top, size relative to the largest, mean and largest alpha; then the logarithms
    of the sides of the box, metres, and of its height over its width.
    """
    found = np.zeros((len(carved.objects), FIGURES))
    for number, (voxels, alpha, box) in enumerate(zip(carved.objects, carved.alphas, carved.boxes, strict=True)):
        height = voxels[:, 2] - voxels[:, 2].min()
        layer = (height / (height.max() + 1) * LAYERS).astype(int)
        count = np.bincount(layer, minlength=LAYERS)
        mean = np.bincount(layer, alpha, minlength=LAYERS) / np.maximum(count, 1)
        largest = np.zeros(LAYERS)
        np.maximum.at(largest, layer, alpha)
        flatness = np.log(box[5] / np.sqrt(box[3] * box[4]))
        found[number] = np.concatenate([count / count.max(), mean, largest, np.log(box[3:]), [flatness]])
    return found
