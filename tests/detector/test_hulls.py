"""Visual hulls of solids with a closed form: what silhouettes must cut off, and what they must leave."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from odd_bench.detector.hulls import (
    FARTHEST,
    HullConfig,
    Hulls,
    at,
    at_cells,
    carve,
    cube_positions,
    outline_distance,
    region_distance,
    signed_pixels,
    surface,
)
from tests.detector.shapes import (
    ARMS,
    CELLS,
    Ball,
    Bricks,
    Solid,
    boxes_of,
    cameras_around,
    carved,
    exact_hulls,
    pixel_m,
    shown,
    turned,
)
from tests.detector.worlds import ring_cameras, stacked

PIXELS, DISTANCE_M = 96, 0.6
BALL = Ball((0.02, -0.01, 0.03), 0.1)
ARMS_M = Bricks(ARMS, (0.01, 0.0, 0.02), turned((1, 2, 3), 50), 0.15)


def true_distance(hulls: Hulls, solid: Solid, number: int = 0) -> Tensor:
    """(c^3,) distances in metres from the cells of an object's cube to a solid."""
    return torch.from_numpy(solid.distance(hulls.world(hulls.grid)[number].double().numpy()))


def volume(hulls: Hulls) -> int:
    return int((hulls.signed <= 0).sum())


# Laws of the hull


@pytest.mark.parametrize("width", [PIXELS, 40])  # the narrow pictures show only a part of the solid
@pytest.mark.parametrize("views", [1, 4, 12])
@pytest.mark.parametrize("solid", [BALL, ARMS_M])
def test_the_hull_contains_the_solid(solid, views, width):
    cameras = [replace(camera, width=width) for camera in cameras_around(views, PIXELS, DISTANCE_M)]
    hulls = carved(shown([solid], cameras), cameras, [solid])
    cut = hulls.signed.flatten() > 0
    assert cut.any() and true_distance(hulls, solid)[cut].min() > -0.5 * pixel_m(cameras[0], DISTANCE_M)


@pytest.mark.parametrize("solid", [BALL, ARMS_M])
def test_the_hull_shrinks_as_views_are_added(solid):
    cameras = cameras_around(24, PIXELS, DISTANCE_M)
    instance = shown([solid], cameras)
    found = [carved(instance[first:], cameras[first:], [solid]) for first in (23, 20, 12, 0)]
    for fewer, more in pairwise(found):
        assert (more.signed >= fewer.signed).all() and volume(more) < volume(fewer)


def test_distances_are_accurate_to_a_pixel_where_views_see_the_outline():
    cameras = cameras_around(40, PIXELS, DISTANCE_M)
    hulls = carved(shown([BALL], cameras), cameras, [BALL])
    true = true_distance(hulls, BALL)
    near = true.abs() < 0.04
    assert near.sum() > 1000
    assert (hulls.signed.flatten() * hulls.half_m - true)[near].abs().max() < pixel_m(cameras[0], DISTANCE_M)


def test_a_hull_contains_no_neighbour():
    solids = [Ball((0.1, 0.0, 0.1), 0.1), Ball((-0.08, 0.02, 0.1), 0.08), Ball((0.1, 0.19, 0.08), 0.09)]
    cameras = ring_cameras(6, PIXELS)
    hulls = carved(shown(solids, cameras), cameras, solids)
    for number, solid in enumerate(solids):
        mine = hulls.signed[number].flatten() <= 0
        assert mine[true_distance(hulls, solid, number) < -0.01].all()
        for other in solids:
            assert other is solid or not (mine & (true_distance(hulls, other, number) < -0.01)).any()


def test_the_cubes_contain_their_objects_and_have_equal_sizes():
    solids = [Ball((0.3, 0.0, 0.1), 0.1), Ball((-0.3, 0.0, 0.05), 0.05)]
    cameras = ring_cameras(3, 48)
    hulls = carved(shown(solids, cameras), cameras, solids)
    assert len(hulls) == 2 and hulls.signed.shape == (2, CELLS, CELLS, CELLS)
    assert torch.equal(hulls.centres, boxes_of(solids)[:, :3])
    assert hulls.half_m == pytest.approx(0.1 + HullConfig().margin_m)


@pytest.mark.parametrize("value", [False, True])
def test_empty_and_full_pictures_give_finite_hulls(value):
    solids = [BALL, Ball((0.0, 0.2, 0.1), 0.05)]
    cameras = ring_cameras(3, 48)
    instance = torch.full((3, 48, 48), int(value), dtype=torch.uint8)
    hulls = carved(instance, cameras, solids)
    assert hulls.points.shape == (2, HullConfig().points, 3) and (hulls.points.abs() <= 1).all()
    region = region_distance(hulls.world(hulls.grid), boxes_of(solids), HullConfig().margin_m)
    expected = region <= 0 if value else torch.zeros_like(region, dtype=torch.bool)
    assert torch.equal(hulls.signed.flatten(1) <= 0, expected)


