"""What the detector makes of the views of a scene, before it looks for objects."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from odd_bench.data.batch import SceneBatch


@dataclass(frozen=True)
class Volumes:
    """features: F_v (b, d, z, y, x). color_alpha: V_c and the opacity of V_sigma, (b, 4, z, y, x) in [0, 1].

    batch: the views that they were built from. silhouettes: (b, m, h, w) logits of their pixels and levels: (b, m, c, h', w')
    each of the image network, where objects are compared by relations.
    """

    features: Tensor
    color_alpha: Tensor
    batch: SceneBatch | None = None
    silhouettes: Tensor | None = None
    levels: tuple[Tensor, ...] = ()

    @property
    def alpha(self) -> Tensor:
        """(b, z, y, x)"""
        return self.color_alpha[:, 3]

    def masks(self, scene: int, object_above: float) -> Tensor:
        """(m, h, w) bool: the pixels of a scene's views that show an object with a chance above `object_above`."""
        return self.silhouettes[scene].detach().sigmoid() > object_above
