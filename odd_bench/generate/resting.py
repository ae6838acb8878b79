"""Rest poses of a base shape, each found by one drop: from upright, or from one of many random orientations."""

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
    """See blender_jobs.settle, which is imported when something is dropped."""
    from odd_bench.blender_jobs.settle import drop

    return drop(hull_vertices, centre, orientations_wxyz)


@dataclass
class Rests:
    """The rest poses of one intact shape, each dropped when it is first asked for and then kept.

    A function of the shape and the seed: one body is dropped at a time, so no pose depends on which others were asked for.
    seed: of the shape. drop: k bodies at once, of which this asks for one.
    """

    shape: Shape
    seed: int
    drop: Drop = drop_in_blender
    _found: dict[int, np.ndarray | None] = field(default_factory=dict)

    def pose(self, mode: str, draw: float) -> np.ndarray:
        """(3, 3) world from object. mode: one of config.RESTS. draw: in [0, 1), which of the random drops; upright needs none.

        A random drop that does not settle gives way to the next. Raises Refusal if the shape never comes to rest.
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
        """(3, 3) how the shape comes to rest when it is let go with its canonical z axis up.

        What still rolls when the drop ends is laid on the facet that it would topple onto from there.
        """
        rotation = self._rest(UPRIGHT_WXYZ, still_rolling=True)
        if rotation is None:
            raise Refusal("no rest pose", f"{self.shape.name}: found no facet to rest on when dropped upright")
        return rotation

    def _rest(self, orientation_wxyz: np.ndarray, still_rolling: bool = False) -> np.ndarray | None:
        """(3, 3) what one drop from an orientation (1, 4) comes to, None if nothing."""
        settled = self.drop(self._hull, self._centre, orientation_wxyz)
        if still_rolling:
            poses = rest_poses(self._body, settled.quaternions_wxyz, np.ones(1, bool), max_tilt_rad=np.pi)
        else:
            poses = rest_poses(self._body, settled.quaternions_wxyz, settled.settled)
        return poses[0] if len(poses) else None

    @cached_property
    def _orientations(self) -> np.ndarray:
        """(DROPS, 4) wxyz, evenly distributed."""
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