def test_hulls_are_the_same_under_autocast():
    cameras = cameras_around(4, PIXELS, DISTANCE_M)
    instance = shown([BALL], cameras)
    expected = carved(instance, cameras, [BALL]).signed
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(carved(instance, cameras, [BALL]).signed, expected)


# Outlines


def test_distances_in_a_picture_equal_a_loop_over_pixels():
    rng = np.random.default_rng(0)
    masks = rng.random((3, 9, 12)) > np.array([0.3, 0.5, 0.9])[:, None, None]
    found = signed_pixels(torch.from_numpy(masks)).numpy()
    for view, row, column in np.ndindex(*masks.shape):
        other = np.argwhere(masks[view] != masks[view, row, column])
        nearest = np.linalg.norm(other - [row, column], axis=1).min()
        sign = -1 if masks[view, row, column] else 1
        assert found[view, row, column] == pytest.approx(sign * (nearest - 0.5), abs=1e-5)


@pytest.mark.parametrize("depth_m", [0.5, 2.0])
def test_a_disc_has_the_distance_of_a_disc(depth_m):
    camera, radius = ring_cameras(1, PIXELS)[0], 20  # pixels
    row, column = torch.meshgrid(*[torch.arange(PIXELS) + 0.5 - PIXELS / 2] * 2, indexing="ij")
    K, camera_from_world = stacked([camera])
    metres = pixel_m(camera, depth_m)
    flat = metres * (PIXELS - 2) * (torch.rand(500, 2) - 0.5)  # of the plane parallel to the picture
    in_camera = torch.cat([flat, torch.full((500, 1), depth_m), torch.ones(500, 1)], dim=1)
    points = (in_camera @ torch.linalg.inv(camera_from_world[0]).T)[:, :3]
    mask = row.hypot(column) < radius
    found = outline_distance(signed_pixels(mask[None]), K, camera_from_world, points)
    assert (found - (flat.norm(dim=1) - radius * metres)).abs().max() < 0.8 * metres


def test_space_that_no_picture_shows_is_not_cut():
    cameras = ring_cameras(4, 48)
    eyes = torch.stack([-pose[:3, :3].T @ pose[:3, 3] for pose in stacked(cameras)[1]])
    behind = 3 * eyes  # behind one, far above the pictures of the others
    empty = signed_pixels(torch.zeros(4, 48, 48, dtype=torch.bool))
    points = torch.cat([behind, torch.tensor([[0.0, 0.0, 5.0], [0.0, 0.0, 0.1]])])
    found = outline_distance(empty, *stacked(cameras), points)
    alone = torch.stack(
        [outline_distance(empty[[v]], *(one[[v]] for one in stacked(cameras)), points) for v in range(4)]
    )
    assert (alone[range(4), range(4)] < -1).all()
    assert found[4] < -1 and found[5] > 0.1
    assert torch.equal(found, alone.amax(dim=0))


# Space that an object may own

lengths = st.floats(0.05, 0.4)
places = st.floats(-0.5, 0.5)


@given(st.lists(st.tuples(places, places, places, lengths, lengths, lengths), min_size=2, max_size=6))
def test_no_place_belongs_to_two_objects(boxes):
    boxes = torch.tensor(boxes)
    points = torch.rand(200, 3).expand(len(boxes), -1, -1) * 1.4 - 0.7
    assert ((region_distance(points, boxes, 0.02) < -1e-6).sum(dim=0) <= 1).all()


@given(st.tuples(places, places, places, lengths, lengths, lengths), st.floats(0, 0.05))
def test_a_single_object_owns_its_box_and_a_margin(box, margin):
    box = torch.tensor([box])
    points = box[:, None, :3] + torch.rand(1, 200, 3) - 0.5
    inside = ((points - box[:, None, :3]).abs() <= box[:, None, 3:] / 2 + margin).all(dim=-1)
    found = region_distance(points, box, margin)
    assert torch.equal(found <= 0, inside)
    far = torch.cat([box, box + torch.tensor([5.0, 0, 0, 0, 0, 0])])
    assert torch.equal(region_distance(points.expand(2, -1, -1), far, margin)[0], found[0])


# Volumes and points


