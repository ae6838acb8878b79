"""Laws of rest poses: an object stands on a facet with its centre of mass above it."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from odd_bench.generate.rest import body, centre_of_mass, drop_hull, rest_poses, resting_facet

SOLIDS = {
    "box": trimesh.creation.box([1.0, 0.7, 0.4]),
    "cone": trimesh.creation.cone(0.3, 1.0),
    "torus": trimesh.creation.torus(0.35, 0.15),
    "ball": trimesh.creation.icosphere(3, 0.5),
}
seeds = st.integers(0, 10_000)


def random_cloud(seed: int) -> np.ndarray:
    """(40, 3) points around the origin."""
    return np.random.default_rng(seed).normal(size=(40, 3))


def random_wxyz(seed: int, count: int) -> np.ndarray:
    return Rotation.random(count, random_state=seed).as_quat()[:, [3, 0, 1, 2]]


@pytest.mark.parametrize("name", SOLIDS)
def test_the_centre_of_mass_agrees_with_trimesh_wherever_the_solid_lies(name):
    solid = SOLIDS[name]
    moved = solid.vertices + (5.0, -3.0, 2.0)
    assert np.allclose(centre_of_mass(moved, solid.faces), solid.center_mass + (5.0, -3.0, 2.0), atol=1e-9)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_body_is_closed_and_faces_outwards(seed):
    cloud = random_cloud(seed)
    hull = body(cloud, cloud.mean(axis=0))
    edge_a, edge_b = hull.triangles[:, 1] - hull.triangles[:, 0], hull.triangles[:, 2] - hull.triangles[:, 0]
    assert (np.einsum("fi,fi->f", np.cross(edge_a, edge_b), hull.normals) > 0).all()
    for facet, across in enumerate(hull.neighbours):
        for corner, other in enumerate(across):
            shared = np.delete(hull.triangles[facet], corner, axis=0)
            distance = np.linalg.norm(shared[:, None] - hull.triangles[other][None], axis=2)
            assert (distance.min(axis=1) < 1e-12).all()


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_the_resting_facet_contains_the_projected_centre_of_mass(seed):
    cloud = random_cloud(seed)
    hull = body(cloud, cloud.mean(axis=0))
    down = random_wxyz(seed, 1)[0, 1:]
    facet = resting_facet(hull, down / np.linalg.norm(down))
    triangle, normal = hull.triangles[facet], hull.normals[facet]
    foot = normal * (triangle[0] @ normal)
    weights = np.linalg.solve(triangle.T, foot)  # barycentric coordinates of the foot
    assert weights.min() > -1e-6 and weights.sum() == pytest.approx(1)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_a_rest_pose_touches_the_floor_at_three_points_around_the_centre_of_mass(seed):
    """Lowered to the floor, it neither floats nor sinks nor leans."""
    cloud = random_cloud(seed)
    centre = cloud.mean(axis=0)
    dropped = random_wxyz(seed, 5)
    poses = rest_poses(body(cloud, centre), dropped, np.ones(5, bool), max_tilt_rad=np.pi)
    assert poses.shape == (5, 3, 3)
    for rotation in poses:
        placed = (cloud - centre) @ rotation.T
        touching = placed[placed[:, 2] < placed[:, 2].min() + 1e-9, :2]
        assert len(touching) >= 3
        assert (ConvexHull(touching).equations[:, 2] < 1e-9).all()  # the origin lies inside the contact polygon
    turned = Rotation.from_matrix(poses) * Rotation.from_quat(dropped[:, [1, 2, 3, 0]]).inv()
    limit = float(np.median(turned.magnitude())) + 1e-9
    nearer = rest_poses(body(cloud, centre), dropped, np.ones(5, bool), max_tilt_rad=limit)
    assert np.array_equal(nearer, poses[turned.magnitude() <= limit])


def test_moving_and_far_leaning_drops_are_left_out():
    box = SOLIDS["box"]
    hull = body(box.vertices, np.zeros(3))
    upright, leaning = [1.0, 0, 0, 0], [np.cos(0.15), np.sin(0.15), 0, 0]  # by 0.3 rad
    poses = rest_poses(hull, np.array([upright, upright, leaning]), np.array([True, False, True]), max_tilt_rad=0.2)
    assert np.array_equal(poses, rest_poses(hull, np.array([upright]), np.array([True])))


@pytest.mark.parametrize("name", SOLIDS)
def test_the_drop_hull_keeps_every_width_to_half_a_percent(name):
    vertices = SOLIDS[name].vertices
    directions = np.random.default_rng(0).normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    reach, kept = (vertices @ directions.T).max(axis=0), (drop_hull(vertices) @ directions.T).max(axis=0)
    assert (kept <= reach + 1e-12).all() and (reach - kept).max() < 0.005
