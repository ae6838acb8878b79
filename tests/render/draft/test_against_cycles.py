"""A draft looks like the path-traced picture of the same scene, but only if light and cameras have the same directions."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from odd_bench.color import LUMINANCE, linear
from odd_bench.geometry.cameras import look_at
from odd_bench.render.draft.light import Light
from odd_bench.render.draft.render import render_draft
from odd_bench.render.surroundings import mean_albedo
from odd_bench.scene import Camera
from tests.blender_jobs.scenes import DAYLIGHT, PLAIN_FLOOR, lopsided_cameras, three_objects

pytestmark = pytest.mark.blender


def luminance(pictures: np.ndarray) -> np.ndarray:
    """(views, h, w) linear luminance."""
    return linear(pictures / 255) @ LUMINANCE


def path_traced(cameras: tuple[Camera, ...], folder) -> np.ndarray:
    from odd_bench.blender_jobs.render import RenderConfig, RenderJob, render_views

    config = RenderConfig(samples=16, device="cpu")
    job = RenderJob(three_objects(), cameras, PLAIN_FLOOR, DAYLIGHT, folder, config, seed=1)
    return luminance(np.stack([np.asarray(Image.open(path), float) for path in render_views(job)]))


def drafted(cameras: tuple[Camera, ...], quarters: int = 0) -> np.ndarray:
    """Draft pictures. quarters: the number of right angles by which environment and sun are turned left."""
    from odd_bench.blender_jobs.light import plain_light

    light = turned(plain_light(DAYLIGHT, mean_albedo(PLAIN_FLOOR), None), quarters)
    return luminance(render_draft(list(three_objects()), cameras, PLAIN_FLOOR, light, seed=1))


def turned(light: Light, quarters: int) -> Light:
    c, s = np.cos(quarters * np.pi / 2), np.sin(quarters * np.pi / 2)
    columns = light.environment.shape[1]
    return replace(
        light,
        environment=np.roll(light.environment, quarters * columns // 4, axis=1),
        sun_direction=np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ light.sun_direction,
    )


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_both_engines_render_a_scene_alike(tmp_path):
    cameras = lopsided_cameras(64, 64)
    truth, draft = path_traced(cameras, tmp_path), drafted(cameras)
    assert likeness(truth, draft) > 0.8
    assert draft.mean() == pytest.approx(truth.mean(), rel=0.1)
    assert max(likeness(truth, drafted(cameras, quarters)) for quarters in (1, 2, 3)) < 0.5  # another sun


def test_the_environment_has_the_same_orientation_in_both_engines(tmp_path):
    K = np.array([[32.0, 0, 32], [0, 32.0, 32], [0, 0, 1]])
    eye = np.array([0.0, 0, 1.0])
    cameras = tuple(Camera(K, look_at(eye, eye + [np.cos(a), np.sin(a), 1.0]), 64, 64) for a in (0.3, 2.4, 4.5))
    truth = path_traced(cameras, tmp_path)
    alike = [likeness(truth, drafted(cameras, quarters)) for quarters in range(4)]
    assert alike[0] > 0.9 and alike[0] > max(alike[1:]) + 0.3