def test_cells_are_described_z_slowest():
    positions = cube_positions(4).reshape(4, 4, 4, 3)
    centres = torch.tensor([-0.75, -0.25, 0.25, 0.75])
    assert torch.equal(positions[0, 0, :, 0], centres)
    assert torch.equal(positions[0, :, 0, 1], centres)
    assert torch.equal(positions[:, 0, 0, 2], centres)


def test_values_at_cell_centres_equal_the_cells():
    signed = torch.randn(3, 6, 6, 6)
    positions = cube_positions(6)
    assert torch.allclose(at(signed, positions.expand(3, -1, -1)), signed.flatten(1), atol=1e-5)
    assert at(signed, positions.reshape(1, 9, 4, 6, 3).expand(3, -1, -1, -1, -1)).shape == (3, 9, 4, 6)
    assert torch.allclose(at(signed, 9 * positions[:1].expand(3, 1, -1)), signed[:, :1, 0, 0], atol=1e-5)


def test_values_between_cell_centres_are_linear():
    slope, positions = torch.tensor([0.3, -0.2, 0.5]), 1.8 * torch.rand(1, 100, 3) - 0.9
    signed = (cube_positions(10) @ slope).reshape(1, 10, 10, 10)
    assert torch.allclose(at(signed, positions), positions @ slope, atol=1e-5)


def test_world_and_local_coordinates_are_inverse():
    hulls = replace(exact_hulls([BALL, BALL]), centres=torch.randn(2, 3), half_m=0.17)
    positions = torch.rand(2, 50, 3) * 2 - 1
    assert torch.allclose(hulls.local(hulls.world(positions)), positions, atol=1e-5)
    assert torch.allclose(hulls.world(positions)[1], hulls.centres[1] + 0.17 * positions[1])
    assert torch.equal(hulls.world(hulls.grid)[1], hulls.world(hulls.grid.expand(2, -1, -1))[1])


@pytest.mark.parametrize(
    "solid", [Ball((0.1, 0.0, -0.1), 0.6), Bricks(ARMS, rotation=turned((1, 2, 3), 50), scale=1.3)]
)
def test_points_lie_just_inside_and_cover_the_surface(solid):
    hulls, thick = exact_hulls([solid], points=150), 2 / CELLS
    distance = solid.distance(hulls.points[0].numpy())
    assert hulls.points.shape == (1, 150, 3)
    assert distance.max() <= 1e-6 and distance.min() > -thick
    every = hulls.grid[(hulls.signed.flatten() <= 0) & (hulls.signed.flatten() > -thick)]
    assert len(every) > 500 and torch.cdist(every, hulls.points[0]).amin(dim=1).max() < 0.4


def test_points_repeat_if_a_surface_has_too_few():
    positions = cube_positions(6)
    signed = torch.full((3, 216), FARTHEST)
    signed[0, [3, 70, 200]] = -0.1
    signed[1, 100] = 0.05  # nothing is inside, so the innermost cells are taken
    points = surface(signed, positions, HullConfig(cells=6, points=10))
    for number, cells in enumerate([[3, 70, 200], [100], range(216)]):
        chosen = {tuple(point.tolist()) for point in points[number]}
        assert chosen <= {tuple(positions[cell].tolist()) for cell in cells}
        assert len(chosen) == min(10, len(cells))


def test_the_numbers_of_cells_and_points_are_configured():
    cameras = ring_cameras(3, 48)
    config = HullConfig(cells=10, points=30, margin_m=0.05)
    hulls = carve(signed_pixels(shown([BALL], cameras) > 0), *stacked(cameras), boxes_of([BALL]), config)
    assert hulls.signed.shape == (1, 10, 10, 10) and hulls.points.shape == (1, 30, 3)
    assert hulls.half_m == pytest.approx(0.15)
    assert hulls.signed.abs().max() <= FARTHEST


def test_the_nearest_cell_is_exact_at_centres_and_half_a_cell_off_elsewhere():
    cells, generator = 9, torch.Generator().manual_seed(0)
    ramp = cube_positions(cells) @ torch.tensor([1.0, 2.0, -0.5])
    signed = torch.stack([ramp, torch.rand(cells**3, generator=generator)]).reshape(2, *(cells,) * 3)
    centres = cube_positions(cells).expand(2, -1, -1)
    assert torch.equal(at_cells(signed, centres).flatten(1), signed.flatten(1))
    anywhere = 2.4 * torch.rand(2, 40, 5, 3, generator=generator) - 1.2  # a border outside, as in `at`
    difference = (at_cells(signed, anywhere) - at(signed, anywhere))[0].abs()
    assert difference.shape == (40, 5) and 0 < difference.max() <= (1 + 2 + 0.5) / cells + 1e-5
