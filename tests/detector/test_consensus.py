"""The shape that the others agree on: which object lacks some of it, which has more, and that equal objects do neither."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from odd_bench.detector.comparison.consensus import (
    LEAST,
    QUANTILES,
    SHAPE_FEATURES,
    agreed_shapes,
    between,
    disagreement,
    lacks,
    relative,
)
from odd_bench.detector.hulls import FARTHEST, Hulls, at, passing
from odd_bench.detector.object_pixels import ObjectRays, rays_of
from odd_bench.detector.registration import Placements
from odd_bench.detector.registration_yaw import register_standing
from tests.detector.shapes import (
    ARMS,
    CELLS,
    EXTRA,
    LONG,
    POST,
    SIDE,
    Ball,
    Bricks,
    carved,
    exact_hulls,
    pixels_in,
    rays_through,
    shown,
    turned,
)
from tests.detector.worlds import ring_cameras, stacked

LACKING, PASSING, BETWEEN = slice(0, 9), slice(9, 18), slice(18, 42)  # tolerance of the features
CELL = 2 / CELLS  # half sides
TURNS = [
    np.eye(3), turned((0, 0, 1), 100), turned((1, 0, 0), 180), turned((1, 2, 3), 77), turned((-1, 0.4, 0.2), 140),
    turned((0, 1, 1), 40), turned((1, -1, 0), 110),
]  # fmt: skip


def in_poses(shapes: list[tuple]) -> tuple[Hulls, Placements]:
    """Shapes turned by as many rotations, and the placements that undo these."""
    n, turns = len(shapes), TURNS[: len(shapes)]
    rotation = torch.tensor(np.array([[b @ a.T for b in turns] for a in turns])).float()
    hulls = exact_hulls([Bricks(shape, rotation=turn) for shape, turn in zip(shapes, turns, strict=True)])
    return hulls, Placements(rotation, torch.zeros(n, n, 3))


def with_odd(objects: int, odd: dict[int, tuple]) -> list[tuple]:
    return [odd.get(number, ARMS) for number in range(objects)]


def chosen(hulls: Hulls, placements: Placements, order: list[int]) -> tuple[Hulls, Placements]:
    ordered = replace(hulls, centres=hulls.centres[order], signed=hulls.signed[order], points=hulls.points[order])
    return ordered, Placements(placements.rotation[order][:, order], placements.shift[order][:, order])


def own_features(features: Tensor) -> Tensor:
    """(n, 42) the features in half sides."""
    return features[:, : SHAPE_FEATURES // 2]


# Laws of the whole


@pytest.mark.parametrize("objects", [2, 3, 5, 7])
def test_equal_shapes_agree(objects):
    hulls, placements = in_poses([ARMS] * objects)
    found = disagreement(hulls, placements, rays_through(hulls))
    features = own_features(found.features)
    assert features[:, LACKING].max() < 0.1 * CELL
    assert features[:, PASSING].max() < 0.5 * CELL
    outside = features[:, BETWEEN][:, 1::2]  # distances outside the surface, and distances to the surface
    assert outside.max() < 0.5 * CELL and features[:, BETWEEN][:, ::2].max() < 1.5 * CELL


@pytest.mark.parametrize("objects", [2, 3, 5])
@pytest.mark.parametrize("rest", [(LONG, SIDE), (LONG, POST)])
def test_the_object_with_a_missing_part_lacks_most(objects, rest):
    hulls, placements = in_poses(with_odd(objects, {1: rest}))
    features = own_features(disagreement(hulls, placements, rays_through(hulls)).features)[:, LACKING]
    assert (features.argmax(dim=0) == 1).all()
    others = features[[number for number in range(objects) if number != 1]]
    assert (features[1] > 5 * others.max(dim=0).values.clamp(min=LEAST / 5)).all()


@pytest.mark.parametrize("objects", [2, 3, 5])
def test_the_object_with_an_added_part_has_the_pixels_that_miss_the_others_most(objects):
    hulls, placements = in_poses(with_odd(objects, {1: (*ARMS, EXTRA)}))
    found = disagreement(hulls, placements, rays_through(hulls))
    features = own_features(found.features)[:, PASSING]
    assert (features.argmax(dim=0) == 1).all()
    on_part = torch.from_numpy(Bricks((EXTRA,), rotation=TURNS[1]).distance(hulls.points[1].numpy()) < 0)
    assert found.beyond.amax(dim=1).argmax(dim=0).tolist() == [1] * len(QUANTILES)
    assert on_part.any() and found.beyond[1, on_part].mean() > 10 * found.beyond[1, ~on_part].mean()


@pytest.mark.parametrize(("odd", "features"), [((LONG, SIDE), LACKING), ((*ARMS, EXTRA), PASSING)])
def test_two_odd_objects_of_seven_do_not_mask_each_other(odd, features):
    hulls, placements = in_poses(with_odd(7, {2: odd, 5: odd}))
    found = own_features(disagreement(hulls, placements, rays_through(hulls)).features)[:, features]
    by_half = found[:, :3] if features == LACKING else found[:, ::3]  # the mean, and means of the largest
    assert (by_half[[2, 5]].amin(dim=0) > 5 * by_half[[0, 1, 3, 4, 6]].amax(dim=0)).all()


@pytest.mark.parametrize("objects", [2, 3, 5])
def test_permuting_objects_permutes_their_features(objects):
    hulls, placements = in_poses(with_odd(objects, {0: (LONG, SIDE), 2: (*ARMS, EXTRA)}))
    rays, order = rays_through(hulls), torch.randperm(objects).tolist()
    first = disagreement(hulls, placements, rays)
    ordered = ObjectRays(rays.origins[order], rays.directions[order], rays.counted[order])
    again = disagreement(*chosen(hulls, placements, order), ordered)
    assert torch.allclose(again.features, first.features[order], atol=1e-4)
    assert torch.allclose(again.beyond, first.beyond[order], atol=1e-4)
    assert first.features.std(dim=0).max() > 0.1


@pytest.mark.parametrize("objects", [2, 6])
def test_features_have_the_stated_number_in_half_sides_and_relative(objects):
    hulls, placements = in_poses(with_odd(objects, {1: (LONG,)}))
    found = disagreement(hulls, placements, rays_through(hulls))
    assert found.features.shape == (objects, SHAPE_FEATURES)
    assert found.beyond.shape == (objects, 256, len(QUANTILES))
    half = own_features(found.features)
    assert half.shape[1] == BETWEEN.stop
    assert torch.equal(found.features[:, BETWEEN.stop :], relative(half, LEAST))
    assert found.beyond[..., -1].mean() == pytest.approx(1, abs=1e-4)


def test_masked_rays_do_not_matter():
    hulls, placements = in_poses(with_odd(3, {1: (*ARMS, EXTRA)}))
    rays = replace(rays_through(hulls), counted=torch.rand(3, 256) > 0.3)
    other = replace(rays, origins=torch.where(rays.counted[..., None], rays.origins, 9 * torch.randn(3, 256, 3)))
    first, again = disagreement(hulls, placements, rays), disagreement(hulls, placements, other)
    assert torch.allclose(again.features, first.features, atol=1e-5)
    assert torch.allclose(again.beyond[rays.counted], first.beyond[rays.counted], atol=1e-5)


def test_objects_without_hull_or_rays_give_finite_features():
    hulls, placements = in_poses(with_odd(3, {}))
    rays = rays_through(hulls)
    for nothing in ([1], [0, 1, 2]):
        hulls.signed[nothing] = FARTHEST
        rays.counted[nothing] = False
        found = disagreement(hulls, placements, rays)
        assert found.features.isfinite().all() and found.beyond.isfinite().all()


# From pictures


@pytest.mark.parametrize(
    ("shape", "features"), [((LONG, POST), LACKING), ((LONG, SIDE), LACKING), ((*ARMS, EXTRA), PASSING)]
)
def test_the_odd_object_is_found_from_pictures(shape, features):
    places = [(0.3, 0.0, 0.12), (0.0, 0.3, 0.12), (-0.3, 0.0, 0.12), (0.0, -0.3, 0.12)]
    solids = [
        Bricks(one, place, turned((0, 0, 1), degrees), 0.15)
        for one, place, degrees in zip(with_odd(4, {1: shape}), places, (0, 70, 140, 200), strict=True)
    ]
    cameras = ring_cameras(5, 128)
    instance = shown(solids, cameras)
    hulls = carved(instance, cameras, solids)
    pixels = pixels_in(hulls, instance > 0, cameras, 1000)
    found = disagreement(hulls, register_standing(hulls, mode="all"), rays_of(pixels, hulls, *stacked(cameras)))
    assert (own_features(found.features)[:, features].argmax(dim=0) == 1).all()


# The agreed shape


def test_equal_unrotated_shapes_agree_on_themselves():
    hulls = exact_hulls([Bricks(ARMS)] * 4)
    agreed = agreed_shapes(hulls, Placements(torch.eye(3).repeat(4, 4, 1, 1), torch.zeros(4, 4, 3)))
    assert agreed.shape == (len(QUANTILES), 4, CELLS**3)
    assert torch.allclose(agreed, hulls.signed.flatten(1).expand(len(QUANTILES), -1, -1), atol=1e-5)


def test_the_agreed_shape_shrinks_as_more_must_agree():
    hulls, placements = in_poses(with_odd(5, {1: (LONG, SIDE), 2: (*ARMS, EXTRA), 3: (SIDE, POST)}))
    agreed = agreed_shapes(hulls, placements)
    assert (agreed.diff(dim=0) >= 0).all() and (agreed.diff(dim=0) > 0.1).any()


def test_the_shape_agreed_by_all_is_the_intersection():
    hulls, placements = in_poses(with_odd(4, {1: (LONG, SIDE)}))
    found = agreed_shapes(hulls, placements)[-1]
    for a in range(4):
        there = [at(hulls.signed[[b]], (hulls.grid @ placements.rotation[a, b].T)[None])[0] for b in range(4) if b != a]
        assert torch.allclose(found[a], torch.stack(there).amax(dim=0), atol=1e-4)


def test_an_object_does_not_influence_the_shape_that_the_others_agree_on():
    hulls, placements = in_poses([ARMS] * 3)
    changed = replace(hulls, signed=hulls.signed.clone())
    changed.signed[1] = -FARTHEST
    first, again = agreed_shapes(hulls, placements), agreed_shapes(changed, placements)
    assert torch.equal(again[:, 1], first[:, 1])
    assert not torch.allclose(again[:, 0], first[:, 0], atol=0.1)


def test_the_lacking_surface_is_that_of_the_missing_part():
    whole, less = exact_hulls([Bricks(ARMS)]), exact_hulls([Bricks((LONG, SIDE))])
    lack, on_surface = lacks(less, whole.signed.flatten(1))
    part = Bricks((POST,)).distance(whole.grid.numpy()) < 0
    missing = (lack > CELL) & on_surface
    assert missing.sum() > 20 and part[missing[0].numpy()].all()
    assert lacks(whole, whole.signed.flatten(1))[0][on_surface].max() == 0


def test_the_surface_is_a_shell():
    hulls = exact_hulls([Ball((0.0, 0.0, 0.0), 0.8)])
    radius = hulls.grid[lacks(hulls, hulls.signed.flatten(1))[1][0]].norm(dim=1)
    assert radius.max() <= 0.8 and 0.8 - 2 * CELL - 1e-6 <= radius.min() < 0.8 - CELL


# ObjectRays and shapes


@pytest.mark.parametrize("radius", [0.3, 0.6])
def test_rays_miss_a_ball_by_their_distance_from_it(radius):
    hulls = exact_hulls([Ball((0.1, 0.0, -0.05), radius)])
    centre = torch.tensor([0.1, 0.0, -0.05])
    rays = rays_through(replace(hulls, points=1.6 * torch.rand(1, 500, 3) - 0.8))
    offset = centre - rays.origins
    along = (offset * rays.directions).sum(dim=-1, keepdim=True)
    beside = ((offset - along * rays.directions).norm(dim=-1) - radius).clamp(0, FARTHEST)
    found = passing(hulls.signed, rays.origins, rays.directions)
    assert (beside == 0).sum() > 50 and (beside > 0.1).sum() > 50
    assert (found[beside == 0] < 0.25 * CELL).all()
    assert (found - beside).abs().max() < 0.5 * CELL


def test_rays_outside_the_cube_have_the_largest_distance():
    hulls = exact_hulls([Ball((0.0, 0.0, 0.0), 0.9)])
    origins = torch.tensor([[[-5.0, 1.2, 0.0], [-5.0, 0.0, 0.0], [-500.0, 0.0, 0.0]]])
    rays = ObjectRays(origins, torch.tensor([1.0, 0.0, 0.0]).expand(1, 3, 3), torch.ones(1, 3, dtype=torch.bool))
    assert passing(hulls.signed, rays.origins, rays.directions).tolist() == [[pytest.approx(FARTHEST), 0, 0]]


# Surfaces and surfaces


def test_distances_between_surfaces_are_measured_both_ways():
    hulls, placements = in_poses(with_odd(3, {1: (LONG, SIDE), 2: (*ARMS, EXTRA)}))
    found = between(hulls, placements)
    assert found.shape == (3, 3, 12)
    assert torch.equal(found[..., :6], found[..., 6:].transpose(0, 1))
    assert (found >= 0).all() and (found[..., ::2] >= found[..., 1::2]).all()  # all points, and only those outside
    largest = found[..., [5, 11]]  # of the points outside: of a from b, of b from a
    assert largest[0, 1, 0] > 0.2 and largest[0, 1, 1] < CELL  # the second lacks a part of the first
    assert largest[0, 2, 0] < CELL and largest[0, 2, 1] > 0.2  # the third has one more
    assert largest.diagonal().max() < 0.1 * CELL
