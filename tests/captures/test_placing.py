"""A capture is placed in the same way in any world: floor at zero, objects around the origin, of a size that the model knows."""

import re
from dataclasses import replace

import numpy as np
import pytest

from odd_bench.captures.clusters import Clusters, clusters_above, find_clusters
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.placing import Wishes, floor_plan, place
from odd_bench.captures.standing import Room
from odd_bench.captures.views import aimed_camera, choose_views, model_view, scene_eyes, spread_choice
from odd_bench.geometry.boxes import box_corners, iou_matrix
from odd_bench.geometry.cameras import eye, project
from tests.captures.worlds import BLOCKS, SAME, Similarity, capture_of, drawn_similarity, walk

SIZE_M, ROOM_M = (0.25, 0.40), (0.7, 0.7)
KNOWN_M = np.sqrt(0.25 * 0.40)
CAMERAS = walk(24)


@pytest.fixture(scope="module")
def placed(tmp_path_factory):
    """The capture in two worlds, each with its placement."""
    folder, made = tmp_path_factory.mktemp("placed"), []
    for world in (SAME, drawn_similarity(3)):
        capture = capture_of(folder, CAMERAS, world)
        plan = floor_plan(capture, Wishes())
        made.append((world, capture, place(capture, plan, Wishes(), SIZE_M, ROOM_M)))
    return made


def test_blocks_are_found_where_they_stand(placed):
    _, _, placement = placed[0]
    scene_from_world = placement.scene_from_capture  # here, the world of the capture is the true world
    corners = box_corners(BLOCKS) @ scene_from_world[:3, :3].T + scene_from_world[:3, 3]
    low, high = corners.min(axis=1), corners.max(axis=1)
    true = np.concatenate([(low + high) / 2, high - low], axis=1)
    found = placement.plan.clusters
    assert len(found) == len(BLOCKS)
    plan_to_scene = scene_from_world @ np.linalg.inv(placement.plan.plan_from_capture)
    boxes = np.array([
        [*(plan_to_scene[:3, :3] @ box[:3] + plan_to_scene[:3, 3]), *(placement.scale * box[3:])] for box in found.boxes
    ])  # fmt: skip
    assert iou_matrix(boxes, true).max(axis=0).min() > 0.3  # hulls of few photographs contain the objects and more
    low, high = boxes[:, None, :3] - boxes[:, None, 3:] / 2, boxes[:, None, :3] + boxes[:, None, 3:] / 2
    contained = ((low < true[:, :3]) & (true[:, :3] < high)).all(axis=-1)
    assert contained.sum(axis=0).tolist() == contained.sum(axis=1).tolist() == [1, 1, 1]
    largest = placement.scale * np.median(BLOCKS[:, 3:].max(axis=1))
    assert 0.8 * KNOWN_M < largest < 1.05 * KNOWN_M


def test_any_world_gives_the_same_scene(placed):
    (_, first, one), (_, second, other) = placed
    assert other.scale * placed[1][0].scale == pytest.approx(one.scale, rel=0.02)
    for a, b in zip(first.photographs, second.photographs, strict=True):
        np.testing.assert_allclose(one.camera_from_scene(a), other.camera_from_scene(b), atol=0.02)


def test_the_floor_lies_at_zero_and_the_objects_around_the_origin(placed):
    for world, _, placement in placed:
        moved = world.points(np.array([[0.3, 0.1, 0.0], [-0.2, 0.4, 0.0], [0.0, 0.0, 0.5]]))
        heights = moved @ placement.scene_from_capture[2, :3] + placement.scene_from_capture[2, 3]
        np.testing.assert_allclose(heights, placement.scale * world.scale * np.array([0, 0, 0.5]), atol=0.006)
        assert np.abs(placement.outline[:, :2].min(axis=0) + placement.outline[:, :2].max(axis=0)).max() < 1e-6


