"""Part translation, part rotation and missing part: the model is meshed again with a part, or a group of parts, edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from odd_bench.anomalies.config import AnomalyConfig, Range
from odd_bench.anomalies.joint import Joint, find_joint, seam_length
from odd_bench.anomalies.part_choice import Parts, drawn_parts, own_faces, part_areas
from odd_bench.geometry.motion import transformed
from odd_bench.geometry.raycast import nearest
from odd_bench.geometry.refusal import CAME_LOOSE, NO_PART, SANK_IN, TOO_LARGE, Refusal
from odd_bench.geometry.shape import Model, PartEdit, Shape

SAME_POINT = 1e-6  # vertices this close, canonical units, differ by rounding alone
MOTIONS, PROBES = 8, 300  # motions tried before the model is meshed again, and about how many points they move


def part_translation(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """The shape with a part moved by `config.shift` of its size, mostly along the surface that it sits on."""

    def shift(joint: Joint) -> np.ndarray:
        motion = np.eye(4)
        length = rng.uniform(*config.shift) * max(joint.size, config.least_side)
        motion[:3, 3] = length * _sideways(joint.outward, rng)
        return motion

    return _moved(model, intact, shift, rng, config)


def part_rotation(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """The shape with a part turned by `config.turn_deg` about the centre of its joint, around an axis of any direction."""

    def turn(joint: Joint) -> np.ndarray:
        axis = rng.standard_normal(3)
        angle = np.radians(rng.uniform(*config.turn_deg))
        motion = np.eye(4)
        motion[:3, :3] = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
        motion[:3, 3] = joint.center - motion[:3, :3] @ joint.center
        return motion

    return _moved(model, intact, turn, rng, config)


def missing_part(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """The shape without one of its parts, or one group of small parts."""
    parts = drawn_parts(model.movable_parts, intact, rng, config.part_area, config.least_part)[0]
    return _on_intact_vertices(model.shape([PartEdit(part, remove=True) for part in parts]), intact)


def _clear_motion(intact: Shape, parts: Parts, draw: Callable[[], np.ndarray], move: Range) -> np.ndarray | None:
    """(4, 4) the first of MOTIONS drawn motions that moves the parts off the intact surface by a distance within `move`."""
    own = np.unique(intact.faces[own_faces(intact, parts)])
    points = intact.vertices[own[:: 1 + len(own) // PROBES]]
    motions = [draw() for _ in range(MOTIONS)]
    moved = np.concatenate([transformed(points, motion) for motion in motions])
    reach = nearest(intact, moved)[0].reshape(MOTIONS, -1).max(axis=1)
    fitting = np.flatnonzero((reach > move[0]) & (reach < move[1]))
    return motions[fitting[0]] if len(fitting) else None


def _sideways(outward: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3,) unit vector, about perpendicular to `outward` and more often inwards than outwards."""
    direction = rng.standard_normal(3)
    direction -= (direction @ outward) * outward
    direction /= np.linalg.norm(direction)
    direction += rng.uniform(-0.6, 0.2) * outward
    return direction / np.linalg.norm(direction)


def _moved(model: Model, intact: Shape, draw: Callable[[Joint], np.ndarray], rng, config: AnomalyConfig) -> Shape:
    """The shape with the first parts moved, in random order, for which a motion within `config.move` is found.

    Raises Refusal if there are none, or if the moved parts sink in, stick out too far or come loose.
    """
    for parts in drawn_parts(model.movable_parts, intact, rng, config.part_area, config.least_part):
        joint = find_joint(intact, parts)
        motion = _clear_motion(intact, parts, lambda joint=joint: draw(joint), config.move)
        if motion is not None:
            odd = _on_intact_vertices(model.shape([PartEdit(part, motion) for part in parts]), intact)
            _require_held(intact, odd, parts, joint, config)
            return odd
    raise Refusal(NO_PART, f"{intact.name}: no part can be moved by {config.move}")


def _require_held(intact: Shape, odd: Shape, parts: Parts, joint: Joint, config: AnomalyConfig) -> None:
    """Raise Refusal unless the moved parts are still visible and still joined to the rest."""
    showing = _area(odd, parts) / _area(intact, parts)
    if not config.showing[0] <= showing <= config.showing[1]:
        raise Refusal(SANK_IN if showing < 1 else TOO_LARGE, f"{', '.join(parts)}: {showing:.2f} of the surface shows")
    length = seam_length(odd, parts)
    if length < config.joint * joint.length:
        raise Refusal(CAME_LOOSE, f"{', '.join(parts)}: joint of {length:.3f}, was {joint.length:.3f}")


def _area(shape: Shape, parts: Parts) -> float:
    areas = part_areas(shape)
    return sum(areas[part] for part in parts)


def _on_intact_vertices(odd: Shape, intact: Shape) -> Shape:
    """The odd shape with those vertices put back exactly that only rounding moved when the model was meshed again."""
    distance, nearest = cKDTree(intact.vertices).query(odd.vertices, distance_upper_bound=SAME_POINT)
    vertices = odd.vertices.copy()
    vertices[np.isfinite(distance)] = intact.vertices[nearest[np.isfinite(distance)]]
    return replace(odd, vertices=vertices)
