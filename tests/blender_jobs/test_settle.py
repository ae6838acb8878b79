"""Drops in Blender: objects come to rest in stable poses, the same way each time."""

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from odd_bench.generate.rest import body, centre_of_mass, drop_hull, rest_poses

pytestmark = pytest.mark.blender
ORIENTATIONS = Rotation.random(12, random_state=5).as_quat()[:, [3, 0, 1, 2]]


def dropped(solid):
    from odd_bench.blender_jobs.settle import drop

    centre = centre_of_mass(solid.vertices, solid.faces)
    return drop(drop_hull(solid.vertices), centre, ORIENTATIONS), body(solid.vertices, centre)


@pytest.mark.parametrize(
    "solid",
    [
        trimesh.creation.box([1.0, 0.6, 0.3]),
        trimesh.creation.cylinder(0.2, 1.0, sections=64),  # rolls
        trimesh.creation.icosphere(4, 0.5),  # rolls every way
        trimesh.creation.cone(0.4, 1.0),
    ],
    ids=["box", "cylinder", "ball", "cone"],
)
def test_nearly_all_drops_settle_near_a_stable_pose(solid):
    settled, hull = dropped(solid)
    assert settled.settled.mean() > 0.8
    poses = rest_poses(hull, settled.quaternions_wxyz, settled.settled)
    assert len(poses) >= 0.9 * settled.settled.sum()
    nearly_flat = rest_poses(hull, settled.quaternions_wxyz, settled.settled, max_tilt_rad=np.radians(2))
    assert len(nearly_flat) > len(poses) / 2


def test_a_flat_box_seldom_stands_on_its_end():
    settled, hull = dropped(trimesh.creation.box([1.0, 0.6, 0.2]))
    up = rest_poses(hull, settled.quaternions_wxyz, settled.settled)[:, 2]  # world z in the object's frame
    assert (np.abs(up).max(axis=1) > 1 - 1e-9).all()  # it lies on a face
    assert (np.abs(up[:, 2]) > 0.99).mean() > 0.5  # mostly on the largest


def test_the_same_drops_give_the_same_bytes():
    solid = trimesh.creation.cone(0.4, 1.0)
    first, second = dropped(solid)[0], dropped(solid)[0]
    assert first.quaternions_wxyz.tobytes() == second.quaternions_wxyz.tobytes()
    assert (first.settled == second.settled).all()
