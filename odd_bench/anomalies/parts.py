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
    """A part slides by `config.shift` of its size, mostly along the surface that it sits on."""
    part = choose_part(model.movable_parts, intact, rng, config.part_area)
    joint = find_joint(intact, part)
    motion = np.eye(4)
    motion[:3, 3] = rng.uniform(*config.shift) * joint.size * _sideways(joint.outward, rng)
    return _moved(model, intact, part, motion, joint, config)


def part_rotation(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """A part turns by `config.turn_deg` about its joint, around an axis of any direction."""
    part = choose_part(model.movable_parts, intact, rng, config.part_area)
    joint = find_joint(intact, part)
    axis = rng.standard_normal(3)
    angle = np.radians(rng.uniform(*config.turn_deg))
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    motion[:3, 3] = joint.center - motion[:3, :3] @ joint.center
    return _moved(model, intact, part, motion, joint, config)


def missing_part(model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """A part is left out."""
    part = choose_part(model.movable_parts, intact, rng, config.part_area)
    return _on_intact_vertices(model.shape([PartEdit(part, remove=True)]), intact)


def choose_part(names: tuple[str, ...], intact: Shape, rng: np.random.Generator, area: Range) -> str:
    """One of the named parts whose share of the surface lies in `area`, a larger one likelier. Raises Refusal if there is none."""
    areas = part_areas(intact)
    shares = {name: areas[name] / sum(areas.values()) for name in names}
    fitting = [name for name in names if area[0] <= shares[name] <= area[1]]
    if not fitting:
        found = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
        raise Refusal(NO_PART, f"{intact.name}: {found or 'none may be moved'}")
    weights = np.sqrt([shares[name] for name in fitting])
    return fitting[rng.choice(len(fitting), p=weights / weights.sum())]


def part_areas(shape: Shape) -> dict[str, float]:
    """Area of the surface of every part, by name, canonical units."""
    areas = np.bincount(shape.face_part, face_areas(shape.vertices, shape.faces), minlength=len(shape.part_names))
    return dict(zip(shape.part_names, areas.tolist(), strict=True))


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
