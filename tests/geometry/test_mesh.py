from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from odd_bench.geometry.mesh import count_bodies, face_areas, face_volumes, is_closed
from odd_bench.geometry.refine import refine
from odd_bench.geometry.refusal import TOO_COARSE, Refusal
from tests.anomalies.statuette import coarse_box, statuette

points = arrays(float, 3, elements=st.floats(-0.75, 0.75, width=32))


def ball(center, radius):
    return lambda p: np.linalg.norm(p - center, axis=1) - radius


def area_by_color(shape) -> dict:
    colors, index = np.unique(shape.face_color, axis=0, return_inverse=True)
    areas = np.bincount(index.ravel(), face_areas(shape.vertices, shape.faces))
    return {tuple(color): area for color, area in zip(colors.tolist(), areas, strict=True)}


def test_a_box_has_its_area_and_volume():
    box = coarse_box((0.5, 0.2, 0.1))
    assert face_areas(box.vertices, box.faces).sum() == pytest.approx(2 * (0.4 + 0.2 + 0.08))
    assert face_volumes(box.vertices, box.faces).sum() == pytest.approx(0.08)


def test_a_mesh_is_closed_exactly_if_every_edge_has_its_opposite():
    faces = coarse_box().faces
    assert is_closed(faces)
    assert not is_closed(faces[1:])
    assert not is_closed(np.concatenate([faces[:1, ::-1], faces[1:]]))


def test_bodies_are_counted_without_cavities():
    outer, inner = coarse_box(), coarse_box((0.1, 0.1, 0.05))
    vertices = np.concatenate([outer.vertices, inner.vertices])
    hollow = np.concatenate([outer.faces, inner.faces[:, ::-1] + 8])
    assert count_bodies(outer.vertices, outer.faces) == 1
    assert count_bodies(vertices, hollow) == 1
    assert (
        count_bodies(vertices + np.repeat([[0], [3]], 8, axis=0), np.concatenate([outer.faces, inner.faces + 8])) == 2
    )


@given(center=points, radius=st.floats(0.05, 0.4), edge=st.floats(0.05, 0.5))
def test_refining_keeps_the_surface_and_its_paint(center, radius, edge):
    box = coarse_box()
    fine = refine(box, ball(center, radius), edge)
    assert is_closed(fine.faces)
    assert np.array_equal(fine.vertices[:8], box.vertices)
    assert face_volumes(fine.vertices, fine.faces).sum() == pytest.approx(0.08)
    assert area_by_color(fine) == pytest.approx(area_by_color(box))


@given(center=points, radius=st.floats(0.05, 0.4), edge=st.floats(0.05, 0.5))
def test_refining_leaves_no_long_edge_in_the_region(center, radius, edge):
    fine = refine(coarse_box(), ball(center, radius), edge)
    corner = fine.vertices[fine.faces]
    inside = (np.linalg.norm(corner - center, axis=2) < radius).any(axis=1)
    assert (np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2)[inside] <= edge).all()


def test_refining_away_from_the_mesh_changes_nothing():
    box = coarse_box()
    assert refine(box, ball(np.array([5.0, 0, 0]), 0.2), 0.01) is box
    fine = statuette().shape()
    assert refine(fine, ball(np.zeros(3), 2.0), 0.1) is fine


def test_refining_to_too_many_faces_is_refused():
    huge = replace(coarse_box(), vertices=coarse_box().vertices * 1e3)
    with pytest.raises(Refusal, match=TOO_COARSE):
        refine(huge, ball(np.zeros(3), 1e4), 0.03)
