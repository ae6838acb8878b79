"""The registered objects of a scene, the shape that they agree on, and how each differs from what the others agree on.

A visual hull is larger than its object in the directions that no view cuts. Registered hulls of equal objects cut each other:
five views of five objects are as good as twenty-five views of one. The rank of a distance among those of the others decides how
many of them must agree, because some of them may be odd.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.detector.hulls import HullConfig, Hulls, at, carve, passing
from odd_bench.detector.object_pixels import ObjectPixels, ObjectRays, object_pixels, rays_of, shown_objects
from odd_bench.detector.registration import Placements
from odd_bench.detector.registration_yaw import hues, register_standing, surface_appearance
from odd_bench.detector.volumes import Volumes

TOP_SHARES = (0.1, 0.03)  # of an object's points: an anomaly is seldom larger
FARTHEST = 1e3  # distance to what does not count


def summary(values: Tensor, counted: Tensor) -> Tensor:
    """(..., 3 f): mean and means of the largest shares of values (..., t, f) over the counted points (..., t)."""
    number = counted.sum(dim=-1, keepdim=True).clamp(min=1)  # (..., 1)
    features = [values.masked_fill(~counted[..., None], 0).sum(dim=-2) / number]
    ranked = values.masked_fill(~counted[..., None], -FARTHEST).sort(dim=-2, descending=True).values
    rank = torch.arange(values.shape[-2], device=values.device)
    for share in TOP_SHARES:
        top = (share * number).ceil()
        chosen = ((rank < top) & (rank < counted.sum(dim=-1, keepdim=True)))[..., None]
        features.append(ranked.masked_fill(~chosen, 0).sum(dim=-2) / top)
    return torch.cat(features, dim=-1)


def over_others(features: Tensor) -> Tensor:
    """(n, ..., 2 f): median and least over the other objects of features (n, n, ..., f); n at least 2."""
    own = torch.eye(len(features), dtype=torch.bool, device=features.device)
    own = own.reshape(*own.shape, *[1] * (features.ndim - 2))
    median = features.masked_fill(own, torch.nan).nanmedian(dim=1).values
    return torch.cat([median, features.masked_fill(own, torch.inf).amin(dim=1)], dim=-1)


def relative(features: Tensor, least: float) -> Tensor:
    """Features (n, f) in units of their mean over the scene, which counts as no less than `least`."""
    return features / features.mean(dim=0).abs().clamp(min=least)


QUANTILES = (0.5, 0.75, 1.0)  # of the others' distances at a place: half of them, most, or any one cuts it off
LEAST = 0.01  # half sides: a mean below this is no measure
SURFACE_CELLS = 2.0  # thickness of what stands for the surface of the agreed shape
SHAPE_FEATURES = 2 * 3 * (2 * len(QUANTILES) + 2 * 4)


@dataclass(frozen=True)
class Disagreement:
    """features: (n, SHAPE_FEATURES) of the objects, in half sides and relative to the scene. beyond: (n, r, QUANTILES), how far
    the ray through each pixel passes by the shape that the others agree on, relative to the scene.
    """

    features: Tensor
    beyond: Tensor


@torch.no_grad()
def disagreement(hulls: Hulls, placements: Placements, rays: ObjectRays, agreed: Tensor | None = None) -> Disagreement:
    """Of at least two objects. agreed: their `agreed_shapes`, where these are there already."""
    agreed = agreed_shapes(hulls, placements) if agreed is None else agreed
    lacking = torch.cat(
        [summary(lack[..., None], surface) for lack, surface in (lacks(hulls, one) for one in agreed)], dim=1
    )
    solid = [one.unflatten(1, hulls.signed.shape[1:]) for one in agreed]
    beyond = torch.stack([passing(one, rays.origins, rays.directions) for one in solid], dim=-1)
    features = torch.cat([lacking, summary(beyond, rays.counted), over_others(between(hulls, placements))], dim=1)
    usual = (
        beyond[rays.counted].mean(dim=0).clamp(min=LEAST) if rays.counted.any() else beyond.new_ones(beyond.shape[-1])
    )
    return Disagreement(torch.cat([features, relative(features, LEAST)], dim=1), beyond / usual)


def agreed_shapes(hulls: Hulls, placements: Placements) -> Tensor:
    """(QUANTILES, n, c^3) signed distances, in each object's cube, of the shape of all others."""
    n = len(hulls)
    others = to_others(hulls, placements, hulls.grid.expand(n, -1, -1))  # (a, b, c^3)
    own = torch.eye(n, dtype=torch.bool, device=others.device)[:, :, None]
    return others.masked_fill(own, torch.nan).nanquantile(others.new_tensor(QUANTILES), dim=1)


