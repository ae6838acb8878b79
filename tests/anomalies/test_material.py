import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odd_bench.anomalies import AnomalyConfig, Refusal
from odd_bench.anomalies.finishes import KINDS
from odd_bench.anomalies.material import patch, recolor_region
from odd_bench.color import lab
from odd_bench.geometry.mesh import face_areas
from odd_bench.geometry.refusal import NO_FINISH, NO_REGION
from tests.anomalies.statuette import coarse_box, statuette, variant

CONFIG = AnomalyConfig()


@pytest.mark.parametrize("seed", range(4))
def test_a_mismatch_keeps_the_geometry_and_marks_the_repainted_part(seed):
    intact, odd = statuette().shape(), variant("material_mismatch", seed)
    assert np.array_equal(odd.shape.vertices, intact.vertices)
    assert np.array_equal(odd.shape.faces, intact.faces)
    assert np.array_equal(odd.shape.face_color[~odd.changed_faces], intact.face_color[~odd.changed_faces])
    assert np.array_equal(odd.changed_faces, odd.lost_faces)
    assert len(np.unique(intact.face_part[odd.changed_faces])) == 1


@given(mask=st.lists(st.booleans(), min_size=12, max_size=12), seed=st.integers(0, 2**32))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_region_gets_a_clearly_different_finish_and_the_rest_keeps_its_own(mask, seed):
    box, mask = coarse_box(), np.array(mask)
    if not mask.any():
        with pytest.raises(Refusal, match=NO_REGION):
            recolor_region(box, mask, np.random.default_rng(seed))
        return
    try:
        odd = recolor_region(box, mask, np.random.default_rng(seed))
    except Refusal as refusal:
        assert refusal.reason == NO_FINISH
        return
    assert np.array_equal(odd.face_color[~mask], box.face_color[~mask])
    assert np.array_equal(odd.face_material[~mask], box.face_material[~mask])
    distance = np.median(np.linalg.norm(lab(odd.face_color[mask]) - lab(box.face_color[mask]), axis=1))
    assert CONFIG.color_distance[0] <= distance <= CONFIG.color_distance[1]


@pytest.mark.parametrize("seed", range(5))
def test_a_patch_has_a_share_of_the_surface_within_the_range(seed):
    shape = statuette().shape()
    areas = face_areas(shape.vertices, shape.faces)
    share = areas[patch(shape, np.random.default_rng(seed), CONFIG)].sum() / areas.sum()
    assert CONFIG.repaint_area[0] <= share <= CONFIG.repaint_area[1]


@pytest.mark.parametrize("kind", KINDS)
def test_finishes_have_valid_colours_and_materials(kind):
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (200, 3))
    for seed in range(5):
        material, pattern = kind(np.random.default_rng(seed))
        colors = pattern.colors(points)
        assert 0 <= material.roughness <= 1 and colors.min() >= 0 and colors.max() <= 1


def test_cielab_of_white_black_and_grey_is_known():
    assert lab(np.array([[255, 255, 255], [0, 0, 0], [119, 119, 119]])) == pytest.approx(
        np.array([[100, 0, 0], [0, 0, 0], [50, 0, 0]]), abs=0.1
    )
