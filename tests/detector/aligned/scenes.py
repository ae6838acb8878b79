"""Scenes of equal solids with known placements, one of them perhaps changed, for tests of aligned references."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from odd_bench.detector.comparison.aligned import AlignedChannels, aligned_channels
from odd_bench.detector.comparison.consensus import agreed_shapes
from odd_bench.detector.hulls import Hulls, signed_pixels
from odd_bench.detector.object_pixels import shown_objects
from odd_bench.detector.registration import Placements
from odd_bench.scene import Camera
from tests.detector.shapes import ARMS, EXTRA, Bricks, boxes_of, cameras_around, carved, shown, turned
from tests.detector.worlds import stacked

PLACES = ((0.0, 0.0, 0.0), (0.4, 0.0, 0.0), (0.0, 0.4, 0.0), (-0.4, 0.0, 0.0))
YAWS_DEG = (0.0, 70.0, 160.0, 250.0)
PIXELS, VIEWS, SCALE = 128, 5, 0.12


@dataclass(frozen=True)
class Staged:
    """A scene as the detector sees it. instance: (v, h, w) as in the data set; images: (v, 3, h, w) in [0, 1]."""

    solids: list[Bricks]
    cameras: list[Camera]
    instance: Tensor
    images: Tensor
    hulls: Hulls
    placements: Placements

    @property
    def views(self) -> tuple[Tensor, Tensor]:
        return stacked(self.cameras)

    @property
    def masks(self) -> Tensor:
        return self.instance > 0

    def channels(self, images: Tensor | None = None, masks: Tensor | None = None, cells: int = 32) -> AlignedChannels:
        """Three levels of features that are equal for equal colours: the pictures themselves, at three sizes."""
        images, masks = self.images if images is None else images, self.masks if masks is None else masks
        levels = [torch.nn.functional.avg_pool2d(images, stride) for stride in (4, 8, 16)]
        around = shown_objects(self.hulls, tuple(masks.shape[1:]), *self.views)
        return aligned_channels(
            images, levels, masks, signed_pixels(masks), around, boxes_of(self.solids), self.hulls, self.placements,
            agreed_shapes(self.hulls, self.placements), *self.views, cells,
        )  # fmt: skip


def staged(extra: int | None = None, lacking: int | None = None, order: tuple[int, ...] = (0, 1, 2, 3)) -> Staged:
    """Four solids at PLACES, in the given order. extra, lacking: the numbers of those with one part more or one less."""
    solids = []
    for number in order:
        parts = ARMS + (EXTRA,) if number == extra else ARMS[:2] if number == lacking else ARMS
        solids.append(Bricks(parts, PLACES[number], turned((0, 0, 1), YAWS_DEG[number]), SCALE))
    cameras = cameras_around(VIEWS, PIXELS, 1.6)
    instance = shown(solids, cameras)
    hulls = carved(instance, cameras, solids)
    return Staged(solids, cameras, instance, painted(instance), hulls, true_placements(solids, hulls))


def painted(instance: Tensor) -> Tensor:
    """(v, 3, h, w): all objects in one colour, the background in another."""
    object_color, background = torch.tensor([0.7, 0.4, 0.3]), torch.tensor([0.3, 0.5, 0.4])
    return torch.where(instance[:, None] > 0, object_color[:, None, None], background[:, None, None])


def true_placements(solids: list[Bricks], hulls: Hulls) -> Placements:
    turns = torch.tensor(np.stack([solid.rotation for solid in solids])).float()
    places = torch.tensor([solid.centre for solid in solids]).float()
    rotation = turns[None] @ turns[:, None].transpose(-1, -2)  # (a, b)
    there = places[None] + (rotation @ (hulls.centres - places)[:, None, :, None])[..., 0]
    return Placements(rotation, (there - hulls.centres[None]) / hulls.half_m)
