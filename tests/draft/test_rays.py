"""Rays meet the first surface in their way."""

import numpy as np
import trimesh

from odd_bench.draft.rays import Caster
from odd_bench.draft.surface import join
from tests.blender_jobs.scenes import shape_of, standing

BALL = shape_of(trimesh.creation.icosphere(4), "ball", (9, 9, 9))
SURFACE = join([standing(BALL, 0, 0, 0, 0.4), standing(BALL, 1, 0, 0, 0.4)])


def test_a_ray_through_two_balls_meets_the_nearer_one():
    origins, directions = np.array([[-1.0, 0, 0.2], [2.0, 0, 0.2]]), np.array([[2.0, 0, 0], [-1.0, 0, 0]])
    hits = Caster(SURFACE).cast(origins, directions)
    assert np.allclose(hits.distance, [0.4, 0.8], atol=1e-3)  # in lengths of the direction
    assert (hits.face[0] < SURFACE.first_face[1]) and (hits.face[1] >= SURFACE.first_face[1])


def test_the_weights_of_the_corners_give_the_place_of_the_hit():
    rng = np.random.default_rng(0)
    origins = np.array([0.0, 0, 0.2]) + 2 * rng.standard_normal((50, 3))
    directions = np.array([0.0, 0, 0.2]) - origins
    hits = Caster(SURFACE).cast(origins, directions)
    places = (SURFACE.vertices[SURFACE.faces[hits.face]] * hits.weights[..., None]).sum(axis=1)
    assert np.allclose(places, origins + hits.distance[:, None] * directions, atol=1e-4)
    assert Caster(SURFACE).blocked(origins, directions).all()


def test_a_ray_into_the_open_meets_nothing():
    hits = Caster(SURFACE).cast(np.array([[0.0, 0, 1.0]]), np.array([[0.0, 0, 1.0]]))
    assert hits.distance == np.inf and hits.face == -1
    assert not Caster(SURFACE).blocked(np.array([[0.0, 0, 1.0]]), np.array([[0.0, 0, 1.0]])).any()
