"""Rest poses of a base shape: dropped once in Blender, kept as a distribution, cached beside the run."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from odd_bench.data.atomic import write_atomically
from odd_bench.generate.rest import body, centre_of_mass, drop_hull, rest_poses
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import Shape

DROPS = 24


def rest_rotations(shape: Shape, seed: int, cache: Path) -> np.ndarray:
    """(m, 3, 3) world from object: one rest pose a drop that settled, so that likely poses occur more often.

    A function of the shape and the seed; `cache` is an .npz written once. Raises Refusal if nothing settles.
    """
    if cache.exists():
        with np.load(cache) as stored:
            return stored["rotations"]
    rotations = _drop(shape, seed)
    if len(rotations) == 0:
        raise Refusal("no rest pose", f"{shape.name}: none of {DROPS} drops settled")
    content = io.BytesIO()
    np.savez(content, rotations=rotations)
    write_atomically(cache, content.getvalue())
    return rotations


def draw_rest(rotations: np.ndarray, draw: float) -> np.ndarray:
    """The rest pose (3, 3) that a number in [0, 1) stands for."""
    return rotations[min(int(draw * len(rotations)), len(rotations) - 1)]


def _drop(shape: Shape, seed: int) -> np.ndarray:
    from odd_bench.blender_jobs.settle import drop

    rng = np.random.default_rng(np.random.SeedSequence([seed, 271]))
    orientations = Rotation.random(DROPS, random_state=rng).as_quat()[:, [3, 0, 1, 2]]
    centre = centre_of_mass(shape.vertices, shape.faces)
    settled = drop(drop_hull(shape.vertices), centre, orientations)
    return rest_poses(body(shape.vertices, centre), settled.quaternions_wxyz, settled.settled).rotations
