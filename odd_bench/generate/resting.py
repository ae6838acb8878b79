"""Rest poses of a base shape. Each is found by one drop, from the upright or from a random orientation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from odd_bench.generate.rest import Body, body, centre_of_mass, drop_hull, rest_poses
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import Shape

if TYPE_CHECKING:
    from odd_bench.blender_jobs.settle import Settled

DROPS = 24
UPRIGHT_WXYZ = np.array([[1.0, 0.0, 0.0, 0.0]])

Drop = Callable[[np.ndarray, np.ndarray, np.ndarray], "Settled"]


def drop_in_blender(hull_vertices: np.ndarray, centre: np.ndarray, orientations_wxyz: np.ndarray) -> Settled:
    """Call blender_jobs.settle.drop, which is imported only when needed."""
    from odd_bench.blender_jobs.settle import drop

    return drop(hull_vertices, centre, orientations_wxyz)


@dataclass
class Rests:
    """The rest poses of one intact shape. Each is computed on demand and cached.

    The poses depend on the shape and the seed alone: bodies are dropped one at a time, so no pose depends on which others were
    computed. seed: seed of the shape. drop: simulates the drop of several bodies; it is called with one.
    """

    shape: Shape
    seed: int
    drop: Drop = drop_in_blender
    _found: dict[int, np.ndarray | None] = field(default_factory=dict)

    def pose(self, mode: str, draw: float) -> np.ndarray:
        """A rest pose (3, 3), world from object. mode: one of config.RESTS. draw: in [0, 1), selects one of the random drops.

        If a random drop does not settle, the next one is used. Raises Refusal if the shape never comes to rest.
        """
        if mode == "upright":
            return self.upright
        first = min(int(draw * DROPS), DROPS - 1)
        for number in ((first + k) % DROPS for k in range(DROPS)):
            if number not in self._found:
                self._found[number] = self._rest(self._orientations[number : number + 1])
            if self._found[number] is not None:
                return self._found[number]
        raise Refusal("no rest pose", f"{self.shape.name}: none of {DROPS} drops settled")

    @cached_property
    def upright(self) -> np.ndarray:
        """The rest pose (3, 3) of the shape when it is dropped with its canonical z axis up.

        A shape that still rolls when the simulation ends is placed on the facet onto which it would topple.
        """
        rotation = self._rest(UPRIGHT_WXYZ, still_rolling=True)
        if rotation is None:
            raise Refusal("no rest pose", f"{self.shape.name}: found no facet to rest on when dropped upright")
        return rotation

    def _rest(self, orientation_wxyz: np.ndarray, still_rolling: bool = False) -> np.ndarray | None:
        """The rest pose (3, 3) after one drop from an orientation (1, 4), or None if there is none."""
        settled = self.drop(self._hull, self._centre, orientation_wxyz)
        if still_rolling:
            poses = rest_poses(self._body, settled.quaternions_wxyz, np.ones(1, bool), max_tilt_rad=np.pi)
        else:
            poses = rest_poses(self._body, settled.quaternions_wxyz, settled.settled)
        return poses[0] if len(poses) else None

    @cached_property
    def _orientations(self) -> np.ndarray:
        """Random orientations (DROPS, 4) wxyz, uniformly distributed."""
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, 271]))
        return Rotation.random(DROPS, random_state=rng).as_quat()[:, [3, 0, 1, 2]]

    @cached_property
    def _centre(self) -> np.ndarray:
        return centre_of_mass(self.shape.vertices, self.shape.faces)

    @cached_property
    def _hull(self) -> np.ndarray:
        return drop_hull(self.shape.vertices)

    @cached_property
    def _body(self) -> Body:
        return body(self.shape.outline, self._centre)
