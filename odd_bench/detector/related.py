"""Objects of a scene compared by relations: hulls, how they lie, their pixels, and what is said of all that."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.detector.consensus import disagreement
from odd_bench.detector.hulls import HullConfig, Hulls, carve
from odd_bench.detector.object_pixels import ObjectPixels, object_pixels, rays_of, shown_objects
from odd_bench.detector.registration import Placements, register
from odd_bench.detector.relations import Compared, Relations
from odd_bench.detector.volumes import Volumes

RIM_PX = 2.5  # as far within its outline a pixel of an object still lies on its rim
RIM_RAYS = 96  # of each object


@dataclass(frozen=True)
class Related:
    """compared: what is said of the objects and of their pixels that were matched, `pixels`."""

    compared: Compared
    pixels: ObjectPixels
    hulls: Hulls
    placements: Placements


def related(compare: Relations, volumes: Volumes, scene: int, boxes: Tensor, config: HullConfig) -> Related:
    """The objects in the boxes (n, 6) of one scene, n at least 1; without autocast, for millimetres count."""
    batch, sizes = volumes.batch, compare.config
    views = batch.K[scene], batch.camera_from_world[scene]
    with torch.autocast(boxes.device.type, enabled=False):
        masks, outlines = volumes.masks[scene], volumes.outlines[scene]
        hulls = carve(outlines, *views, boxes, config)
        shown = shown_objects(hulls, masks.shape[1:], *views)
        pixels = object_pixels(shown, len(hulls), masks, sizes.pixels)
        if len(hulls) > 1:
            on_rims = object_pixels(shown, len(hulls), rims(outlines), RIM_RAYS)
            placements = register(hulls, rays_of(on_rims, hulls, *views))
            shapes = disagreement(hulls, placements, rays_of(pixels, hulls, *views))
        else:
            placements, shapes = register(hulls), None
        levels = [pixels.sampled(level[scene].float()) for level in volumes.levels]
        compared = compare(pixels.sampled(batch.images[scene].float() / 255), levels, pixels.counted, shapes)
    return Related(compared, pixels.first(sizes.compared), hulls, placements)


def rims(outlines: Tensor) -> Tensor:
    """(v, h, w) bool: pixels along the rims of objects, from the pixels to their outlines (v, h, w), negative inside."""
    return (outlines < 0) & (outlines > -RIM_PX)
