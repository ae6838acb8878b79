"""Objects of a scene compared by relations: hulls, how they lie, their pixels, and what is said of all that."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.detector.comparison.aligned.channels import AlignedChannels, aligned_channels
from odd_bench.detector.comparison.aligned.network import AlignedComparison, Judged
from odd_bench.detector.consensus import agreed_shapes, disagreement
from odd_bench.detector.hulls import HullConfig, Hulls, carve
from odd_bench.detector.object_pixels import ObjectPixels, object_pixels, rays_of, shown_objects
from odd_bench.detector.registration import Placements
from odd_bench.detector.registration_yaw import register_standing
from odd_bench.detector.relations import Compared, Relations
from odd_bench.detector.surface_looks import hues, surface_looks
from odd_bench.detector.volumes import Volumes

RIM_PX = 2.5  # as far within its outline a pixel of an object still lies on its rim
RIM_RAYS = 96  # of each object


@dataclass(frozen=True)
class Related:
    """compared: what is said of the objects and of their pixels that were matched, `pixels`. judged: what is said of aligned
    references, `aligned`, where there are any.
    """

    compared: Compared
    pixels: ObjectPixels
    hulls: Hulls
    placements: Placements
    aligned: AlignedChannels | None = None
    judged: Judged | None = None

    @property
    def logits(self) -> Tensor:
        """(n,) of the objects, above 0 = anomalous: by relations, and by aligned references where there are any."""
        return self.compared.logits if self.judged is None else (self.compared.logits + self.judged.logits) / 2


def related(
    compare: Relations, volumes: Volumes, scene: int, boxes: Tensor, config: HullConfig, registration: str = "auto",
    aligned: AlignedComparison | None = None,
) -> Related:  # fmt: skip
    """The objects in the boxes (n, 6) of one scene, n at least 1; geometry without autocast, for millimetres count.

    aligned: what judges aligned references, which are made of two objects or more.
    """
    batch, sizes = volumes.batch, compare.config
    views = batch.K[scene], batch.camera_from_world[scene]
    with torch.autocast(boxes.device.type, enabled=False):
        masks, outlines = volumes.masks[scene], volumes.outlines[scene]
        pictures = batch.images[scene].float() / 255
        hulls = carve(outlines, *views, boxes, config)
        shown = shown_objects(hulls, masks.shape[1:], *views)
        pixels = object_pixels(shown, len(hulls), masks, sizes.pixels)
        if len(hulls) > 1:
            on_rims = object_pixels(shown, len(hulls), rims(outlines), RIM_RAYS)
            looks = surface_looks(hulls, shown, hues(pictures, masks), *views)
            placements = register_standing(hulls, rays_of(on_rims, hulls, *views), looks, registration)
            agreed = agreed_shapes(hulls, placements)
            shapes = disagreement(hulls, placements, rays_of(pixels, hulls, *views), agreed)
        else:
            placements, agreed, shapes = register_standing(hulls), None, None
        maps = [level[scene].float() for level in volumes.levels]
        levels = [pixels.sampled(level) for level in maps]
        compared = compare(pixels.sampled(pictures), levels, pixels.counted, shapes)
        if aligned is None or agreed is None:
            return Related(compared, pixels.first(sizes.compared), hulls, placements)
        channels = aligned_channels(
            pictures, maps, masks, outlines, shown, boxes, hulls, placements, agreed, *views, aligned.cells
        )
    return Related(compared, pixels.first(sizes.compared), hulls, placements, channels, aligned(channels))


def rims(outlines: Tensor) -> Tensor:
    """(v, h, w) bool: pixels along the rims of objects, from the pixels to their outlines (v, h, w), negative inside."""
    return (outlines < 0) & (outlines > -RIM_PX)
