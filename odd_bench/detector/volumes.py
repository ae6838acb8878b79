"""What the detector makes of the views of a scene, before it looks for objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.hulls import signed_pixels


@dataclass(frozen=True)
class Volumes:
    """features: F_v (b, d, z, y, x). color_alpha: V_c and the opacity of V_sigma, (b, 4, z, y, x) in [0, 1].

    batch: the views that they were built from. silhouettes: (b, m, h, w) logits of their pixels and levels: (b, m, c, h', w')
    each of the image network, where objects are compared by relations; no silhouettes where they are learnt on windows.
    object_above: chance from which on a pixel is an object's. floor: (b, m, c, h, w), what the floor gives away, if it is asked.
    """

    features: Tensor
    color_alpha: Tensor
    batch: SceneBatch | None = None
    silhouettes: Tensor | None = None
    levels: tuple[Tensor, ...] = ()
    object_above: float = 0.5
    floor: Tensor | None = None

    @property
    def alpha(self) -> Tensor:
        """(b, z, y, x)"""
        return self.color_alpha[:, 3]

    @cached_property
    def masks(self) -> Tensor:
        """(b, m, h, w) bool: the pixels that show an object."""
        return self.silhouettes.detach().sigmoid() > self.object_above

    @cached_property
    def outlines(self) -> Tensor:
        """(b, m, h, w) pixels to the outlines of the masks, negative inside. Boxes and hulls are both cut by them."""
        return signed_pixels(self.masks.flatten(0, 1)).unflatten(0, self.masks.shape[:2])
