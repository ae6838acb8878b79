"""Shapes that stand on the same side are registered by yaw and shift; all others by any rotation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from odd_bench.detector.hulls import Hulls
from odd_bench.detector.registration import Placements
from odd_bench.detector.registration_yaw import (
    Appearance,
    hues,
    register_standing,
    yaw_matrices,
    yaw_nudges,
)
from tests.detector.shapes import ARMS, Bricks, exact_hulls, rays_through, turned

YAWS_DEG = (0, 37, 105, 190, 281)


def standing(yaws_deg=YAWS_DEG) -> list[Bricks]:
    return [Bricks(ARMS, rotation=turned((0, 0, 1), yaw)) for yaw in yaws_deg]


def misplaced(found: Placements, solids: list[Bricks], hulls: Hulls) -> float:
    """The largest error of a surface point, in half sides."""
    turns = torch.tensor(np.stack([solid.rotation for solid in solids])).float()
    true = turns[None] @ turns[:, None].transpose(-1, -2)  # (a, b): from a to b
    there = torch.einsum("abij,apj->abpi", true, hulls.points)
    return float((found.moved(hulls.points) - there).norm(dim=-1).max())


@pytest.mark.parametrize("mode", ["yaw", "auto"])
def test_known_yaws_are_recovered(mode):
    solids = standing()
    hulls = exact_hulls(solids)
    assert misplaced(register_standing(hulls, rays_through(hulls), mode=mode), solids, hulls) < 0.12


def test_placements_are_yaws_inverse_to_each_other_that_keep_heights():
    hulls = exact_hulls(standing())
    lifted = replace(hulls, centres=torch.randn(len(hulls), 3), half_m=0.2)
    found = register_standing(lifted, rays_through(hulls), mode="yaw")
    assert torch.equal(found.rotation[..., 2, :2], torch.zeros(5, 5, 2)) and (found.rotation[..., 2, 2] == 1).all()
    world = lifted.centres[None, :, None] + lifted.half_m * found.moved(hulls.points)
    own = (lifted.centres[:, None] + lifted.half_m * hulls.points)[:, None]
    assert torch.allclose(world[..., 2], own[..., 2].expand(-1, 5, -1), atol=1e-5)
    back = found.rotation @ found.rotation.transpose(0, 1)
    assert torch.allclose(back, torch.eye(3).expand_as(back), atol=1e-5)


def test_shapes_on_different_sides_are_registered_by_any_rotation():
    solids = [Bricks(ARMS, rotation=turned(axis, 90)) for axis in ((0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 1, 0))]
    hulls = exact_hulls(solids)
    rays = rays_through(hulls)
    every, auto, yaw = (register_standing(hulls, rays, mode=mode) for mode in ("all", "auto", "yaw"))
    assert torch.equal(auto.rotation, every.rotation)
    assert misplaced(auto, solids, hulls) < misplaced(yaw, solids, hulls)


def test_appearance_decides_between_equally_good_yaws():
    solids = [Bricks((((0.0, 0.0, 0.0), (0.8, 0.8, 0.6)),), rotation=turned((0, 0, 1), yaw)) for yaw in (0, 90, 180)]
    hulls = exact_hulls(solids)
    found = register_standing(hulls, rays_through(hulls), half_red(hulls, solids), mode="yaw")
    assert misplaced(found, solids, hulls) < 0.12


def half_red(hulls: Hulls, solids: list[Bricks]) -> Appearance:
    """Each solid looks different on the side of positive x in its own frame."""
    turns = torch.tensor(np.stack([solid.rotation for solid in solids])).float()
    own = hulls.grid @ turns  # (n, c^3, 3) in each solid's frame
    near = (hulls.signed.flatten(1).abs() < 0.12).float()
    volume = torch.stack([near * own[..., 0].sign(), near], dim=1)
    return Appearance(volume.unflatten(2, hulls.signed.shape[1:]))


def test_permuting_objects_permutes_their_placements():
    solids, order = standing(), [3, 0, 4, 1, 2]
    permuted = [solids[number] for number in order]
    hulls = exact_hulls(permuted)
    assert misplaced(register_standing(hulls, rays_through(hulls), mode="yaw"), permuted, hulls) < 0.12


def test_a_single_object_is_not_moved():
    hulls = exact_hulls(standing((20,)))
    assert torch.equal(register_standing(hulls).moved(hulls.points)[0], hulls.points)


def test_nudges_are_yaws_along_the_floor_and_the_first_is_none():
    turns, steps = yaw_nudges(torch.Generator().manual_seed(0), 0.05, 0.02, torch.device("cpu"))
    assert torch.equal(turns[0], torch.eye(3)) and (steps[0] == 0).all() and (steps[:, 2] == 0).all()
    assert torch.allclose(turns @ turns.transpose(1, 2), torch.eye(3).expand_as(turns), atol=1e-6)


def test_yaws_add_up():
    a, b = torch.tensor([0.3, -2.0]), torch.tensor([1.1, 0.4])
    assert torch.allclose(yaw_matrices(a) @ yaw_matrices(b), yaw_matrices(a + b), atol=1e-6)


def test_hues_do_not_change_with_brightness():
    colors, masks = torch.rand(2, 3, 8, 8) * 0.4 + 0.3, torch.ones(2, 8, 8, dtype=torch.bool)
    shaded = hues(colors * 0.8, masks)
    assert torch.allclose(shaded, hues(colors, masks), atol=0.05)


def test_masked_pixels_have_no_hue():
    assert (hues(torch.rand(1, 3, 4, 4), torch.zeros(1, 4, 4, dtype=torch.bool)) == 0).all()
