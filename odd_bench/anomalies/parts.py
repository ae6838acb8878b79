"""Part translation, part rotation and missing part: the model is meshed again with one part edited."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from odd_bench.anomalies.config import AnomalyConfig, Range
from odd_bench.anomalies.joint import Joint, find_joint, seam_length
from odd_bench.anomalies.mesh import face_areas
from odd_bench.anomalies.reasons import CAME_LOOSE, NO_PART, SANK_IN, TOO_LARGE
from odd_bench.anomalies.variant import Refusal
from odd_bench.shapes.shape import Model, PartEdit, Shape

SAME_POINT = 1e-6  # vertices this close, canonical units, differ by rounding alone


def part_translation(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """A part slides by `config.shift` of its size, at least the least visible move, mostly along the surface it sits on."""
    part = choose_part(model.movable_parts, intact, rng, config.part_area, config.move[0] / config.shift[1])
    joint = find_joint(intact, part)
    least = max(config.shift[0], config.move[0] / joint.size)
    motion = np.eye(4)
    motion[:3, 3] = rng.uniform(least, config.shift[1]) * joint.size * _sideways(joint.outward, rng)
    return _moved(model, intact, part, motion, joint, config)


def part_rotation(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """A part turns by `config.turn_deg` about its joint, around an axis of any direction."""
    angles = np.radians(config.turn_deg)
    part = choose_part(model.movable_parts, intact, rng, config.part_area, config.move[0] / angles[1])
    joint = find_joint(intact, part)
    axis = rng.standard_normal(3)
    angle = rng.uniform(max(angles[0], config.move[0] / joint.size), angles[1])
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    motion[:3, 3] = joint.center - motion[:3, :3] @ joint.center
    return _moved(model, intact, part, motion, joint, config)


def missing_part(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """A part is left out."""
    part = choose_part(model.movable_parts, intact, rng, config.part_area)
    return _on_intact_vertices(model.shape([PartEdit(part, remove=True)]), intact)


def choose_part(
    names: tuple[str, ...], intact: Shape, rng: np.random.Generator, area: Range, least_size: float = 0.0
) -> str:
    """One of the named parts whose share of the surface lies in `area`, a larger one likelier. Raises Refusal if there is none.

    least_size: of the largest side of the part's bounding box, canonical units.
    """
    areas, sizes = part_areas(intact), part_sizes(intact)
    shares = {name: areas[name] / sum(areas.values()) for name in names}
    fitting = [name for name in names if area[0] <= shares[name] <= area[1] and sizes[name] >= least_size]
    if not fitting:
        found = ", ".join(f"{name} {shares[name]:.1%} of size {sizes[name]:.2f}" for name in names)
        raise Refusal(NO_PART, f"{intact.name}: {found or 'none may be moved'}")
    weights = np.sqrt([shares[name] for name in fitting])
    return fitting[rng.choice(len(fitting), p=weights / weights.sum())]


def part_areas(shape: Shape) -> dict[str, float]:
    """Area of the surface of every part, by name, canonical units."""
    areas = np.bincount(shape.face_part, face_areas(shape.vertices, shape.faces), minlength=len(shape.part_names))
    return dict(zip(shape.part_names, areas.tolist(), strict=True))


def part_sizes(shape: Shape) -> dict[str, float]:
    """Largest side of the bounding box of every part's surface, by name, canonical units; 0 where none shows."""
    own = [shape.vertices[shape.faces[shape.face_part == index]] for index in range(len(shape.part_names))]
    sides = [float(np.ptp(corners.reshape(-1, 3), axis=0).max()) if len(corners) else 0.0 for corners in own]
    return dict(zip(shape.part_names, sides, strict=True))


def _sideways(outward: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3,) unit vector, about at right angles to `outward` and rather inwards than outwards."""
    direction = rng.standard_normal(3)
    direction -= (direction @ outward) * outward
    direction /= np.linalg.norm(direction)
    direction += rng.uniform(-0.6, 0.2) * outward
    return direction / np.linalg.norm(direction)


def _moved(model: Model, intact: Shape, part: str, motion: np.ndarray, joint: Joint, config: AnomalyConfig) -> Shape:
    odd = _on_intact_vertices(model.shape([PartEdit(part, motion)]), intact)
    showing = part_areas(odd)[part] / part_areas(intact)[part]
    if not config.showing[0] <= showing <= config.showing[1]:
        raise Refusal(SANK_IN if showing < 1 else TOO_LARGE, f"{part}: {showing:.2f} of its surface shows")
    length = seam_length(odd, part)
    if length < config.joint * joint.length:
        raise Refusal(CAME_LOOSE, f"{part}: joint of {length:.3f}, was {joint.length:.3f}")
    return odd


def _on_intact_vertices(odd: Shape, intact: Shape) -> Shape:
    """Vertices that meshing anew moved by rounding alone, put back to the bit."""
    distance, nearest = cKDTree(intact.vertices).query(odd.vertices, distance_upper_bound=SAME_POINT)
    vertices = odd.vertices.copy()
    vertices[np.isfinite(distance)] = intact.vertices[nearest[np.isfinite(distance)]]
    return replace(odd, vertices=vertices)
