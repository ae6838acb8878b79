"""Rigid-body simulation of a shape that is dropped on the floor and comes to rest."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Quaternion

from odd_bench.blender_jobs.process import quiet, reset

DROP_SCALE_M = 0.3  # largest side of a dropped shape
FRAMES_PER_SECOND = 30
MAX_FRAMES = 240
WINDOW_FRAMES = 10  # motion over a third of a second, in which the jitter of the solver averages out
STILL_FRAMES = 6  # a body is at rest after this many still frames in a row
STILL_MOVE_M = 0.003  # over one window
STILL_TURN_RAD = 0.03  # over one window
SPACING_M = 1.5
COLLISION_LAYERS = 20


@dataclass(frozen=True)
class Settled:
    """Outcome of k drops. quaternions_wxyz: (k, 4), world from object. settled: (k,) bool, False if still moving at the end."""

    quaternions_wxyz: np.ndarray
    settled: np.ndarray


def drop(hull_vertices: np.ndarray, centre_of_mass: np.ndarray, orientations_wxyz: np.ndarray) -> Settled:
    """Drop k copies of a convex body on a flat floor, all at once, without contact between them.

    A rigid body on a plane rests on its convex hull, so the hull of the intact shape is sufficient. A few hundred vertices are
    enough (`odd_bench.generate.rest.drop_hull`). The same input gives the same bytes.

    hull_vertices: (n, 3) float, canonical frame (largest side 1). centre_of_mass: (3,) float, canonical frame.
    orientations_wxyz: (k, 4) float, world from object at release.
    """
    reset()
    _world()
    _floor(half_side_m=SPACING_M * (len(orientations_wxyz) + 2))
    centred_m = (np.asarray(hull_vertices, float) - centre_of_mass) * DROP_SCALE_M
    bodies = _bodies(centred_m, np.asarray(orientations_wxyz, float))
    return _simulate(bodies)


def _world() -> None:
    scene = bpy.context.scene
    scene.render.fps = FRAMES_PER_SECOND
    scene.frame_start, scene.frame_end = 1, MAX_FRAMES
    bpy.ops.rigidbody.world_add()
    world = scene.rigidbody_world
    world.collection = bpy.data.collections.new("bodies")
    world.point_cache.frame_start, world.point_cache.frame_end = 1, MAX_FRAMES
    world.substeps_per_frame = 6
    world.solver_iterations = 100  # with fewer, a body on a curved side jitters forever


def _floor(half_side_m: float) -> None:
    """Add a slab whose top is at z = 0. Its origin lies half a slab lower, because a box shape is centred on the origin."""
    corners = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    vertices_m = np.array(corners) * (half_side_m, half_side_m, 0.5)
    floor = _body("floor", vertices_m, "PASSIVE", "BOX")
    floor.matrix_world = Matrix.Translation((0, 0, -0.5))
    floor.rigid_body.collision_collections = [True] * COLLISION_LAYERS


def _bodies(vertices_m: np.ndarray, orientations_wxyz: np.ndarray) -> list[bpy.types.Object]:
    bodies = []
    for i, wxyz in enumerate(orientations_wxyz):
        body = _body(f"body-{i}", vertices_m, "ACTIVE", "CONVEX_HULL")
        rotation = Quaternion(wxyz).normalized().to_matrix()
        lowest_m = (vertices_m @ np.array(rotation).T)[:, 2].min()
        place = Matrix.Translation((SPACING_M * (i - len(orientations_wxyz) / 2), 0, 0.02 - lowest_m))
        body.matrix_world = place @ rotation.to_4x4()
        body.rigid_body.collision_collections = [layer == i % COLLISION_LAYERS for layer in range(COLLISION_LAYERS)]
        bodies.append(body)
    return bodies


def _body(name: str, vertices_m: np.ndarray, kind: str, collision_shape: str) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices_m.tolist(), [], [])
    body = bpy.data.objects.new(name, mesh)
    body.rotation_mode = "QUATERNION"
    bpy.context.scene.collection.objects.link(body)
    bpy.context.scene.rigidbody_world.collection.objects.link(body)
    physics = body.rigid_body
    physics.type, physics.collision_shape, physics.mesh_source = kind, collision_shape, "BASE"
    physics.friction, physics.restitution = 0.7, 0.0
    physics.use_margin, physics.collision_margin = True, 0.005
    physics.linear_damping, physics.angular_damping = 0.4, 0.97  # Bullet has no rolling friction
    return body


def _simulate(bodies: list[bpy.types.Object]) -> Settled:
    """Simulate frame by frame, until every body has been still for STILL_FRAMES frames."""
    still = np.zeros(len(bodies), int)
    window: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=WINDOW_FRAMES)
    with quiet():
        for frame in range(1, MAX_FRAMES + 1):
            bpy.context.scene.frame_set(frame)
            poses = _poses(bodies)
            if len(window) == WINDOW_FRAMES:
                still = np.where(_is_still(window[0], poses), still + 1, 0)
            window.append(poses)
            if (still >= STILL_FRAMES).all():
                break
    return Settled(window[-1][1], still >= STILL_FRAMES)


def _poses(bodies: list[bpy.types.Object]) -> tuple[np.ndarray, np.ndarray]:
    """Positions (k, 3) in metres and quaternions wxyz (k, 4)."""
    matrices = [body.matrix_world for body in bodies]
    return np.array([m.translation for m in matrices]), np.array([m.to_quaternion() for m in matrices])


def _is_still(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether the distance and the angle between two poses of each body are below the limits, (k,) bool."""
    moved_m = np.linalg.norm(after[0] - before[0], axis=1)
    cosine = np.abs((after[1] * before[1]).sum(axis=1)).clip(0, 1)  # q and -q are the same rotation
    return (moved_m < STILL_MOVE_M) & (2 * np.arccos(cosine) < STILL_TURN_RAD)
