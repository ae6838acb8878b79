"""The picture of another camera in the same place: exact along every ray, whatever the lens."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from odd_bench.captures.capture import Photograph
from odd_bench.captures.lens import COLMAP_MODELS, Lens, colmap_lens, matrix
from odd_bench.captures.resample import seen_by, without_distortion
from odd_bench.geometry.cameras import eye, look_at, pixel_directions
from odd_bench.scene import Camera
from tests.captures.test_lens import VALUES
from tests.captures.worlds import colors_along

PLACE = np.array([1.0, -0.6, 0.9])
POSE = look_at(PLACE, np.array([0.0, 0.0, 0.1]))


def inverse(lens: Lens, pixels: np.ndarray) -> np.ndarray:
    """Directions (n, 3) of pixels (n, 2), by Newton's method with numerical derivatives."""
    slopes = (pixels - lens.K[:2, 2]) / [lens.K[0, 0], lens.K[1, 1]]
    wanted = slopes.copy()

    def at(values):
        return np.stack(lens.distorted(values[:, 0], values[:, 1]), axis=-1)

    for _ in range(20):
        error, step = at(slopes) - wanted, 1e-6
        if np.abs(error).max() < 1e-12:
            break
        columns = [(at(slopes + step * axis) - at(slopes - step * axis)) / (2 * step) for axis in np.eye(2)]
        slopes = slopes - np.linalg.solve(np.stack(columns, axis=-1), error[..., None])[..., 0]
    return np.column_stack([slopes, np.ones(len(slopes))])


def photograph(folder, lens: Lens) -> Photograph:
    """The picture of the world of blocks through the lens, without softening."""
    u, v = np.meshgrid(np.arange(lens.width) + 0.5, np.arange(lens.height) + 0.5)
    rays = inverse(lens, np.column_stack([u.ravel(), v.ravel()])) @ POSE[:3, :3]
    colors = colors_along(PLACE, rays.reshape(lens.height, lens.width, 3))
    Image.fromarray(np.round(colors).astype(np.uint8)).save(folder / "a.png")
    return Photograph(folder / "a.png", lens, POSE)


def expected(camera: Camera) -> np.ndarray:
    return colors_along(eye(camera), pixel_directions(camera))


@pytest.mark.parametrize("model", COLMAP_MODELS)
def test_distortion_is_undone_and_the_camera_is_rotated(tmp_path, model):
    lens = colmap_lens(model, 640, 480, [VALUES[name] for name in COLMAP_MODELS[model]])
    taken = photograph(tmp_path, lens)
    target = np.array([0.05, -0.05, 0.15])
    wanted = Camera(matrix(150.0, 150.0, 48.0, 48.0), look_at(PLACE, target), 96, 96)
    view = seen_by(taken, POSE, wanted)
    assert view.inside.all()
    error = np.abs(view.picture - expected(wanted))
    assert np.median(error) < 1.5 and error.mean() < 4  # a shift by half a pixel would make the mean 9


def test_pixels_beyond_the_photograph_are_marked(tmp_path):
    lens = Lens(160, 120, matrix(120.0, 120.0, 80.0, 60.0))
    aside = Camera(matrix(60.0, 60.0, 32.0, 32.0), look_at(PLACE, np.array([0.8, 0.3, 0.0])), 64, 64)
    view = seen_by(photograph(tmp_path, lens), POSE, aside)
    assert 0.1 < view.inside.mean() < 0.9
    shown = np.abs(view.picture - expected(aside))[view.inside]
    assert np.median(shown) < 2


@pytest.mark.parametrize("longest", [90, 320, 900])
def test_a_plain_picture_keeps_its_size_and_pose(tmp_path, longest):
    taken = photograph(tmp_path, colmap_lens("OPENCV", 640, 480, [VALUES[name] for name in COLMAP_MODELS["OPENCV"]]))
    view = without_distortion(taken, POSE, longest)
    assert view.picture.shape == (round(longest * 0.75), longest, 3)
    np.testing.assert_array_equal(view.camera.camera_from_world, POSE)
    inner = (slice(len(view.picture) // 6, -(len(view.picture) // 6)), slice(longest // 6, -(longest // 6)))
    assert np.median(np.abs(view.picture - expected(view.camera))[inner]) < 4


def test_a_reduced_jpeg_shows_the_same(tmp_path):
    """Decoding at an eighth of the size moves nothing, which is enough for pictures of 12 megapixels."""
    lens = Lens(1603, 1201, matrix(1300.0, 1300.0, 801.5, 600.5))  # not a multiple of eight
    taken = photograph(tmp_path, lens)
    Image.open(taken.path).save(tmp_path / "a.jpg", quality=95)
    wanted = Camera(matrix(75.0, 75.0, 48.0, 48.0), POSE, 96, 96)
    small = seen_by(replace(taken, path=tmp_path / "a.jpg"), POSE, wanted).picture.astype(float)
    assert np.abs(small - seen_by(taken, POSE, wanted).picture).mean() < 3
