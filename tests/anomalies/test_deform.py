from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from odd_bench.anomalies import AnomalyConfig, Refusal, make_variant
from odd_bench.anomalies.bend import bend, bent
from odd_bench.anomalies.bump import bump, falloff
from odd_bench.anomalies.hinge import Hinge, draw_hinge
from odd_bench.anomalies.quality import require_apart, require_unstretched
from odd_bench.anomalies.twist import twist, twisted
from odd_bench.geometry.mesh import face_volumes, is_closed
from odd_bench.geometry.refusal import FOLDS, NOT_VISIBLE, STRETCHED, TOO_SMALL
from odd_bench.shapes.patterns import Plain
from odd_bench.shapes.sdf import sphere
from odd_bench.shapes.toy import Part, Toy
from tests.anomalies.statuette import CLAY, coarse_box, statuette

CONFIG = AnomalyConfig()
HINGE = Hinge(np.zeros(3), np.eye(3), 0.4)
angles = st.floats(0.4, 0.8)
clouds = arrays(float, (20, 3), elements=st.floats(0, 1, width=32))


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points[None], axis=2)


@given(points=clouds, angle=angles)
@pytest.mark.parametrize("turned", [bent, twisted])
def test_past_the_ramp_everything_moves_rigidly(turned, points, angle):
    far = points + [HINGE.ramp, -0.5, -0.5]
    assert distances(turned(far, angle, HINGE)) == pytest.approx(distances(far), abs=1e-6)


@pytest.mark.parametrize("turned", [bent, twisted])
def test_nothing_moves_at_the_plane(turned):
    at_plane = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 3)) * [0, 1, 1]
    assert np.array_equal(turned(at_plane, 0.7, HINGE), at_plane)


@given(angle=angles)
def test_the_line_of_a_bend_keeps_its_length_and_turns_by_the_angle(angle):
    line = np.linspace([0, 0, 0], [0.8, 0, 0], 2001)
    steps = np.diff(bent(line, angle, HINGE), axis=0)
    assert np.linalg.norm(steps, axis=1).sum() == pytest.approx(0.8, rel=1e-4)
    assert np.arctan2(*steps[-1, 1::-1]) == pytest.approx(angle)


@given(points=clouds, angle=angles)
def test_a_twist_keeps_height_and_distance_from_the_line(points, angle):
    turned = twisted(points - [0, 0.5, 0.5], angle, HINGE)
    assert np.array_equal(turned[:, 0], points[:, 0])
    assert np.linalg.norm(turned[:, 1:], axis=1) == pytest.approx(np.linalg.norm(points[:, 1:] - 0.5, axis=1), abs=1e-9)


@pytest.mark.parametrize("deform", [bend, twist])
def test_the_side_behind_the_plane_keeps_every_vertex_bit_for_bit(deform):
    intact, deformed = statuette().shape(), 0
    for seed in range(4):
        try:
            odd = deform(intact, np.random.default_rng(seed), CONFIG)
        except Refusal as refusal:
            assert refusal.reason in (FOLDS, STRETCHED)
            continue
        hinge = draw_hinge(intact.vertices, np.random.default_rng(seed), CONFIG)
        still = hinge.behind(intact.vertices) >= 0
        assert still.any() and not still.all()
        assert np.array_equal(odd.vertices[: len(still)][still], intact.vertices[still])
        assert (odd.vertices[: len(still)][~still] != intact.vertices[~still]).any()
        deformed += 1
    assert deformed, "every seed is refused"


@pytest.mark.parametrize("seed", range(4))
def test_a_bump_stays_inside_its_ball_and_below_its_height(seed):
    intact = statuette().shape()
    odd = bump(intact, np.random.default_rng(seed), replace(CONFIG, dent_share=float(seed % 2)))
    motion = odd.vertices - intact.vertices
    moved = np.flatnonzero((motion != 0).any(axis=1))
    assert 0 < len(moved) < len(intact.vertices)
    assert np.ptp(intact.vertices[moved], axis=0).max() <= 2 * CONFIG.bump_radius[1]
    assert np.linalg.norm(motion, axis=1).max() <= CONFIG.bump_radius[1] * CONFIG.bump_height[1]


@pytest.mark.parametrize("dent_share", [0.0, 1.0])
def test_bumps_swell_and_dents_shrink(dent_share):
    ball = sphere_toy().shape()
    odd = bump(ball, np.random.default_rng(1), replace(CONFIG, dent_share=dent_share))
    growth = face_volumes(odd.vertices, odd.faces).sum() - face_volumes(ball.vertices, ball.faces).sum()
    assert (growth < 0) == bool(dent_share)


def test_the_deepest_dent_does_not_fold():
    slope = np.abs(np.diff(falloff(np.linspace(0, 1, 10_001)))).max() * 10_000
    assert slope * CONFIG.dent_depth[1] < 1


@pytest.mark.parametrize("seed", range(3))
def test_a_twisted_ball_is_refused_because_it_still_looks_like_a_ball(seed):
    ball = sphere_toy()
    still_line = replace(CONFIG, hinge=(0.3, 0.5), stretch=10.0)  # edges may grow, because only the surface counts
    with pytest.raises(Refusal) as refusal:
        make_variant("twist", ball, ball.shape(), np.random.default_rng(seed), still_line)
    assert refusal.value.reason in (NOT_VISIBLE, TOO_SMALL)


@pytest.mark.parametrize("deform", [bend, twist, bump])
def test_coarse_meshes_are_refined_and_stay_closed(deform):
    odd = deform(coarse_box(), np.random.default_rng(5), CONFIG)
    assert len(odd.faces) > 100 and is_closed(odd.faces)
    assert len(odd.face_color) == len(odd.face_part) == len(odd.face_material) == len(odd.faces)


def test_a_side_that_ends_inside_the_rest_is_refused():
    box = coarse_box((0.5, 0.2, 0.1))
    require_apart(box, np.array([[0.6, 0, 0], [0, 0.3, 0]]))
    with pytest.raises(Refusal, match=FOLDS):
        require_apart(box, np.array([[0.6, 0, 0], [0.1, 0.1, 0]]))


def test_an_edge_that_is_stretched_too_far_is_refused():
    box = coarse_box()
    pulled = replace(box, vertices=box.vertices + np.eye(8)[:, :1] * [3.0, 0, 0])
    with pytest.raises(Refusal, match=STRETCHED):
        require_unstretched(box, pulled, 2.0)


def sphere_toy() -> Toy:
    return Toy("ball-0001", "ball", (Part("body", sphere((0, 0, 0), 1.0), Plain((0.5, 0.5, 0.5)), CLAY),))
