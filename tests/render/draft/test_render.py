"""Draft pictures show the right things in the right places, and nothing that is not in the input."""

from dataclasses import replace

import numpy as np
import trimesh

from odd_bench.color import encoded, linear
from odd_bench.generate.label import Posed, Sight, cast_labels
from odd_bench.geometry.cameras import look_at, project
from odd_bench.geometry.shape import Material
from odd_bench.render.draft.render import render_draft
from odd_bench.render.draft.shading import PLAIN_REFLECTANCE
from odd_bench.scene import Camera
from tests.blender_jobs.scenes import PLAIN_FLOOR, lopsided_cameras, shape_of, standing, three_objects
from tests.render.draft.lights import COLUMNS, ROWS, constant, painted, quartered

CAMERAS = lopsided_cameras(96, 72)
CUBE = shape_of(trimesh.creation.box(), "cube", (180, 180, 180))


def draft(objects=None, cameras=CAMERAS, light=None, seed=0) -> np.ndarray:
    """(views, h, w, 3) int"""
    objects = list(objects if objects is not None else three_objects())
    return render_draft(objects, cameras, PLAIN_FLOOR, light or quartered(0), seed).astype(int)


def turned(quarters: int) -> np.ndarray:
    """(4, 4) rotation of the world about z by right angles."""
    c, s = np.round([np.cos(quarters * np.pi / 2), np.sin(quarters * np.pi / 2)])
    return np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]])


def test_the_open_floor_shows_its_reflectance_times_the_light():
    aside = [standing(CUBE, 0.0, 30.0, 0.0, 0.3)]
    level, grey = 0.8, linear(PLAIN_FLOOR.colors[0][0])
    picture = draft(aside, CAMERAS[:1], constant(level))
    expected = encoded(level * ((1 - PLAIN_REFLECTANCE) * grey + PLAIN_REFLECTANCE)) * 255
    assert np.abs(picture - expected).max() < 2
    assert np.abs(picture - encoded(level * grey) * 255).max() < 15  # except for reflections in the floor


def test_bright_light_becomes_white_and_no_light_black():
    aside = [standing(CUBE, 0.0, 30.0, 0.0, 0.3)]
    assert (draft(aside, light=constant(10.0)) == 255).all()
    assert (draft(light=constant(1e-6)) == 0).all()


def test_a_black_environment_leaves_only_the_sun_if_there_is_one():
    assert (draft(light=constant(0.0)) == 0).all()
    sunny = draft(light=constant(0.0, sun=2.0))
    assert 20 < sunny.mean() < 235


def test_round_mirrors_show_no_line_at_the_horizon():
    ball = shape_of(trimesh.creation.icosphere(5), "ball", (200, 200, 200))
    metal = replace(ball, materials=(Material("metal", roughness=0.3, metallic=1.0),))
    camera = Camera(
        np.array([[600.0, 0, 64], [0, 600, 64], [0, 0, 1]]), look_at(np.array([0, -1.4, 0.2]), [0, 0, 0.15]), 128, 128
    )
    sky = replace(
        constant(1.0), environment=np.ones((ROWS, COLUMNS, 3)) * (np.arange(ROWS) >= ROWS // 2)[:, None, None]
    )
    (picture,) = draft([standing(metal, 0.0, 0.0, 0.0, 0.3)], (camera,), sky)
    column = picture[24:104, 64].mean(axis=-1)
    assert np.ptp(column) > 30 and np.abs(np.diff(column)).max() < 0.2 * np.ptp(column)


def test_the_shadow_falls_away_from_the_sun():
    camera = Camera(
        np.array([[90.0, 0, 48], [0, 90, 48], [0, 0, 1]]), look_at(np.array([0, -0.2, 1.5]), np.zeros(3)), 96, 96
    )
    (picture,) = draft([standing(CUBE, 0.0, 0.0, 0.0, 0.2)], (camera,), constant(0.3, sun=1.5))
    west, east, north, south = (
        picture[tuple(pixel[::-1])].mean()
        for pixel in project(camera, 0.17 * np.array([[-1, 0, 0], [1, 0, 0], [0, 1, 0], [0, -1, 0]]))[0].astype(int)
    )
    assert west < 0.75 * min(east, north, south)  # the sun stands in the east, at x > 0
    assert np.ptp([east, north, south]) < 10


def test_objects_appear_where_the_labels_are():
    colors = np.diag([255, 255, 255])
    objects = [(painted(shape, color), pose) for (shape, pose), color in zip(three_objects(), colors, strict=True)]
    labels = cast_labels(Sight([Posed(shape, pose) for shape, pose in objects], CAMERAS)).instance
    pictures = linear(draft(objects, light=constant(0.8)) / 255)
    purity = pictures.max(axis=-1) / pictures.sum(axis=-1)
    shown = np.where(purity > 0.5, pictures.argmax(axis=-1) + 1, 0)
    for view, label in zip(shown, labels, strict=True):
        near = np.stack([np.roll(label, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)])
        assert (view == near).any(axis=0).all()  # the error is at most a pixel
        assert (view == label).mean() > 0.98


def test_the_same_input_gives_the_same_bytes_and_another_seed_other_noise():
    first, second, other = draft(seed=3), draft(seed=3), draft(seed=4)
    assert (first == second).all() and (first != other).any()
    assert np.abs(first - other).mean() < 1


def test_the_order_of_the_objects_changes_only_noise():
    straight, reordered = draft(seed=3), draft(three_objects()[::-1], seed=3)
    noise = np.abs(straight - draft(seed=4)).mean()
    assert np.abs(straight - reordered).mean() < 1.3 * noise


def test_turning_the_whole_world_changes_only_noise():
    objects = [(shape, turned(1) @ pose) for shape, pose in three_objects()]
    cameras = tuple(Camera(c.K, c.camera_from_world @ turned(-1), c.width, c.height) for c in CAMERAS)
    straight = draft(seed=3)
    noise = np.abs(straight - draft(seed=4)).mean()
    assert np.abs(straight - draft(objects, cameras, quartered(1), seed=4)).mean() < 1.3 * noise
    assert np.abs(straight - draft(light=quartered(1), seed=4)).mean() > 5 * noise


def test_a_view_that_misses_the_objects_shows_the_environment():
    up = Camera(CAMERAS[0].K, look_at(np.array([0, 0, 0.5]), np.array([1.0, 0, 1.5])), 96, 72)
    (picture,) = draft(cameras=(up,), light=constant((0.2, 0.4, 0.6)))
    assert np.abs(picture - encoded(np.array([0.2, 0.4, 0.6])) * 255).max() < 1
