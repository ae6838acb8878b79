"""The floor is found in any world, whatever stands on it and however the cameras were held."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.floor import find_floor
from odd_bench.captures.poses import camera_up, common_point
from tests.captures.worlds import SAME, Similarity, drawn_similarity, lens_of, surface_points, walk


def capture(cameras, points, world=SAME):
    photographs = tuple(Photograph(Path("a"), lens_of(one), world.pose(one.camera_from_world)) for one in cameras)
    return Capture("a test", photographs, world.points(points))


def off_deg(a, b):
    return np.degrees(np.arccos(np.clip(a @ b, -1, 1)))


@pytest.mark.parametrize("seed", range(6))
def test_the_floor_is_found_in_any_world(seed):
    world = drawn_similarity(seed)
    floor = find_floor(capture(walk(seed=seed), surface_points(seed=seed), world))
    assert off_deg(floor.normal, world.turn[:, 2]) < 0.3
    assert np.abs(floor.heights(world.points(np.zeros((1, 3))))).max() < 0.005 * world.scale
    assert floor.distance == pytest.approx(1.3 * world.scale, rel=0.2)


@pytest.mark.parametrize(("roll_deg", "turn"), [(0, 2 * np.pi), (90, 2 * np.pi), (-90, 2 * np.pi), (0, 1.2), (90, 1.5)])
def test_up_is_found_from_level_cameras_wide_or_tall(roll_deg, turn):
    cameras = walk(roll_deg=roll_deg, turn=turn)
    up = camera_up(np.stack([one.camera_from_world[:3, :3] for one in cameras]))
    assert off_deg(up, np.array([0, 0, 1.0])) < 15
    floor = find_floor(capture(cameras, surface_points()))
    assert off_deg(floor.normal, np.array([0, 0, 1.0])) < 0.3


def test_a_wall_and_a_lower_floor_around_a_table_are_not_the_floor():
    rng = np.random.default_rng(0)
    wall = np.column_stack([rng.uniform(-1.2, 1.2, 3000), np.full(3000, 1.0), rng.uniform(0, 1.2, 3000)])
    ground = np.column_stack([rng.uniform(-3, 3, (3000, 2)), np.full(3000, -0.75)])
    ground = ground[np.abs(ground[:, :2]).max(axis=1) > 1.3]
    floor = find_floor(capture(walk(turn=2.0), np.concatenate([surface_points(), wall, ground])))
    assert off_deg(floor.normal, np.array([0, 0, 1.0])) < 0.5 and abs(floor.height) < 0.005


def test_the_common_point_is_where_the_cameras_look():
    cameras = walk()
    photographs = capture(cameras, np.zeros((0, 3)))
    assert np.linalg.norm(common_point(photographs.eyes, photographs.rotations) - [0, 0, 0.1]) < 0.06


def test_a_given_height_is_used():
    world = Similarity(shift=np.array([0.0, 0.0, 2.0]))
    told = capture(walk(), np.zeros((0, 3)), world)
    floor = find_floor(told, 2.0)
    np.testing.assert_allclose(floor.normal, [0, 0, 1])
    assert floor.heights(np.array([[5.0, 5.0, 2.5]]))[0] == pytest.approx(0.5)
    with pytest.raises(
        CaptureError,
        match=r"--floor: found 4, which is above some cameras; expected less than 2\.\d+.*The up axis is z",
    ):
        find_floor(told, 4.0)


def test_a_missing_floor_is_reported():
    cameras = walk()
    with pytest.raises(CaptureError, match=r"floor: found 0 points near the centre of the scene; .*--floor"):
        find_floor(capture(cameras, np.zeros((0, 3))))
    cloud = np.random.default_rng(0).uniform([-1, -1, 3], [1, 1, 4], (300, 3))  # above the cameras
    near = replace(capture(cameras, cloud), photographs=capture(cameras, cloud).photographs)
    with pytest.raises(CaptureError, match="floor: found 0 points"):
        find_floor(near)


def test_the_error_for_a_missing_floor_names_small_photographs():
    """It names their size and says that larger ones help; large photographs are not mentioned."""
    told = capture(walk(), np.zeros((0, 3)))
    with pytest.raises(
        CaptureError, match=r"photographs of 240 x 180 pixels are small\. Use larger photographs.*--floor"
    ):
        find_floor(told)
    large = [replace(one, lens=one.lens.scaled(640, 480)) for one in told.photographs]
    with pytest.raises(CaptureError) as caught:
        find_floor(replace(told, photographs=tuple(large)))
    assert "larger photographs" not in str(caught.value) and "640" not in str(caught.value)


@pytest.mark.parametrize("seed", range(3))
def test_cameras_below_the_floor_of_a_capture_with_a_known_up_direction_are_reported(seed):
    world = drawn_similarity(seed)
    told = capture(walk(seed=seed), surface_points(seed=seed), world)
    assert off_deg(find_floor(replace(told, up=world.turn[:, 2])).normal, world.turn[:, 2]) < 0.3
    with pytest.raises(
        CaptureError, match=r"floor: found the cameras below the floor \(up is .*; expected cameras above"
    ):
        find_floor(replace(told, up=-world.turn[:, 2]))
