"""Rays hit the first surface on their way."""

import numpy as np
import trimesh

from odd_bench.geometry.raycast import Caster

BALLS = [trimesh.creation.icosphere(4, radius=0.2).apply_translation([x, 0, 0.2]) for x in (0.0, 1.0)]
MESHES = [(ball.vertices, ball.faces) for ball in BALLS]


def test_a_ray_through_two_balls_hits_the_nearer_one():
    origins, directions = np.array([[-1.0, 0, 0.2], [2.0, 0, 0.2]]), np.array([[2.0, 0, 0], [-1.0, 0, 0]])
    hits = Caster(MESHES).cast(origins, directions)
    assert np.allclose(hits.distance, [0.4, 0.8], atol=1e-3)  # in units of the direction's length
    assert hits.mesh.tolist() == [0, 1] and (hits.face >= 0).all() and (hits.face < len(BALLS[0].faces)).all()


def test_the_barycentric_weights_give_the_place_of_the_hit():
    rng = np.random.default_rng(0)
    origins = np.array([0.0, 0, 0.2]) + 2 * rng.standard_normal((50, 3))
    directions = np.array([0.0, 0, 0.2]) - origins
    hits = Caster(MESHES).cast(origins, directions)
    corners = BALLS[0].vertices[BALLS[0].faces[hits.face[hits.mesh == 0]]]
    places = (corners * hits.weights[hits.mesh == 0, :, None]).sum(axis=1)
    reached = origins + hits.distance[:, None] * directions
    assert len(places) > 30 and np.allclose(places, reached[hits.mesh == 0], atol=1e-4)
    assert Caster(MESHES).blocked(origins, directions).all()


def test_a_ray_into_the_open_hits_nothing():
    hits = Caster(MESHES).cast(np.array([[0.0, 0, 1.0]]), np.array([[0.0, 0, 1.0]]))
    assert hits.distance == np.inf and hits.face == -1 and hits.mesh == -1
    assert not Caster(MESHES).blocked(np.array([[0.0, 0, 1.0]]), np.array([[0.0, 0, 1.0]])).any()


def test_rays_keep_the_shape_of_their_raster_and_may_share_an_origin():
    directions = np.random.default_rng(0).standard_normal((4, 5, 3))
    together = Caster(MESHES).cast(np.array([0.0, 0, 1.0]), directions)
    apart = Caster(MESHES).cast(np.tile([0.0, 0, 1.0], (20, 1)), directions.reshape(-1, 3))
    assert together.face.shape == (4, 5) and together.weights.shape == (4, 5, 3)
    assert np.array_equal(together.face.ravel(), apart.face) and np.array_equal(
        together.distance.ravel(), apart.distance
    )
