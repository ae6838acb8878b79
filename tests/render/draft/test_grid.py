"""Interpolated values of a grid are those of the surrounding grid points."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.render.draft.grid import bilinear

GRIDS = np.random.default_rng(0).random((2, 7, 5)).astype(np.float32)
X, Y = np.meshgrid(np.arange(7.0), np.arange(5.0), indexing="ij")


def test_interpolation_at_grid_points_returns_their_values():
    assert np.allclose(bilinear(GRIDS, X.ravel(), Y.ravel()), GRIDS.reshape(2, -1), atol=1e-6)


@given(st.floats(0, 6), st.floats(0, 4))
def test_interpolation_is_exact_for_a_plane(x, y):
    plane = (2 * X - 3 * Y + 1).astype(np.float32)
    assert np.allclose(bilinear(plane[None], np.array([x]), np.array([y])), 2 * x - 3 * y + 1, atol=1e-4)
