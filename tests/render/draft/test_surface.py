"""The joined surface consists of the objects in their places."""

import numpy as np
import pytest
import trimesh

from odd_bench.color import linear
from odd_bench.geometry.normals import HARD_EDGE_RAD
from odd_bench.render.draft.surface import join
from tests.blender_jobs.scenes import shape_of, standing, three_objects


def test_every_face_lies_on_its_object_in_the_world():
    surface = join(list(three_objects()))
    first = 0
    for shape, pose in three_objects():
        own = slice(first, first + len(shape.faces))
        first = own.stop
        corners = shape.vertices[shape.faces] @ pose[:3, :3].T + pose[:3, 3]
        assert np.allclose(surface.vertices[surface.faces[own]], corners, atol=1e-6)
        assert np.allclose(surface.albedo[own], linear(shape.face_color / 255), atol=1e-6)


def test_normals_are_unit_and_point_outwards():
    surface = join(list(three_objects()))
    corners = surface.vertices[surface.faces]
    outwards = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.allclose(np.linalg.norm(surface.corner_normals, axis=2), 1, atol=1e-5)
    assert (np.einsum("fci,fi->fc", surface.corner_normals, outwards) > 0).all()


def test_a_ball_is_shaded_smoothly():
    ball = shape_of(trimesh.creation.icosphere(3), "ball", (9, 9, 9))
    surface = join([standing(ball, 0, 0, 0, 1.0)])
    around = surface.vertices[surface.faces] - np.array([0, 0, surface.vertices[:, 2].mean()])
    assert np.allclose(surface.corner_normals, around / np.linalg.norm(around, axis=2, keepdims=True), atol=0.02)


@pytest.mark.parametrize("sections", [4, 6, 8])
def test_a_prism_is_shaded_flat_whatever_its_triangulation(sections):
    prism = shape_of(trimesh.creation.cylinder(0.5, 1.0, sections=sections), "prism", (9, 9, 9))
    surface = join([standing(prism, 0, 0, 0.3, 1.0)])
    corners = surface.vertices[surface.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    own = across / np.linalg.norm(across, axis=1, keepdims=True)
    assert np.allclose(surface.corner_normals, own[:, None], atol=1e-4)


def test_a_cylinder_is_shaded_smoothly_along_its_side_and_flat_on_its_ends():
    can = shape_of(trimesh.creation.cylinder(0.5, 1.0, sections=32), "can", (9, 9, 9))
    surface = join([standing(can, 0, 0, 0, 1.0)])
    up = np.abs(surface.corner_normals[..., 2])
    assert ((up < 1e-4) | (up > 1 - 1e-4)).all()
    side = up[:, 0] < 0.5
    radial = surface.vertices[surface.faces[side]][..., :2]
    assert np.allclose(
        surface.corner_normals[side][..., :2], radial / np.linalg.norm(radial, axis=2, keepdims=True), atol=0.07
    )


def test_a_corner_normal_is_the_mean_over_faces_at_a_flat_enough_angle():
    surface = join(list(three_objects()))
    corners = surface.vertices[surface.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])  # their length is twice the area
    own = across / np.linalg.norm(across, axis=1, keepdims=True)
    for face in range(0, len(surface.faces), 7):
        for corner, vertex in enumerate(surface.faces[face]):
            around = np.flatnonzero((surface.faces == vertex).any(axis=1))
            total = across[around][own[around] @ own[face] > np.cos(HARD_EDGE_RAD)].sum(axis=0)
            assert np.allclose(surface.corner_normals[face, corner], total / np.linalg.norm(total), atol=1e-4)
