"""Lenses bend light as those of COLMAP do, scale with their pictures, and know how far their polynomials are valid."""

import numpy as np
import pytest

from odd_bench.captures.lens import COLMAP_MODELS, LARGEST_SLOPE, colmap_lens
from tests.captures.worlds import colmap

VALUES = {"f": 510.0, "fx": 510.0, "fy": 505.0, "cx": 322.5, "cy": 239.25, "k1": -0.06, "k2": 0.021, "p1": 0.003, "p2": -0.002,
          "k3": 0.004, "k4": 0.01, "k5": -0.003, "k6": 0.001}  # fmt: skip


def lens_and_parameters(model):
    parameters = [VALUES[name] for name in COLMAP_MODELS[model]]
    return colmap_lens(model, 640, 480, parameters), parameters


@pytest.mark.parametrize("model", COLMAP_MODELS)
def test_points_fall_where_colmap_sees_them(model):
    lens, parameters = lens_and_parameters(model)
    camera = colmap().Camera(model=model, width=640, height=480, params=parameters)
    points = np.random.default_rng(0).uniform([-0.7, -0.5, 1.0], [0.7, 0.5, 1.6], (200, 3))
    expected = np.array([camera.img_from_cam(point) for point in points])
    np.testing.assert_allclose(lens.project(points), expected, atol=1e-9)


@pytest.mark.parametrize("model", COLMAP_MODELS)
def test_a_scaled_picture_shows_every_point_at_the_scaled_place(model):
    lens, _ = lens_and_parameters(model)
    points = np.random.default_rng(1).uniform([-0.5, -0.4, 1.0], [0.5, 0.4, 1.5], (50, 3))
    scaled = lens.scaled(1280, 240).project(points)
    np.testing.assert_allclose(scaled, lens.project(points) * [2.0, 0.5], atol=1e-9)


def test_a_lens_knows_where_its_polynomial_folds_back():
    folding = colmap_lens("SIMPLE_RADIAL", 640, 480, [500.0, 320.0, 240.0, -0.3])
    slope = folding.largest_slope()
    assert slope == pytest.approx(np.sqrt(1 / 0.9), abs=0.01)  # the maximum of s - 0.3 s^3
    fraction = colmap_lens("FULL_OPENCV", 640, 480, [500.0, 500.0, 320.0, 240.0, *[0.0] * 5, -0.25, 0.0, 0.0])
    assert fraction.largest_slope() == pytest.approx(2.0, abs=0.01)  # 1 - s^2 / 4 in the denominator
    assert colmap_lens("SIMPLE_PINHOLE", 640, 480, [500.0, 320.0, 240.0]).largest_slope() == LARGEST_SLOPE
