"""The objects of a scene, carved out of boxes and laid upon each other: what boxes are mended by and objects compared by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.detector.comparison.consensus import agreed_shapes
from odd_bench.detector.hulls import HullConfig, Hulls, carve
from odd_bench.detector.object_pixels import ObjectPixels, object_pixels, rays_of, shown_objects
from odd_bench.detector.registration import Placements
from odd_bench.detector.registration_yaw import hues, register_standing, surface_appearance
from odd_bench.detector.volumes import Volumes

RIM_PX = 2.5  # as far within its outline a pixel of an object still lies on its rim
RIM_RAYS = 96  # of each object


@dataclass(frozen=True)
class Laid:
    """Objects laid upon each other. shown: (v, h, w) number of the object that each pixel shows. pixels: some of each object.
    agreed: see `agreed_shapes`; None of an object alone.
    """

    hulls: Hulls
    shown: Tensor
    pixels: ObjectPixels
    placements: Placements
    agreed: Tensor | None


@dataclass(frozen=True)
class Placed:
    """How the objects in boxes (n, 6) lie upon each other, found while their boxes were others: in those the hulls were carved."""

    boxes: Tensor
    hulls: Hulls
    placements: Placements


@torch.no_grad()
def laid_upon_each_other(
    volumes: Volumes, scene: int, boxes: Tensor, config: HullConfig, registration: str, pixels: int, placed: Placed | None = None
) -> Laid:  # fmt: skip
    """The objects in the boxes (n, 6) of one scene, n at least 1; without autocast, for millimetres count.

    pixels: how many are taken of each object. placed: where they are laid already, of the same boxes; others are searched for.
    """
    batch = volumes.batch
    views = batch.K[scene], batch.camera_from_world[scene]
    with torch.autocast(boxes.device.type, enabled=False):
        masks, outlines = volumes.masks[scene], volumes.outlines[scene]
        hulls = carve(outlines, *views, boxes, config)
        shown = shown_objects(hulls, masks.shape[1:], *views)
        taken = object_pixels(shown, len(hulls), masks, pixels)
        if len(hulls) == 1:
            return Laid(hulls, shown, taken, register_standing(hulls), None)
        if placed is not None and torch.equal(placed.boxes, boxes):
            placements = placed.placements.between_cubes(placed.hulls, hulls)
            return Laid(hulls, shown, taken, placements, agreed_shapes(hulls, placements))
        on_rims = object_pixels(shown, len(hulls), rims(outlines), RIM_RAYS)
        appearance = surface_appearance(hulls, shown, hues(batch.images[scene].float() / 255, masks), *views)
        placements = register_standing(hulls, rays_of(on_rims, hulls, *views), appearance, registration)
        return Laid(hulls, shown, taken, placements, agreed_shapes(hulls, placements))


def rims(outlines: Tensor) -> Tensor:
    """(v, h, w) bool: pixels along the rims of objects, from the pixels to their outlines (v, h, w), negative inside."""
    return (outlines < 0) & (outlines > -RIM_PX)
