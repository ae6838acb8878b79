"""Consensus: registering the objects of a scene, the shape that they agree on, and the differences of each from this shape.

A visual hull is larger than its object in directions from which no view shows it. Registered hulls of equal objects constrain each
other: five views of five objects are as good as twenty-five views of one. The consensus is a quantile of the distances to the other
hulls. The quantile determines how many of the others must agree, because some of them may be odd.
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

TOP_SHARES = (0.1, 0.03)  # of the points of an object; an anomaly is rarely larger
FARTHEST = 1e3  # distance of points that do not count


def summary(values: Tensor, counted: Tensor) -> Tensor:
    """Mean over the counted points (..., t) of values (..., t, f), and means of their largest TOP_SHARES: (..., 3 f)."""
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
    """Median and minimum (n, ..., 2 f) over the other objects of features (n, n, ..., f), n >= 2."""
    own = torch.eye(len(features), dtype=torch.bool, device=features.device)
    own = own.reshape(*own.shape, *[1] * (features.ndim - 2))
    median = features.masked_fill(own, torch.nan).nanmedian(dim=1).values
    return torch.cat([median, features.masked_fill(own, torch.inf).amin(dim=1)], dim=-1)


def relative(features: Tensor, least: float) -> Tensor:
    """Features (n, f) in units of their mean over the scene, which is at least `least`."""
    return features / features.mean(dim=0).abs().clamp(min=least)


# of the distances to the others: a point is outside if half of them, a quarter of them, or any one of them excludes it
QUANTILES = (0.5, 0.75, 1.0)
LEAST = 0.01  # half sides: smallest mean that serves as a unit
SURFACE_CELLS = 2.0  # thickness of the surface of the agreed shape, in cells
SHAPE_FEATURES = 2 * 3 * (2 * len(QUANTILES) + 2 * 4)


@dataclass(frozen=True)
class Disagreement:
    """Differences of n objects from the shapes that the others agree on.

    features: (n, SHAPE_FEATURES), in half sides and relative to the scene. beyond: (n, r, QUANTILES), distance by which the ray
    through each pixel misses the agreed shape, relative to the scene.
    """

    features: Tensor
    beyond: Tensor


@torch.no_grad()
def disagreement(hulls: Hulls, placements: Placements, rays: ObjectRays, agreed: Tensor | None = None) -> Disagreement:
    """Compute the disagreement of at least two objects. agreed: their `agreed_shapes`, if already computed."""
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
    """Signed distances (QUANTILES, n, c^3) of the shape that all others agree on, in the cube of each object."""
    n = len(hulls)
    others = to_others(hulls, placements, hulls.grid.expand(n, -1, -1))  # (a, b, c^3)
    own = torch.eye(n, dtype=torch.bool, device=others.device)[:, :, None]
    return others.masked_fill(own, torch.nan).nanquantile(others.new_tensor(QUANTILES), dim=1)


def to_others(hulls: Hulls, placements: Placements, positions: Tensor) -> Tensor:
    """Signed distances (a, b, t) to the surface of every object b of positions (a, t, 3) in the cube of each object a."""
    there = placements.moved(positions)  # (a, b, t, 3)
    return at(hulls.signed, there.transpose(0, 1)).transpose(0, 1)


def lacks(hulls: Hulls, agreed: Tensor) -> tuple[Tensor, Tensor]:
    """Distance (n, c^3) of each cell from the hull of the object, 0 inside, and whether it is on the agreed surface (n, c^3)."""
    thick = SURFACE_CELLS * 2 / hulls.signed.shape[1]
    return hulls.signed.flatten(1).clamp(min=0), (agreed <= 0) & (agreed > -thick)


def between(hulls: Hulls, placements: Placements) -> Tensor:
    """Summaries (n, n, 12) of the distances between the surfaces of two hulls in both directions, absolute and outside only."""
    found = to_others(hulls, placements, hulls.points)
    every = torch.ones_like(found, dtype=torch.bool)
    own = summary(torch.stack([found.abs(), found.clamp(min=0)], dim=-1), every)  # (a, b, 6)
    return torch.cat([own, own.transpose(0, 1)], dim=-1)


# Hulls carved from boxes and registered, which are used to refine boxes and to compare objects

RIM_PX = 2.5  # pixels of an object up to this distance from its outline belong to its rim
RIM_RAYS = 96  # rays along the rim of each object


@dataclass(frozen=True)
class RegisteredHulls:
    """The registered hulls of the objects of a scene.

    shown: (v, h', w'), see `shown_objects`. pixels: a sample of the pixels of each object. agreed: see `agreed_shapes`; None for a
    single object.
    """

    hulls: Hulls
    shown: Tensor
    pixels: ObjectPixels
    placements: Placements
    agreed: Tensor | None


@dataclass(frozen=True)
class KnownPlacements:
    """A registration of the objects in boxes (n, 6). hulls: the hulls that were registered, carved from earlier boxes."""

    boxes: Tensor
    hulls: Hulls
    placements: Placements


@torch.no_grad()
def register_objects(
    volumes: Volumes, scene: int, boxes: Tensor, config: HullConfig, registration: str, pixels: int,
    known: KnownPlacements | None = None,
) -> RegisteredHulls:  # fmt: skip
    """Carve and register the n >= 1 objects in the boxes (n, 6) of one scene, without autocast, because millimetres matter.

    registration: see `register_standing`, `mode`. pixels: number of pixels of each object. known: placements that are reused if
    they belong to the same boxes; otherwise placements are searched.
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
    """Pixels along the rims of objects, (v, h, w) bool. outlines: (v, h, w), signed distance in pixels, negative inside."""
    return (outlines < 0) & (outlines > -RIM_PX)
