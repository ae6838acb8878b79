"""Objects touch the floor and stand apart, and the cameras see all of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from odd_bench.generate.arrange import LEVEL_M, arranged, place, require_level, separations, stand
from odd_bench.generate.config import OrbitConfig, load_preset
from odd_bench.generate.orbit import orbit_cameras
from odd_bench.generate.plan import catalogue_of, plan_scene
from odd_bench.geometry.cameras import project
from odd_bench.geometry.motion import transformed
from odd_bench.geometry.refusal import Refusal

GAP_M = 0.05
NANO = load_preset("toys", "nano")
CATALOGUE = catalogue_of(NANO)


def group(seed: int, count: int):
    """The vertices of a few random arranged boxes, in the world."""
    rng = np.random.default_rng(seed)
    corners = np.array(list(np.ndindex(2, 2, 2))) - 0.5
    vertices = [corners * rng.uniform(0.3, 1.0, 3) for _ in range(count)]
    turns = Rotation.random(count, random_state=rng).as_matrix()
    standing = [stand(v, v, turn, rng.uniform(-3, 3), 0.3) for v, turn in zip(vertices, turns, strict=True)]
    poses = place(standing, list(rng.uniform(-3, 3, count)), GAP_M)
    return [transformed(v, pose) for v, pose in zip(vertices, poses, strict=True)]


def separation(a: np.ndarray, b: np.ndarray) -> float:
    """The separation of two polygons in their poses."""
    return separations(a, b, np.zeros((1, 2)))[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12))
def test_objects_touch_the_floor_and_stand_apart(seed, count):
    placed = group(seed, count)
    assert all(abs(vertices[:, 2].min()) < 1e-9 for vertices in placed)
    outlines = [_hull(vertices[:, :2]) for vertices in placed]
    for i in range(count):
        assert all(separation(outlines[i], outlines[j]) >= GAP_M - 1e-9 for j in range(i))
    everything = np.concatenate(placed)
    assert np.allclose(everything[:, :2].min(axis=0), -everything[:, :2].max(axis=0))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_separation_is_symmetric_and_a_lower_bound_of_the_distance(seed):
    rng = np.random.default_rng(seed)
    a, b = (_hull(rng.normal(size=(12, 2)) + offset) for offset in ([0, 0], rng.uniform(-8, 8, 2)))
    assert separation(a, b) == separation(b, a)
    assert separation(a, b) <= np.linalg.norm(a[:, None] - b[None], axis=-1).min() + 1e-9
    shift = np.array([separation(a, b) + 100.0, 0.0])
    assert separation(a + shift, b) > 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_an_arrangement_does_not_depend_on_which_objects_are_odd(seed):
    rng = np.random.default_rng(seed)
    intact, odd = rng.normal(size=(20, 3)), [rng.normal(size=(20, 3)) for _ in range(2)]
    line = plan_scene(NANO, CATALOGUE, "train", seed)
    swapped = replace(line, objects=tuple(replace(item, label=1 - item.label) for item in line.objects))
    rests = list(Rotation.random(len(line.objects), random_state=seed).as_matrix())
    poses = arranged(line, intact, odd, rests)
    assert np.array_equal(poses, arranged(swapped, intact, odd[::-1], rests))
    for pose in poses:
        assert abs(transformed(intact, pose)[:, 2].min()) < 1e-9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(-0.004, 0.004))
def test_an_object_that_would_hover_or_sink_by_more_than_a_millimetre_is_refused(seed, rise_m):
    assume(abs(abs(rise_m) - LEVEL_M) > 1e-6)  # rounding decides the last bit of a millimetre
    points, size_m = np.random.default_rng(seed).normal(size=(20, 3)), 0.3
    rotation = Rotation.random(random_state=seed).as_matrix()
    moved = points + rotation[2] * rise_m / size_m  # along the vertical
    if abs(rise_m) > LEVEL_M:
        with pytest.raises(Refusal, match="would not stand level: the lowest point is"):
            require_level(moved, points, rotation, size_m)
    else:
        require_level(moved, points, rotation, size_m)


def test_parallel_squares_are_as_far_apart_as_they_look():
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    assert separation(square, square + [1.5, 0]) == pytest.approx(0.5)
    assert separation(square, square + [0.5, 0]) == pytest.approx(-0.5)


@pytest.mark.parametrize("seed", range(4))
def test_every_view_contains_all_objects_and_the_nearest_view_fills_the_picture(seed):
    points = np.concatenate(group(seed, 4))
    draws = plan_scene(NANO, catalogue_of(NANO), "train", seed).orbit
    orbit = OrbitConfig()
    for camera, factor in zip(orbit_cameras(orbit, draws, points), draws.distance_factor, strict=True):
        pixels, depth = project(camera, points)
        assert depth.min() >= orbit.min_clearance_m - 1e-9 and pixels.min() > 0 and pixels.max() < orbit.pixels
        reach = np.abs(pixels - orbit.pixels / 2).max() / (orbit.pixels / 2)
        assert reach <= orbit.fill + 1e-9
        assert reach * factor >= orbit.fill * 0.85 or depth.min() == pytest.approx(orbit.min_clearance_m)


def _hull(points: np.ndarray) -> np.ndarray:
    from scipy.spatial import ConvexHull

    return points[ConvexHull(points).vertices]
