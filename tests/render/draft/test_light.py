"""Light arrives from the right direction and in the right amount, in agreement with the exposure of path-traced pictures."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.color import LUMINANCE
from odd_bench.render.draft.light import BLUR_RAD
from odd_bench.render.surroundings import BUNDLED_ENVIRONMENTS
from tests.blender_jobs.scenes import DAYLIGHT
from tests.render.draft.lights import COLUMNS, ROWS, SUN, constant, spot

ALL_AROUND = (
    np.stack(
        np.meshgrid((np.arange(COLUMNS) + 0.5) / COLUMNS - 0.5, (np.arange(ROWS) + 0.5) / ROWS - 0.5), axis=-1
    ) * np.array([2 * np.pi, np.pi])
)  # (rows, columns, 2) azimuth and elevation of the middle of every cell  # fmt: skip


def directions(angles: np.ndarray) -> np.ndarray:
    """(3, ...) unit vectors of azimuths and elevations (..., 2)."""
    azimuth, elevation = angles[..., 0], angles[..., 1]
    return np.stack([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])


@settings(max_examples=10)
@given(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1))
def test_a_bright_spot_shines_from_its_direction(row, column):
    seen = spot(row, column).radiance(directions(ALL_AROUND))[0]
    assert np.unravel_index(seen.argmax(), seen.shape) == (row, column)
    assert seen.max() > 0.5


def test_a_rougher_mirror_spreads_a_spot_more():
    light, towards = spot(40, 0), directions(ALL_AROUND[40, 0])  # at the seam of the azimuth
    peaks = [light.radiance(towards, level)[0] for level in range(len(BLUR_RAD))]
    assert (np.diff(peaks) < 0).all()
    beside = directions(ALL_AROUND[40, [1, -1]])
    assert np.allclose(*light.radiance(beside, 2).T, rtol=0.05)


@settings(max_examples=20)
@given(st.floats(0.0, 20.0), st.floats(0.0, 5.0))
def test_the_floor_receives_pi_times_a_constant_radiance_and_the_sun_at_its_cosine(radiance, sun):
    expected = np.pi * radiance + sun * SUN[2]
    assert np.allclose(constant(radiance, sun).on_floor(), expected, rtol=1e-3)


def test_light_from_below_does_not_reach_the_floor():
    assert not spot(ROWS // 2 - 1, 5).on_floor().any()
    assert spot(ROWS // 2, 5).on_floor().all()


@pytest.mark.blender
@pytest.mark.parametrize("sun", [DAYLIGHT.sun, None], ids=["sun", "no sun"])
@pytest.mark.parametrize("file", BUNDLED_ENVIRONMENTS)
def test_a_white_sheet_has_the_level_of_the_exposure_meter(file, sun):
    from odd_bench.blender_jobs.light import MID_ALBEDO, WHITE_LEVEL, plain_light

    draw = replace(DAYLIGHT, file=file, sun=sun)
    light = plain_light(draw, np.full(3, MID_ALBEDO), None)
    assert light.on_floor() @ LUMINANCE / np.pi == pytest.approx(
        WHITE_LEVEL, rel=0.06
    )  # a low sun moves within its cell
