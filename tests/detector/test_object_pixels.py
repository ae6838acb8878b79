"""Pixels of solids with a closed form: which pixels are chosen, what is read there, and where their rays go."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.hulls import Hulls, passing
from odd_bench.detector.object_pixels import STRIDE, ObjectPixels, changed_pixels, rays_of, shown_objects
from odd_bench.scene import Camera
from tests.detector.shapes import ARMS, Ball, Bricks, carved, exact_hulls, pixel_m, pixels_in, shown, turned
from tests.detector.worlds import noise_batch, ring_cameras, stacked

PIXELS, DISTANCE_M, MANY = 192, 1.2, 10_000
SOLIDS = [
    Ball((0.0, 0.0, 0.15), 0.15),
    Ball((0.35, 0.0, 0.1), 0.1),
    Bricks(ARMS, (-0.15, 0.35, 0.13), turned((0, 0, 1), 30), 0.2),
]


@pytest.fixture(scope="module")
def scene() -> tuple[list[Camera], Tensor, Hulls]:
    """Cameras, what they show (v, h, w), and hulls. In some views one ball hides the other."""
    cameras = ring_cameras(5, PIXELS)
    instance = shown(SOLIDS, cameras)
    return cameras, instance, carved(instance, cameras, SOLIDS)


def pixels_of(scene: tuple[list[Camera], Tensor, Hulls], most: int) -> ObjectPixels:
    cameras, instance, hulls = scene
    return pixels_in(hulls, instance > 0, cameras, most)


def all_pixels(views: int, height: int, width: int) -> ObjectPixels:
    """Every pixel of the pictures, for one object."""
    places = torch.cartesian_prod(torch.arange(views), torch.arange(height), torch.arange(width)).T[:, None]
    return ObjectPixels(*places, torch.ones_like(places[0], dtype=torch.bool), (height, width))


def random_pixels(objects: int, count: int, views: int, size: int) -> ObjectPixels:
    view, row, column = (torch.randint(limit, (objects, count)) for limit in (views, size, size))
    return ObjectPixels(view, row, column, torch.rand(objects, count) > 0.3, (size, size))


# Which pixels belong to an object


def test_chosen_pixels_show_their_object(scene):
    _, instance, _ = scene
    pixels = pixels_of(scene, MANY)
    for number in range(len(SOLIDS)):
        seen = pixels.taken(instance)[number][pixels.counted[number]]
        assert (seen > 0).all()
        assert (seen == number + 1).float().mean() > 0.98


def test_nearly_all_pixels_of_an_object_are_found_once(scene):
    _, instance, _ = scene
    pixels = pixels_of(scene, MANY)
    places = torch.stack([pixels.view, pixels.row, pixels.column])[:, pixels.counted]
    assert len(places.T.unique(dim=0)) == places.shape[1]
    assert (places[1:] % STRIDE == 0).all()
    assert places.shape[1] > 0.95 * (instance[:, ::STRIDE, ::STRIDE] > 0).sum()


def test_a_hidden_object_has_no_pixels():
    cameras = ring_cameras(1, 96)
    eye = -cameras[0].camera_from_world[:3, :3].T @ cameras[0].camera_from_world[:3, 3]
    solids = [
        Ball(tuple(share * eye + (0, 0, 0.1 * (1 - share))), radius)  # on the line of sight
        for share, radius in ((0.0, 0.05), (0.2, 0.05), (0.45, 0.1))
    ]
    instance = shown(solids, cameras)
    hulls = carved(instance, cameras, solids)
    assert hulls.signed.flatten(1).amin(dim=1).max() < 0  # all have a hull, the hidden one a cone behind the front one
    found = shown_objects(hulls, (96, 96), *stacked(cameras))
    assert set(found.unique().tolist()) == {-1, 2}
    counted = pixels_in(hulls, instance > 0, cameras, MANY).counted
    assert counted[:2].sum() == 0 and counted[2].sum() > 50


def test_the_first_pixels_are_spread_over_the_views(scene):
    pixels = pixels_of(scene, MANY)
    for few in (pixels_of(scene, 100), pixels.first(100)):
        for number in range(len(SOLIDS)):
            assert few.counted[number].all()
            every = pixels.view[number][pixels.counted[number]].bincount(minlength=5) / pixels.counted[number].sum()
            assert (few.view[number].bincount(minlength=5) / 100 - every).abs().max() < 0.06


def test_none_of_many_large_pictures_is_left_out():
    cameras = ring_cameras(10, 512)
    hulls = replace(exact_hulls([Ball((0.0, 0.0, 0.0), 0.9)]), centres=torch.tensor([[0.0, 0.0, 0.1]]), half_m=0.2)
    pixels = pixels_in(hulls, torch.ones(10, 512, 512, dtype=torch.bool), cameras, 1000)
    assert pixels.counted.all()
    assert pixels.view.flatten().bincount(minlength=10).min() > 50
    assert pixels.first(100).view.flatten().bincount(minlength=10).min() > 2


def test_the_pixels_of_small_objects_are_padded():
    solids, cameras = [SOLIDS[0], Ball((0.3, 0.0, 0.02), 0.02)], ring_cameras(3, 96)
    instance = shown(solids, cameras)
    pixels = pixels_in(carved(instance, cameras, solids), instance > 0, cameras, 100)
    assert pixels.view.shape == pixels.counted.shape == (2, 100)
    assert pixels.counted[0].all() and 0 < pixels.counted[1].sum() < 50
    assert pixels.counted[1].sort(descending=True).values.equal(pixels.counted[1])  # the padding comes last


@pytest.mark.parametrize(("pixels", "most"), [(64, 5), (8, 1000)])
def test_there_are_at_most_as_many_pixels_as_requested_and_available(pixels, most):
    cameras = ring_cameras(3, pixels)
    instance = shown(SOLIDS, cameras)
    found = pixels_in(carved(instance, cameras, SOLIDS), instance > 0, cameras, most)
    assert found.view.shape == (3, min(most, 3 * (pixels // STRIDE) ** 2))
    assert found.size == (pixels, pixels)
    assert found.row.max() < pixels and found.column.max() < pixels and found.view.max() < 3


def test_no_pixel_of_an_empty_picture_counts():
    cameras = ring_cameras(3, 64)
    empty = torch.zeros(3, 64, 64, dtype=torch.uint8)
    pixels = pixels_in(carved(empty, cameras, SOLIDS), empty > 0, cameras, 50)
    assert pixels.view.shape == (3, 50) and not pixels.counted.any()


@pytest.mark.parametrize("count", [0, 1, 7, 20, 30])
def test_a_smaller_request_gives_a_prefix(count):
    pixels = random_pixels(3, 20, 4, 16)
    first = pixels.first(count)
    assert first.size == pixels.size
    for name in ("view", "row", "column", "counted"):
        found, every = getattr(first, name), getattr(pixels, name)
        assert found.shape == (3, min(count, 20))
        assert torch.equal(found, every[:, : found.shape[1]])


# What is read there


def test_sampling_at_the_size_of_the_picture_is_indexing():
    pixels, maps = random_pixels(3, 50, 4, 16), torch.randn(4, 5, 16, 16)
    found = pixels.sampled(maps)
    assert found.shape == (3, 50, 5)
    for channel in range(5):
        assert torch.allclose(found[..., channel], pixels.taken(maps[:, channel]), atol=1e-4)


@pytest.mark.parametrize("factor", [0.25, 0.5, 1, 3])
def test_a_linear_picture_gives_the_same_values_at_any_size(factor):
    height, width = 16, 24
    rows, columns = ((torch.arange(int(factor * side)) + 0.5) / factor for side in (height, width))
    maps = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).repeat(2, 1, 1, 1)
    maps[1] += 100
    pixels = all_pixels(2, height, width)
    expected = torch.stack([pixels.row, pixels.column], dim=-1) + 0.5 + 100 * pixels.view[..., None]
    edge = 0.5 / factor  # there are no values beyond the centres of the outermost cells
    within = ((pixels.row + 0.5 - height / 2).abs() <= height / 2 - edge) & (
        (pixels.column + 0.5 - width / 2).abs() <= width / 2 - edge
    )
    assert within.sum() > 0.5 * within.numel()
    assert torch.allclose(pixels.sampled(maps)[within], expected[within], atol=1e-3)


# ObjectRays


def test_rays_start_at_the_cameras_and_pass_through_their_pixels(scene):
    cameras, _, hulls = scene
    K, camera_from_world = stacked(cameras)
    pixels = pixels_of(scene, 60)
    rays = rays_of(pixels, hulls, K, camera_from_world)
    assert torch.equal(rays.counted, pixels.counted)
    assert torch.allclose(rays.directions.norm(dim=-1), torch.ones(3, 60), atol=1e-5)
    eyes = torch.stack([-pose[:3, :3].T @ pose[:3, 3] for pose in camera_from_world])
    assert torch.allclose(hulls.world(rays.origins), eyes[pixels.view], atol=1e-5)
    along = hulls.world(rays.origins + torch.rand(3, 60, 1) * rays.directions + rays.directions)
    pose = camera_from_world[pixels.view]
    seen = K[pixels.view] @ (pose[..., :3, :3] @ along[..., None] + pose[..., :3, 3:])
    centres = torch.stack([pixels.column, pixels.row], dim=-1) + 0.5
    assert torch.allclose(seen[..., :2, 0] / seen[..., 2:, 0], centres, atol=0.01)


def test_rays_pass_through_the_object_they_belong_to(scene):
    cameras, _, hulls = scene
    pixels = pixels_of(scene, MANY)
    rays = rays_of(pixels, hulls, *stacked(cameras))
    beside = passing(hulls.signed, rays.origins, rays.directions)
    assert beside[pixels.counted].max() * hulls.half_m < STRIDE * pixel_m(cameras[0], DISTANCE_M)
    assert beside[pixels.counted].mean() * hulls.half_m < 0.02 * pixel_m(cameras[0], DISTANCE_M)
    assert beside[~pixels.counted].mean() > 0.1


# What the generator changed


@pytest.mark.parametrize("shows_change", [True, False])
def test_changes_are_known_of_pixels_that_show_the_object(shows_change):
    batch = noise_batch(scenes=2, objects=4)
    change = torch.randint(0, 3, batch.change.shape, dtype=torch.uint8)  # UNCHANGED, CHANGED or LOST
    if not shows_change:
        change[(batch.instance == 2) & (change == CHANGED)] = LOST
    labels = [torch.tensor([1, 0, 0, 0]), torch.tensor([0, 1, 0, 0])]
    batch = replace(batch, change=change, labels=labels)
    pixels, owner, scene = random_pixels(5, 200, 4, 32), [2, 1, -1, 0, 1], 1
    changed, known = changed_pixels(pixels, torch.tensor(owner), batch, scene)
    assert changed.shape == known.shape == (5, 200)
    for found, mine in enumerate(owner):
        for pixel in range(200):
            place = scene, pixels.view[found, pixel], pixels.row[found, pixel], pixels.column[found, pixel]
            shows = pixels.counted[found, pixel] and mine >= 0 and batch.instance[place] == mine + 1
            assert changed[found, pixel] == (shows and change[place] == CHANGED)
            assert known[found, pixel] == (shows and (mine != 1 or shows_change))
    assert known[[0, 3]].any(dim=1).all() and not known[2].any()


def test_all_pixels_of_an_odd_object_are_known_once_a_view_shows_its_change():
    batch, pixels = noise_batch(scenes=1, objects=3), all_pixels(2, 32, 32)  # two of four views
    owner = torch.tensor([0])
    assert not changed_pixels(pixels, owner, batch, 0)[1].any()
    place = tuple((batch.instance == 1).nonzero()[-1])
    assert place[1] == 3
    batch.change[place] = CHANGED
    changed, known = changed_pixels(pixels, owner, batch, 0)
    assert torch.equal(known, pixels.taken(batch.instance[0]) == 1) and not changed.any()
