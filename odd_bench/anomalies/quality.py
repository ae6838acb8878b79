"""Checks that an anomaly is good enough; each raises Refusal if it is not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from odd_bench.anomalies.alignment import alignments
from odd_bench.anomalies.changed import Difference, difference
from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.variant import Variant
from odd_bench.anomalies.visible import looks_different
from odd_bench.geometry.mesh import directed_edges
from odd_bench.geometry.raycast import ray_scene, tensor
from odd_bench.geometry.refusal import (
    FELL_APART,
    FOLDS,
    NOT_CLOSED,
    NOT_VISIBLE,
    STRETCHED,
    TOO_LARGE,
    TOO_SMALL,
    Refusal,
)
from odd_bench.geometry.shape import Shape
from odd_bench.geometry.solid import volume

MOVES, SIMILAR = ("part_translation", "part_rotation"), "similar_shape"
MOVING = (*MOVES, SIMILAR, "bump", "bend", "twist")  # types that a rigid motion may bring back onto the intact surface


def assess(intact: Shape, odd: Shape, type: str, config: AnomalyConfig, motions: np.ndarray | None = None) -> Variant:
    """The variant, if it is sound, of the right size and visible; raises Refusal otherwise.

    Its magnitude is the largest distance between the two surfaces or, if only the paint differs, the square root of the
    repainted fraction of the surface. motions: the result of require_visible, if it is already known.
    """
    require_sound(intact, odd)
    found = difference(intact, odd, config.tolerance)
    require_size(intact, odd, found, type, config)
    if motions is None:
        motions = require_visible(intact, odd, type, config)
    magnitude = found.distance or float(np.sqrt(_area(odd, found.changed_faces) / _area(odd)))
    return Variant(odd, type, found.changed_faces, found.lost_faces, magnitude, motions)


def require_sound(intact: Shape, odd: Shape) -> None:
    """Raise Refusal if the odd shape is open although the intact one is closed, or has more bodies than that.

    There is nothing to check if only vertices moved.
    """
    if np.array_equal(intact.faces, odd.faces):
        return
    if intact.is_closed and not odd.is_closed:
        raise Refusal(NOT_CLOSED)
    if odd.bodies > intact.bodies:
        raise Refusal(FELL_APART, f"{odd.bodies} bodies")


def require_size(intact: Shape, odd: Shape, found: Difference, type: str, config: AnomalyConfig) -> None:
    """Raise Refusal unless distance between the surfaces, changed area and volume are within their bounds.

    The lower bound of the distance does not apply if only the paint differs. The whole surface of a near twin may be changed.
    """
    distance = {**dict.fromkeys(MOVES, config.move), SIMILAR: config.twin}.get(type, config.distance)
    most_changed = 1.0 if type == SIMILAR else config.changed_area[1]
    if 0 < found.distance < distance[0] or found.distance > distance[1]:
        raise Refusal(TOO_SMALL if found.distance < distance[0] else TOO_LARGE, f"distance {found.distance:.3f}")
    changed = _area(odd, found.changed_faces) / _area(odd)
    share = max(changed, _area(intact, found.lost_faces) / _area(intact))
    if not config.changed_area[0] <= share <= most_changed:
        raise Refusal(TOO_SMALL if share < config.changed_area[0] else TOO_LARGE, f"{share:.1%} of the surface")
    growth = volume(odd) / volume(intact)
    if not config.volume[0] <= growth <= config.volume[1]:
        raise Refusal(TOO_LARGE, f"{growth:.2f} times the volume")


def require_visible(intact: Shape, odd: Shape, type: str, config: AnomalyConfig) -> np.ndarray:
    """(m, 4, 4) the motions of the intact shape that the odd one was compared with. Raises Refusal if one hides the difference.

    The first motion is the identity. Others are searched for only if the odd shape looks different from the unmoved intact one.
    """
    compared: list[np.ndarray] = []

    def motions() -> Iterator[np.ndarray]:
        for motion in _motions(intact, odd, type):
            compared.append(motion)
            yield motion

    if not looks_different(intact, odd, motions(), type, config):
        raise Refusal(NOT_VISIBLE, f"{type} of {intact.name}, compared in {len(compared)} poses")
    return np.stack(compared)


def _motions(intact: Shape, odd: Shape, type: str) -> Iterator[np.ndarray]:
    """(4, 4) motions: the identity and then, computed on demand, those of `alignments`."""
    yield np.eye(4)
    if type in MOVING:
        yield from alignments(intact, odd)[1:]


def require_unstretched(before: Shape, after: Shape, limit: float) -> None:
    """Raise Refusal if an edge grew to more than `limit` times its length. Both shapes have the same faces."""
    edges = directed_edges(before.faces)
    moved = (before.vertices != after.vertices).any(axis=1)
    edges = edges[moved[edges].any(axis=1)]
    old, new = (
        np.linalg.norm(shape.vertices[edges[:, 0]] - shape.vertices[edges[:, 1]], axis=1) for shape in (before, after)
    )
    growth = float((new / np.maximum(old, 1e-9)).max(initial=1.0))
    if growth > limit:
        raise Refusal(STRETCHED, f"an edge grew {growth:.1f} times")


def require_apart(still: Shape, points: np.ndarray) -> None:
    """Raise Refusal if one of the (n, 3) moved points lies inside the closed shape."""
    if len(points) == 0:
        return
    inside = ray_scene([(still.vertices, still.faces)]).compute_occupancy(tensor(points)).numpy() > 0
    if inside.any():
        raise Refusal(FOLDS, f"{int(inside.sum())} moved vertices lie inside the side that stays")


def _area(shape: Shape, chosen: np.ndarray | slice = slice(None)) -> float:
    return float(shape.face_areas[chosen].sum())
