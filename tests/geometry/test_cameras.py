"""Laws of pinhole cameras."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.geometry.cameras import eye, intrinsics, look_at, pixel_directions, project, unproject
from odd_bench.scene import Camera

angle = st.floats(-np.pi, np.pi)
slant = st.floats(0.1, 1.4)
distance_m = st.floats(0.3, 5.0)


def camera_at(azimuth: float, elevation: float, distance: float, target=(0.0, 0.0, 0.0), width=96, height=64) -> Camera:
    back = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    target = np.asarray(target)
    return Camera(intrinsics(width, height), look_at(target + distance * back, target), width, height)


@given(angle, slant, distance_m, st.integers(0, 2**32 - 1))
def test_project_and_unproject_are_inverse(azimuth, elevation, distance, seed):
    camera = camera_at(azimuth, elevation, distance)
    rng = np.random.default_rng(seed)
    pixels, depth = rng.uniform(0, 96, (20, 2)), rng.uniform(0.1, 10, 20)
    again, depth_again = project(camera, unproject(camera, pixels, depth))
    assert np.allclose(again, pixels, atol=1e-6) and np.allclose(depth_again, depth)


@given(angle, slant, distance_m, st.tuples(*[st.floats(-1, 1)] * 3))
def test_a_camera_sees_its_target_in_the_middle_and_the_world_upright(azimuth, elevation, distance, target):
    camera = camera_at(azimuth, elevation, distance, target)
    pixels, depth = project(camera, np.array([target, np.add(target, [0, 0, 0.01])]))
    assert np.allclose(pixels[0], [48, 32], atol=1e-6) and np.isclose(depth[0], distance)
    assert pixels[1, 1] < pixels[0, 1] and np.isclose(pixels[1, 0], pixels[0, 0], atol=1e-6)


@given(angle, slant, distance_m)
def test_the_motion_is_rigid_and_the_eye_is_where_it_was_put(azimuth, elevation, distance):
    camera = camera_at(azimuth, elevation, distance)
    rotation = camera.camera_from_world[:3, :3]
    assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.isclose(np.linalg.det(rotation), 1)
    assert np.isclose(np.linalg.norm(eye(camera)), distance)


def test_rows_of_pixel_directions_equal_those_of_the_whole_picture_bit_for_bit():
    camera = Camera(intrinsics(57, 41), look_at(np.array([1.0, -2.0, 0.7]), np.zeros(3)), 57, 41)
    whole = pixel_directions(camera)
    for rows in (slice(0, 41), slice(3, 4), slice(11, 60), slice(7, 7)):
        assert np.array_equal(pixel_directions(camera, rows), whole[rows])


def test_pixel_directions_go_through_the_pixel_centres():
    camera = camera_at(0.3, 0.6, 1.2)
    points = eye(camera) + 2.0 * pixel_directions(camera).reshape(-1, 3)
    pixels, depth = project(camera, points)
    u, v = np.meshgrid(np.arange(96) + 0.5, np.arange(64) + 0.5)
    assert np.allclose(pixels, np.stack([u.ravel(), v.ravel()], axis=1)) and np.allclose(depth, 2.0)


def test_the_focal_length_is_that_of_the_published_data():
    assert np.allclose(intrinsics(256, 256), [[213.3333333, 0, 128], [0, 213.3333333, 128], [0, 0, 1]])


def test_looking_straight_down_is_refused():
    with pytest.raises(ValueError, match="straight above"):
        look_at(np.array([0.0, 0, 2]), np.zeros(3))
