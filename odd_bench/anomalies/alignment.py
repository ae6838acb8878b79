"""The rigid motion that best aligns an intact shape with an odd one, as a viewer would who compares neighbours.

Neighbours stand at different yaws, so a viewer mentally rotates them until they agree. A rotation that maps the intact shape
onto itself, exactly or nearly, cannot be seen. An odd octopus whose arms are turned about its head is therefore compared with
an intact octopus turned by the same angle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from odd_bench.color import lab
from odd_bench.geometry.motion import transformed
from odd_bench.geometry.shape import Shape

SAMPLES, QUICK = 3000, 250  # points on the surface, and how many of them are used to compare rotations
STEPS = 24  # rotations per full turn about each axis, before refinement
REFINED = 2  # how many of the best rotations are refined
ROUNDS = 6  # of refinement
COLOR = 0.002  # canonical length that counts as much as a colour difference of 1 (CIELAB)
FAR = 0.1  # points further apart than this, in canonical units, do not correspond
CLOSE = 0.02  # distance at which a pair has half the weight, when as much of the surface as possible is to agree
SAME_MOTION = 0.004  # two motions are the same if they move no corner further apart than this, canonical units


@dataclass(frozen=True)
class Points:
    """Points on a surface. place, normal: (n, 3), canonical. color: (n, 3), CIELAB times COLOR."""

    place: np.ndarray
    normal: np.ndarray
    color: np.ndarray

    def only(self, count: int) -> Points:
        return Points(self.place[:count], self.normal[:count], self.color[:count])


def alignments(intact: Shape, odd: Shape) -> list[np.ndarray]:
    """Rigid motions (4, 4) of the intact shape, canonical frame, after which it is to be compared with the odd one.

    The first is the identity. Up to two others follow, unless they nearly equal one before: the motion that brings as much as
    possible of the two surfaces together, and the motion that leaves no part of the odd surface far from the intact one.
    """
    target, points = surface_samples(intact), surface_samples(odd)
    tree = cKDTree(np.concatenate([target.place, target.color], axis=1))
    quick, few = points.only(QUICK), points.only(3 * QUICK)
    center = target.place.mean(axis=0)
    turns = [_about(center, turn) for turn in _turns(target.place)]
    starts = [turns[k] for k in np.argsort([_apart(tree, quick, turn) for turn in turns], kind="stable")[:REFINED]]
    tight = [_refined(tree, target, few, start, CLOSE) for start in (np.eye(4), *starts)]
    best = tight[int(np.argmin([_apart(tree, few, motion) for motion in tight]))]
    found = [np.eye(4)]
    for motion in (best, _refined(tree, target, few, best, FAR)):
        if min(_motion(intact, motion, other) for other in found) > SAME_MOTION:
            found.append(motion)
    return found


def _motion(shape: Shape, one: np.ndarray, other: np.ndarray) -> float:
    """The largest distance between a corner of the shape after one motion and after the other, canonical units."""
    apart = one - other
    return float(np.linalg.norm(transformed(shape.outline, apart), axis=1).max())


def surface_samples(shape: Shape) -> Points:
    """SAMPLES points in random order, spread evenly over the surface; equal shapes give equal points."""
    rng = np.random.default_rng(SAMPLES)
    areas = np.cumsum(shape.face_areas)
    strata = (np.arange(SAMPLES) + rng.random(SAMPLES)) / SAMPLES * areas[-1]
    face = rng.permutation(np.searchsorted(areas, strata).clip(0, len(areas) - 1))
    a, b, c = shape.vertices[shape.faces[face]].transpose(1, 0, 2)
    u, v = rng.random((2, SAMPLES, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return Points(a + u * (b - a) + v * (c - a), normal, COLOR * lab(shape.face_color[face]))


def _turns(points: np.ndarray) -> list[np.ndarray]:
    """Rotations (3, 3) by multiples of 1 / STEPS of a turn about the canonical and the principal axes."""
    axes = list(np.eye(3))
    for axis in np.linalg.eigh(np.cov(points.T))[1].T:
        if np.abs(np.stack(axes) @ axis).max() < 0.995:
            axes.append(axis)
    angles = 2 * np.pi * np.arange(1, STEPS) / STEPS
    return [Rotation.from_rotvec(angle * axis).as_matrix() for axis in axes for angle in angles]


def _about(center: np.ndarray, turn: np.ndarray) -> np.ndarray:
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = turn, center - turn @ center
    return motion


def _moved_back(points: Points, motion: np.ndarray) -> np.ndarray:
    """(n, 3) the points, carried back by the inverse of a motion of the intact shape."""
    return (points.place - motion[:3, 3]) @ motion[:3, :3]


def _apart(tree: cKDTree, points: Points, motion: np.ndarray) -> float:
    """Mean distance, in place and colour, of the points from the moved intact shape; each distance is capped at FAR."""
    places = np.concatenate([_moved_back(points, motion), points.color], axis=1)
    return float(np.minimum(tree.query(places, distance_upper_bound=FAR)[0], FAR).mean())


def _refined(tree: cKDTree, target: Points, points: Points, motion: np.ndarray, close: float) -> np.ndarray:
    """The motion after ROUNDS of point-to-plane registration. A pair at distance `close` has half weight, a far one little."""
    for _ in range(ROUNDS):
        places = _moved_back(points, motion)
        distance, index = tree.query(np.concatenate([places, points.color], axis=1), distance_upper_bound=3 * close)
        found = np.isfinite(distance)
        if found.sum() < 20:
            return motion
        place, pair = places[found], index[found]
        normal = target.normal[pair]
        offset = np.einsum("ij,ij->i", normal, place - target.place[pair])
        weight = 1 / (1 + (distance[found] / close) ** 2)
        lever = np.concatenate([np.cross(place, normal), normal], axis=1)  # (n, 6)
        system = (weight[:, None] * lever).T @ lever + 2e-5 * weight.sum() * np.eye(6)
        step = -np.linalg.solve(system, lever.T @ (weight * offset))
        back = np.eye(4)
        back[:3, :3], back[:3, 3] = Rotation.from_rotvec(step[:3]).as_matrix(), step[3:]
        motion = motion @ np.linalg.inv(back)
    return motion
