"""Our DBSCAN and that of scikit-learn give the same labels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import DBSCAN

from odd_bench.detector.boxes import dbscan

VOXELS = arrays(bool, (4, 7, 7)).map(np.argwhere).filter(len)


@given(VOXELS, st.sampled_from([0.5, 1.0, 1.01, 1.5, 2.0, 3.0]), st.integers(1, 8), st.randoms(use_true_random=False))
def test_labels_equal_those_of_scikit_learn(voxels, eps, min_samples, random):
    """In any order of the voxels, which decides the numbers and the owner of a border voxel."""
    shuffled = voxels[random.sample(range(len(voxels)), len(voxels))]
    expected = DBSCAN(eps=eps, min_samples=min_samples).fit_predict(shuffled)
    assert (dbscan(shuffled, eps, min_samples) == expected).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.3), st.integers(1, 6))
def test_labels_of_scattered_points_equal_those_of_scikit_learn(seed, eps, min_samples):
    points = np.random.default_rng(seed).random((80, 3))
    assert (dbscan(points, eps, min_samples) == DBSCAN(eps=eps, min_samples=min_samples).fit_predict(points)).all()