def test_cameras_of_the_scene_see_points_where_the_photographs_do(placed):
    points = np.random.default_rng(0).uniform(-0.3, 0.3, (20, 3))
    for world, capture, placement in placed:
        in_scene = world.points(points) @ placement.scene_from_capture[:3, :3].T + placement.scene_from_capture[:3, 3]
        for camera, photograph in zip(CAMERAS, capture.photographs, strict=True):
            pose = placement.camera_from_scene(photograph)
            pixels = photograph.lens.project(in_scene @ pose[:3, :3].T + pose[:3, 3])
            np.testing.assert_allclose(pixels, project(camera, points)[0], atol=1e-6)


def test_values_given_by_the_user_are_used(placed, tmp_path):
    world, capture, placement = placed[1]
    metric = Wishes(object_size_m=0.3, metres_per_unit=1 / world.scale)
    told = place(capture, placement.plan, metric, SIZE_M, ROOM_M)
    assert told.scale * world.scale == pytest.approx(KNOWN_M / 0.3)
    assert told.real_metres == pytest.approx(0.3 / KNOWN_M)
    x, y = placement.plan.clusters.boxes[0, :2]
    half = 0.15 * world.scale
    alone = place(capture, placement.plan, Wishes(region=(x - half, y - half, x + half, y + half)), SIZE_M, ROOM_M)
    middle = placement.plan.plan_from_capture
    in_plan = np.linalg.inv(alone.scene_from_capture @ np.linalg.inv(middle)) @ [0, 0, 0, 1]
    np.testing.assert_allclose(in_plan[:2], [x, y], atol=1e-9 * world.scale + 1e-9)
    empty = (50 * world.scale, 0, 51 * world.scale, 1)
    with pytest.raises(
        CaptureError, match=r"--region: found .*, which holds none of the 3 objects; expected a part of "
    ) as none:
        place(capture, placement.plan, Wishes(region=empty), SIZE_M, ROOM_M)
    around = tuple(map(float, re.search(r"a part of ([-\d.,e]+), where", str(none.value))[1].split(",")))
    assert place(capture, placement.plan, Wishes(region=around), SIZE_M, ROOM_M).scale == pytest.approx(placement.scale)
    assert place(capture, placement.plan, replace(metric, region=empty), SIZE_M, ROOM_M).region == empty


def test_the_error_names_the_given_floor_if_nothing_is_above_it(placed):
    _, capture, placement = placed[0]
    bare = replace(placement.plan, clusters=placement.plan.clusters.inside((50, 50, 51, 51)))
    with pytest.raises(CaptureError, match=r"objects above --floor -3: found nothing .* Leave out --floor"):
        place(capture, bare, Wishes(floor=-3), SIZE_M, ROOM_M)
    with pytest.raises(CaptureError, match=r"objects: found nothing .*--object-size-m"):
        place(capture, bare, Wishes(), SIZE_M, ROOM_M)


def test_objects_beyond_the_grid_are_reported(placed):
    _, capture, placement = placed[0]
    assert not any("--region" in note for note in placement.notes)
    narrow = place(capture, placement.plan, Wishes(), SIZE_M, (0.3, 0.3))
    assert any("the model sees only 0.30 m: choose some of them with --region" in note for note in narrow.notes)


def test_scaling_the_objects_moves_no_pixel(placed):
    _, capture, placement = placed[0]
    larger = place(capture, placement.plan, Wishes(), tuple(1.3 * side for side in SIZE_M), ROOM_M)
    assert larger.scale == pytest.approx(1.3 * placement.scale)
    assert larger.real_metres == (placement.real_metres and pytest.approx(placement.real_metres / 1.3))
    points = np.random.default_rng(1).uniform(-0.3, 0.3, (10, 3))
    for photograph in capture.photographs:
        a, b = placement.camera_from_scene(photograph), larger.camera_from_scene(photograph)
        pixels = photograph.lens.project(points @ a[:3, :3].T + a[:3, 3])
        np.testing.assert_allclose(photograph.lens.project(1.3 * points @ b[:3, :3].T + b[:3, 3]), pixels, atol=1e-6)


