"""First hits cast object by object, in their own frames, equal those of all objects together in the world."""

import numpy as np

from odd_bench.geometry.cameras import eye, look_at, pixel_directions
from odd_bench.geometry.first_hits import PosedMesh, cast_window, first_hits
from odd_bench.geometry.raycast import Caster
from odd_bench.scene import Camera
from tests.blender_jobs.scenes import lopsided_cameras, three_objects

CAMERAS = lopsided_cameras(96, 72)


def moved(points: np.ndarray, pose: np.ndarray) -> np.ndarray:
    return points @ pose[:3, :3].T + pose[:3, 3]


MESHES = [PosedMesh(shape.caster, pose, moved(shape.outline, pose)) for shape, pose in three_objects()]
WORLD = [(moved(shape.vertices, pose), shape.faces) for shape, pose in three_objects()]


def cast_all(meshes, camera: Camera):
    return Caster(meshes).cast(eye(camera), pixel_directions(camera))


def test_first_hits_equal_those_in_the_world():
    found = first_hits(MESHES, CAMERAS).hits
    for view, camera in enumerate(CAMERAS):
        expected = cast_all(WORLD, camera)
        same = found.mesh[view] == expected.mesh
        assert same.mean() > 0.9995 and (expected.mesh >= 0).mean() > 0.05  # rays that graze an edge may differ
        hit = same & (expected.mesh >= 0)
        assert np.allclose(found.distance[view][hit], expected.distance[hit], atol=1e-4)
        assert (found.face[view][hit] == expected.face[hit]).mean() > 0.995
        assert np.isinf(found.distance[view][found.mesh[view] < 0]).all()


def test_amodal_hits_ignore_the_other_objects():
    alone = first_hits(MESHES, CAMERAS).alone
    for index, mesh in enumerate(WORLD):
        for view, camera in enumerate(CAMERAS):
            expected = np.isfinite(cast_all([mesh], camera).distance).sum()
            assert abs(int(alone[index, view]) - int(expected)) <= 2


def test_a_camera_among_the_objects_misses_none_of_their_pixels():
    inside = Camera(CAMERAS[0].K, look_at(np.array([0.0, 0, 0.1]), np.array([1.0, 0.4, 0.2])), 96, 72)
    found, expected = first_hits(MESHES, (inside,)).hits, cast_all(WORLD, inside)
    assert (found.mesh[0] == expected.mesh).mean() > 0.999


def test_objects_outside_the_picture_take_no_rays():
    away = Camera(CAMERAS[0].K, look_at(np.array([3.0, 0, 0.5]), np.array([3.0, 8.0, 0.5])), 96, 72)
    assert len(cast_window(MESHES[0], (away,)).pixel) in (0, 96 * 72)  # behind the camera, all pixels are cast
    assert (first_hits(MESHES, (away,)).hits.mesh == -1).all()
