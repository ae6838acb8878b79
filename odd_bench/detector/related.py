"""Objects of a scene compared by relations: hulls, how they lie, their pixels, and what is said of all that."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.detector.consensus import disagreement
from odd_bench.detector.hulls import HullConfig, Hulls, carve
from odd_bench.detector.object_pixels import ObjectPixels, Rays, object_pixels, rays_of
from odd_bench.detector.registration import Placements, register
from odd_bench.detector.relations import Compared, Relations
from odd_bench.detector.volumes import Volumes


@dataclass(frozen=True)
class Related:
    """compared: what is said of the objects and of their pixels that were matched, `pixels`."""

    compared: Compared
    pixels: ObjectPixels
    hulls: Hulls
    placements: Placements


RIM_PX = 2.5  # as far within its outline a pixel of an object still lies on its rim
RIM_RAYS = 96  # of each object


def related(compare: Relations, volumes: Volumes, scene: int, boxes: Tensor, config: HullConfig) -> Related:
    """The objects in the boxes (n, 6) of one scene, n at least 1; without autocast, for millimetres count."""
    batch, sizes = volumes.batch, compare.config
    views = batch.K[scene], batch.camera_from_world[scene]
    with torch.autocast(boxes.device.type, enabled=False):
        masks = volumes.masks[scene]
        hulls = carve(volumes.outlines[scene], *views, boxes, config)
        placements = register(hulls, rims(hulls, volumes.outlines[scene], *views))
        pixels = object_pixels(hulls, masks, *views, sizes.pixels)
        shapes = disagreement(hulls, placements, rays_of(pixels, hulls, *views)) if len(hulls) > 1 else None
        levels = [pixels.sampled(level[scene].float()) for level in volumes.levels]
        compared = compare(pixels.sampled(batch.images[scene].float() / 255), levels, pixels.counted, shapes)
    return Related(compared, pixels.first(sizes.compared), hulls, placements)


def rims(hulls: Hulls, outlines: Tensor, K: Tensor, camera_from_world: Tensor) -> Rays:
    """Rays along the rims of the objects. outlines: (v, h, w) pixels to the outlines of all objects, negative inside."""
    on_rim = (outlines < 0) & (outlines > -RIM_PX)
    return rays_of(object_pixels(hulls, on_rim, K, camera_from_world, RIM_RAYS), hulls, K, camera_from_world)