# clusters


def volume(*boxes):
    room = Room(np.array([-1.0, -1.0, 0.0]), 0.05, (40, 40, 12))
    votes, centres = np.zeros(room.counts), room.centres()
    for x, y, size, high, share, bottom in boxes:
        inside = (np.abs(centres[..., :2] - [x, y]) < size / 2).all(axis=-1)
        votes[inside & (centres[..., 2] < high) & (centres[..., 2] > bottom)] = share
    return votes, room


def test_the_share_of_votes_that_makes_objects_most_alike_is_chosen():
    """A bridge of fewer votes joins two objects; a third one stands alone. Apart, the three are alike."""
    bridged = volume(
        (-0.5, 0, 0.8, 0.2, 0.6, 0), (-0.7, 0, 0.3, 0.3, 1, 0), (-0.3, 0, 0.3, 0.3, 1, 0), (0.6, 0.5, 0.3, 0.3, 1, 0)
    )
    assert len(find_clusters(*bridged)) == 3


def test_floating_clusters_and_crumbs_are_dropped():
    found = clusters_above(
        *volume(
            (-0.5, 0, 0.3, 0.3, 1, 0), (0.5, 0, 0.3, 0.3, 1, 0), (0, 0.7, 0.3, 0.6, 1, 0.4), (0, -0.7, 0.1, 0.1, 1, 0)
        ),
        0.5,
    )
    assert len(found) == 2
    assert found.inside((0, -1, 1, 1)).sizes == pytest.approx([0.3])
    assert len(Clusters([], np.zeros(0)).inside((0, 0, 1, 1))) == 0


# views


def test_even_views_are_chosen_evenly():
    azimuths = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    chosen = spread_choice(azimuths, np.zeros(20), 5)
    assert set(np.diff(chosen)) == {4}
    spoiled = np.zeros(20)
    spoiled[chosen[2]] = 9.0
    assert chosen[2] not in spread_choice(azimuths, spoiled, 5)
    assert sorted(spread_choice(azimuths[:3], np.zeros(3), 5)) == [0, 1, 2]


def test_the_model_sees_all_objects_upright_in_the_middle(placed):
    for _, capture, placement in placed:
        for number in choose_views(capture, placement, 5):
            camera = model_view(capture, placement, number, 64).camera
            pixels, depth = project(camera, placement.outline)
            assert depth.min() > 0 and pixels.min() > 3 and pixels.max() < 61
            np.testing.assert_allclose(pixels.min(axis=0) + pixels.max(axis=0), 64, atol=1.5)
            assert abs(camera.camera_from_world[0, 2]) < 1e-9  # the right axis is level
            np.testing.assert_allclose(eye(camera), scene_eyes(capture, placement)[number], atol=1e-9)


def test_a_camera_straight_above_is_aimed_at_the_objects():
    outline = box_corners(np.array([[0, 0, 0.15, 0.6, 0.6, 0.3]])).reshape(-1, 3)
    camera = aimed_camera(np.array([0.0, 0.0, 1.5]), outline, 64)
    assert project(camera, outline)[0].min() > 0 and project(camera, outline)[0].max() < 64


def test_a_moved_world_is_the_same_capture(tmp_path):
    """The similarity of the tests preserves all projections."""
    world, points = drawn_similarity(9), np.random.default_rng(2).uniform(-0.2, 0.2, (9, 3))
    assert isinstance(world, Similarity)
    for camera in CAMERAS[:3]:
        pose = world.pose(camera.camera_from_world)
        in_camera = world.points(points) @ pose[:3, :3].T + pose[:3, 3]
        pixels = in_camera @ camera.K.T
        np.testing.assert_allclose(pixels[:, :2] / pixels[:, 2:], project(camera, points)[0], atol=1e-6)
