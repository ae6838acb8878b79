"""Where parts of a shape meet the rest of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.anomalies.part_choice import Parts, own_faces
from odd_bench.geometry.mesh import directed_edges
from odd_bench.geometry.refusal import NO_JOINT, Refusal
from odd_bench.geometry.shape import Shape


@dataclass(frozen=True)
class Joint:
    """The seam between some parts and the rest of a shape, canonical frame and units.

    center: (3,) centre of the seam. length: length of the seam. outward: (3,) unit vector from the seam to the parts.
    size: largest side of the bounding box of the parts.
    """

    center: np.ndarray
    length: float
    outward: np.ndarray
    size: float


def find_joint(shape: Shape, parts: Parts) -> Joint:
    """The joint between the named parts and the rest of the shape. Raises Refusal if the parts touch nothing."""
    own = own_faces(shape, parts)
    seam, lengths = _seam(shape, own)
    if len(seam) == 0:
        raise Refusal(NO_JOINT, f"{shape.name}: {', '.join(parts)}")
    center = np.average(seam.mean(axis=1), axis=0, weights=lengths)
    corners = shape.vertices[np.unique(shape.faces[own])]
    outward = corners.mean(axis=0) - center
    outward = outward / max(float(np.linalg.norm(outward)), 1e-9)
    return Joint(center, float(lengths.sum()), outward, float(np.ptp(corners, axis=0).max()))


def seam_length(shape: Shape, parts: Parts) -> float:
    """Length of the line along which the parts meet the rest, canonical units; 0 if they touch nothing."""
    return float(_seam(shape, own_faces(shape, parts))[1].sum())


def _seam(shape: Shape, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(e, 2, 3) ends and (e,) lengths of the edges between a face in `own`, (f,) bool, and one that is not."""
    edges = np.sort(directed_edges(shape.faces).astype(np.int64), axis=1)
    keys = edges[:, 0] * (int(shape.faces.max()) + 1) + edges[:, 1]
    chosen = np.tile(own, 3)
    _, first = np.unique(keys[chosen], return_index=True)
    shared = edges[chosen][first[np.isin(keys[chosen][first], keys[~chosen])]]
    ends = shape.vertices[shared]
    return ends, np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