def to_others(hulls: Hulls, placements: Placements, positions: Tensor) -> Tensor:
    """(a, b, t) signed distance of positions (a, t, 3) in the cube of each object to the surface of every other."""
    there = placements.moved(positions)  # (a, b, t, 3)
    return at(hulls.signed, there.transpose(0, 1)).transpose(0, 1)


def lacks(hulls: Hulls, agreed: Tensor) -> tuple[Tensor, Tensor]:
    """(n, c^3) how far each cell lies outside of the object's hull, and which cells are the surface of the agreed shape."""
    thick = SURFACE_CELLS * 2 / hulls.signed.shape[1]
    return hulls.signed.flatten(1).clamp(min=0), (agreed <= 0) & (agreed > -thick)


def between(hulls: Hulls, placements: Placements) -> Tensor:
    """(n, n, 12): distances of the surfaces of each two hulls, of one to the other and back, all and those outside."""
    found = to_others(hulls, placements, hulls.points)
    every = torch.ones_like(found, dtype=torch.bool)
    own = summary(torch.stack([found.abs(), found.clamp(min=0)], dim=-1), every)  # (a, b, 6)
    return torch.cat([own, own.transpose(0, 1)], dim=-1)


# The objects of a scene, carved out of boxes and registered: what boxes are mended by and objects compared by

RIM_PX = 2.5  # as far within its outline a pixel of an object still lies on its rim
RIM_RAYS = 96  # of each object


@dataclass(frozen=True)
class RegisteredHulls:
    """The hulls of a scene's objects, registered. shown: (v, h, w) number of the object that each pixel shows. pixels: some of
    each object. agreed: see `agreed_shapes`; None of an object alone.
    """

    hulls: Hulls
    shown: Tensor
    pixels: ObjectPixels
    placements: Placements
    agreed: Tensor | None


@dataclass(frozen=True)
class KnownPlacements:
    """The registration of the objects in boxes (n, 6), found while they had other boxes: from those the hulls were carved."""

    boxes: Tensor
    hulls: Hulls
    placements: Placements


@torch.no_grad()
def register_objects(
    volumes: Volumes, scene: int, boxes: Tensor, config: HullConfig, registration: str, pixels: int,
    known: KnownPlacements | None = None,
) -> RegisteredHulls:  # fmt: skip
    """The objects in the boxes (n, 6) of one scene, n at least 1; without autocast, for millimetres count.

    pixels: how many are taken of each object. known: the placements, where they are known of the same boxes; others are searched.
    """
    batch = volumes.batch
    views = batch.K[scene], batch.camera_from_world[scene]
    with torch.autocast(boxes.device.type, enabled=False):
        masks, outlines = volumes.masks[scene], volumes.outlines[scene]
        hulls = carve(outlines, *views, boxes, config)
        shown = shown_objects(hulls, masks.shape[1:], *views)
        taken = object_pixels(shown, len(hulls), masks, pixels)
        if len(hulls) == 1:
            return RegisteredHulls(hulls, shown, taken, register_standing(hulls), None)
        if known is not None and torch.equal(known.boxes, boxes):
            placements = known.placements.between_cubes(known.hulls, hulls)
            return RegisteredHulls(hulls, shown, taken, placements, agreed_shapes(hulls, placements))
        on_rims = object_pixels(shown, len(hulls), rims(outlines), RIM_RAYS)
        appearance = surface_appearance(hulls, shown, hues(batch.images[scene].float() / 255, masks), *views)
        placements = register_standing(hulls, rays_of(on_rims, hulls, *views), appearance, registration)
        return RegisteredHulls(hulls, shown, taken, placements, agreed_shapes(hulls, placements))


def rims(outlines: Tensor) -> Tensor:
    """(v, h, w) bool: pixels along the rims of objects, from the pixels to their outlines (v, h, w), negative inside."""
    return (outlines < 0) & (outlines > -RIM_PX)
