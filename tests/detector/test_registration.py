"""Registered shapes: known rotations are recovered for any order and number of objects."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from odd_bench.detector.comparison.consensus import RIM_RAYS, rims
from odd_bench.detector.hulls import Hulls, at, signed_pixels
from odd_bench.detector.object_pixels import ObjectRays, rays_of
from odd_bench.detector.registration import (
    NUDGES,
    ROTATIONS,
    Placements,
    hull_set,
    nudges,
    placement_accuracy,
    rotation_matrices,
    spread_rotations,
)
from odd_bench.detector.registration_yaw import register_standing
from tests.detector.shapes import ARMS, Bricks, cameras_around, carved, exact_hulls, pixels_in, shown, turned
from tests.detector.worlds import stacked

register = partial(register_standing, mode="all")
TURNS = [((0, 0, 1), 0), ((0, 0, 1), 100), ((1, 0, 0), 180), ((0, 1, 0), 180), ((1, 2, 3), 77), ((-1, 0.4, 0.2), 140)]
SHIFTS = [(0.0, 0.0, 0.0), (0.1, -0.05, 0.0), (-0.05, 0.0, 0.1)] * 2


def arms(count: int = len(TURNS)) -> list[Bricks]:
    """One shape in many poses."""
    return [Bricks(ARMS, shift, turned(*turn)) for shift, turn in zip(SHIFTS[:count], TURNS[:count], strict=True)]


def true_placements(solids: list[Bricks]) -> Placements:
    n = len(solids)
    rotation = np.array([[b.rotation @ a.rotation.T for b in solids] for a in solids])
    shift = [
        [np.array(b.centre) - rotation[i, j] @ a.centre for j, b in enumerate(solids)] for i, a in enumerate(solids)
    ]
    return Placements(torch.from_numpy(rotation).float(), torch.tensor(np.array(shift)).float().reshape(n, n, 3))


def chosen(hulls: Hulls, order: list[int]) -> Hulls:
    return replace(hulls, centres=hulls.centres[order], signed=hulls.signed[order], points=hulls.points[order])


def between(one: Placements, other: Placements, hulls: Hulls) -> Tensor:
    """(n, n) mean distance between the surface points under two placements, in half sides."""
    return (one.moved(hulls.points) - other.moved(hulls.points)).norm(dim=-1).mean(dim=-1)


def apart(hulls: Hulls, placements: Placements) -> Tensor:
    """(n, n) mean distance from the points of one shape to the surface of the other, in half sides."""
    return at(hulls.signed, placements.moved(hulls.points).transpose(0, 1)).abs().mean(dim=-1).T


def are_rotations(matrices: Tensor) -> bool:
    eye = torch.eye(3).expand_as(matrices)
    turned_back = torch.allclose(matrices @ matrices.transpose(-1, -2), eye, atol=1e-5)
    return turned_back and bool((torch.linalg.det(matrices) > 0).all())


# Laws of registration


def test_rotated_shapes_are_aligned_with_the_original():
    hulls, true = exact_hulls(arms()), true_placements(arms())
    found = register(hulls)
    assert between(found, true, hulls).max() < 0.1
    assert (apart(hulls, found) - apart(hulls, true)).abs().max() < 0.02
    unmoved = replace(found, rotation=torch.eye(3).expand_as(found.rotation), shift=torch.zeros_like(found.shift))
    assert between(unmoved, true, hulls).fill_diagonal_(1).min() > 0.2  # there was a rotation to find


def test_placements_are_rotations_and_inverse_to_each_other():
    hulls = exact_hulls(arms())
    found = register(hulls)
    assert are_rotations(found.rotation)
    there = found.moved(hulls.points)  # (a, b, p, 3)
    for a, b in np.ndindex(len(hulls), len(hulls)):
        back = there[a, b] @ found.rotation[b, a].T + found.shift[b, a]
        assert torch.allclose(back, hulls.points[a], atol=1e-5)
        assert a != b or torch.equal(there[a, a], hulls.points[a])


def test_a_single_object_is_not_moved():
    hulls = exact_hulls(arms(1))
    found = register(hulls)
    assert found.rotation.shape == (1, 1, 3, 3) and found.shift.shape == (1, 1, 3)
    assert torch.equal(found.moved(hulls.points)[0], hulls.points)


def test_permuting_objects_permutes_their_placements():
    hulls, order = exact_hulls(arms()), [3, 0, 5, 1, 4, 2]
    first, permuted = register(hulls), chosen(hulls, order)
    ordered = Placements(first.rotation[order][:, order], first.shift[order][:, order])
    assert between(register(permuted), ordered, permuted).max() < 0.15


def test_the_placement_of_two_objects_does_not_depend_on_the_others():
    hulls = exact_hulls(arms())
    every, two = register(hulls), register(chosen(hulls, [1, 4]))
    assert torch.allclose(two.rotation[0, 1], every.rotation[1, 4], atol=1e-5)
    assert torch.allclose(two.shift[0, 1], every.shift[1, 4], atol=1e-5)


def test_carving_the_cubes_again_moves_no_object():
    solids = arms(4)
    hulls, laid = exact_hulls(solids), true_placements(solids)
    moved = torch.tensor([[0.02, 0, 0], [0, -0.03, 0.01], [0.01, 0.01, 0], [0, 0, -0.02]])
    others = replace(hulls, centres=hulls.centres + moved, half_m=1.3 * hulls.half_m)
    points = hulls.world(hulls.points)
    there = laid.moved(hulls.local(points))
    again = laid.between_cubes(hulls, others).moved(others.local(points))
    for target in range(4):
        before = hulls.centres[target] + hulls.half_m * there[:, target]
        after = others.centres[target] + others.half_m * again[:, target]
        assert torch.allclose(before, after, atol=1e-5)


def test_registering_twice_gives_the_same():
    hulls, before = exact_hulls(arms(3)), torch.get_rng_state()
    first = register(hulls)
    assert torch.equal(torch.get_rng_state(), before)  # training draws the same numbers with or without registration
    torch.manual_seed(7)
    again = register(hulls)
    assert torch.equal(first.rotation, again.rotation) and torch.equal(first.shift, again.shift)


def test_a_mirrored_shape_does_not_fit():
    mirrored = Bricks(tuple(((x, -y, z), size) for (x, y, z), size in ARMS))
    hulls = exact_hulls([Bricks(ARMS), mirrored, Bricks(ARMS, rotation=turned((1, 1, 0), 60))])
    outside = at(hulls.signed, register(hulls).moved(hulls.points).transpose(0, 1)).amax(dim=-1).T
    assert outside[0, 2] < 0.05 < 0.08 < outside[0, 1]


# Hulls of a few views bulge, in every object in another place

PLACES = [(0.0, 0.0, 0.0), (0.35, 0.0, 0.0), (0.0, 0.35, 0.0), (-0.35, 0.0, 0.0)]


def seen_in_views(count: int) -> tuple[Hulls, ObjectRays, Tensor]:
    """Hulls, rims and poses (n, 4, 4) of one shape in four poses next to each other, seen in a few views."""
    poses = zip(PLACES, TURNS[1:5], strict=True)
    solids = [Bricks(ARMS, place, turned(*turn), scale=0.1) for place, turn in poses]
    cameras = cameras_around(count, pixels=160, distance_m=1.5)
    instance = shown(solids, cameras)
    hulls = carved(instance, cameras, solids)
    on_rims = pixels_in(hulls, rims(signed_pixels(instance > 0)), cameras, RIM_RAYS)
    along = rays_of(on_rims, hulls, *stacked(cameras))
    return hulls, along, torch.from_numpy(np.stack([pose_of(solid) for solid in solids])).float()


def pose_of(solid: Bricks) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = solid.scale * solid.rotation, solid.centre
    return pose


@pytest.mark.parametrize(("views", "least"), [(3, 0.5), (4, 0.95), (5, 0.95)])
def test_rays_along_rims_align_hulls_at_least_as_well_as_surfaces(views, least):
    hulls, along, poses = seen_in_views(views)
    by_surfaces, by_rims = (placement_accuracy(hulls, register(hulls, rays), poses, 1.4) for rays in (None, along))
    assert by_rims >= max(by_surfaces, least)


def test_every_ray_along_a_rim_meets_the_other_object_under_the_true_placement():
    hulls, along, poses = seen_in_views(5)
    relative = torch.linalg.inv(poses)[:, None]  # of the first of two, canonical
    first_to_second = poses[None] @ relative
    rotation, moved = first_to_second[..., :3, :3], first_to_second[..., :3, 3]
    shift = (rotation @ hulls.centres[:, None, :, None])[..., 0] + moved - hulls.centres[None]
    true = Placements(rotation, shift / hulls.half_m)
    cell = 2 / hulls.signed.shape[1]
    for a, b in np.ndindex(4, 4):
        pair = [hull_set(hulls, along, torch.tensor([number])) for number in (a, b)]
        missing = pair[0].missing(pair[1], true.rotation[a, b][None, None], true.shift[a, b][None, None])
        assert missing.item() < 0.1 * cell


# Rotations


def test_drawn_rotations_are_rotation_matrices():
    assert are_rotations(spread_rotations(ROTATIONS))
    assert are_rotations(rotation_matrices(9 * torch.randn(50, 4)))
    assert are_rotations(nudges(torch.Generator(), 0.2, 0.1, torch.device("cpu"))[0])


@pytest.mark.parametrize(("count", "gap_deg"), [(ROTATIONS, 26), (8 * ROTATIONS, 14)])
def test_drawn_rotations_are_uniformly_spread(count, gap_deg):
    spread = spread_rotations(count).flatten(1)
    some = rotation_matrices(torch.randn(3000, 4)).flatten(1)
    nearest = (some @ spread.T).amax(dim=1)  # traces of the relative rotations
    assert nearest.min() > 1 + 2 * np.cos(np.radians(gap_deg))
    assert spread.mean(dim=0).abs().max() < 0.01  # no direction is preferred


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 2, 3)])
@pytest.mark.parametrize("degrees", [0, 30, 120, 200])
def test_a_quaternion_turns_about_its_axis(axis, degrees):
    unit, half = np.array(axis) / np.linalg.norm(axis), np.radians(degrees) / 2
    quaternion = torch.tensor([*(np.sin(half) * unit), np.cos(half)])
    for factor in (1, 5, -1):
        assert np.allclose(rotation_matrices(factor * quaternion), turned(axis, degrees), atol=1e-9)


def test_nudges_are_small_and_the_first_is_none():
    turns, steps = nudges(torch.Generator().manual_seed(1), 0.05, 0.02, torch.device("cpu"))
    assert torch.equal(turns[0], torch.eye(3)) and (steps[0] == 0).all()
    assert turns.shape == (NUDGES, 3, 3) and steps.shape == (NUDGES, 3)
    angles = ((turns.diagonal(dim1=1, dim2=2).sum(dim=1) - 1) / 2).clamp(-1, 1).arccos()
    assert 0.04 < angles[1:].mean() < 0.12  # sqrt(8 / pi) x 0.05 = 0.08
    assert 0.015 < steps[1:].std() < 0.025


# Accuracy of placements


def in_world(hulls: Hulls, solids: list[Bricks]) -> tuple[Hulls, Tensor]:
    """The same hulls as cubes in a world, and the poses (n, 4, 4) of the solids there."""
    moved = replace(hulls, centres=torch.randn(len(hulls), 3), half_m=0.2)
    poses = torch.eye(4).repeat(len(solids), 1, 1)
    for pose, centre, solid in zip(poses, moved.centres, solids, strict=True):
        pose[:3, :3] = torch.from_numpy(0.2 * solid.rotation)
        pose[:3, 3] = centre + 0.2 * torch.tensor(solid.centre)
    return moved, poses


def test_true_placements_are_rated_accurate_and_others_are_not():
    solids, diagonal = arms(), 1.4
    hulls, poses = in_world(exact_hulls(solids), solids)
    true = true_placements(solids)
    assert placement_accuracy(hulls, true, poses, diagonal) == 1
    assert placement_accuracy(hulls, register(hulls), poses, diagonal) > 0.9
    for distance, expected in ((0.09, 1), (0.11, 0)):  # of the diagonal
        off = replace(true, shift=true.shift + torch.tensor([0.0, distance * diagonal, 0.0]))
        assert placement_accuracy(hulls, off, poses, diagonal) == expected
    one_wrong = replace(true, shift=true.shift.clone())
    one_wrong.shift[0, 1] += 1
    assert placement_accuracy(hulls, one_wrong, poses, diagonal) == pytest.approx(29 / 30)


def test_a_single_object_has_no_placement_accuracy():
    hulls, poses = in_world(exact_hulls(arms(1)), arms(1))
    assert np.isnan(placement_accuracy(hulls, register(hulls), poses, 1.4))
