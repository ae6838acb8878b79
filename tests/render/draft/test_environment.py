"""Environments of any size are resampled without loss of light and in the right directions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.render.draft.environment import ENVIRONMENT_CELLS, coarse_environment
from tests.blender_jobs.scenes import DAYLIGHT

ROWS, COLUMNS = ENVIRONMENT_CELLS
sizes = st.tuples(st.integers(1, 300), st.integers(1, 300))


def radiance(size: tuple[int, int]) -> np.ndarray:
    """(h, w, 3) float32, in places as bright as the sun."""
    return np.random.default_rng(0).lognormal(0, 3, (*size, 3)).astype(np.float32)


@settings(max_examples=30)
@given(sizes)
def test_no_light_is_lost_or_negative(size):
    pixels = radiance(size)
    coarse = coarse_environment(pixels)
    assert coarse.shape == (ROWS, COLUMNS, 3) and (coarse >= 0).all()
    assert np.allclose(coarse.mean(axis=(0, 1)), pixels.mean(axis=(0, 1), dtype=float), rtol=1e-5)


@settings(max_examples=15)
@given(sizes)
def test_cells_are_means_over_the_pixels_they_cover(size):
    pixels = radiance(size)
    copies = [cells // np.gcd(cells, n) for cells, n in zip(ENVIRONMENT_CELLS, size, strict=True)]
    fine = pixels.astype(float).repeat(copies[0], axis=0)  # (a multiple of 64, w, 3)
    fine = fine.reshape(ROWS, -1, size[1], 3).mean(axis=1).repeat(copies[1], axis=1)
    assert np.allclose(coarse_environment(pixels), fine.reshape(ROWS, COLUMNS, -1, 3).mean(axis=2), rtol=1e-4)


@pytest.mark.parametrize("size", [(64, 128), (512, 1024)])
def test_cells_of_evenly_divisible_sizes_are_plain_means_bit_for_bit(size):
    pixels = radiance(size)
    blocks = pixels.reshape(ROWS, size[0] // ROWS, COLUMNS, size[1] // COLUMNS, 3)
    assert (coarse_environment(pixels) == blocks.mean(axis=(1, 3))).all()


@pytest.mark.blender
@pytest.mark.parametrize(("height", "width"), [(50, 100), (77, 131)])
def test_a_file_of_any_size_lights_a_draft(tmp_path, height, width):
    import bpy

    from odd_bench.blender_jobs.light import plain_light

    image = bpy.data.images.new("odd", width, height, float_buffer=True)
    image.pixels.foreach_set(np.full(width * height * 4, 0.5, np.float32))
    image.filepath_raw, image.file_format = str(tmp_path / "odd.exr"), "OPEN_EXR"
    image.save()
    light = plain_light(replace(DAYLIGHT, file="odd.exr"), np.full(3, 0.25), tmp_path)
    assert light.environment.shape == (ROWS, COLUMNS, 3)
    assert np.ptp(light.environment) < 1e-5 * light.environment.mean()
