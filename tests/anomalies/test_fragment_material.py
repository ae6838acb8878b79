"""A wrong material on a fragment: the geometry stays, the border winds, and the rest keeps its finish."""

import numpy as np
import pytest

from odd_bench.anomalies import make_variant
from odd_bench.geometry.fracture.modes import compute_modes
from odd_bench.geometry.refusal import Refusal
from odd_bench.shapes.toys import make_toy


def test_only_a_fragment_is_repainted():
    toy = make_toy("mug", 1)
    intact = toy.shape()
    modes = compute_modes(intact, np.random.default_rng(0))
    for seed in range(5):
        try:
            odd = make_variant("material_mismatch", toy, intact, np.random.default_rng(seed), modes=modes)
        except Refusal:
            continue
        same = (odd.shape.face_color == intact.face_color).all(axis=1)
        assert np.array_equal(odd.shape.vertices, intact.vertices) and np.array_equal(odd.shape.faces, intact.faces)
        assert same[~odd.changed_faces].all() and 0 < odd.changed_faces.mean() < 1
        whole_parts = [odd.changed_faces[intact.face_part == part].mean() for part in np.unique(intact.face_part)]
        assert any(0 < share < 1 for share in whole_parts)
        return
    pytest.fail("five tries were refused")
