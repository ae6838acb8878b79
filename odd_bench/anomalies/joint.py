"""Where a part of a shape meets the rest of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.anomalies.mesh import directed_edges
from odd_bench.anomalies.reasons import NO_JOINT
from odd_bench.anomalies.variant import Refusal
from odd_bench.shapes.shape import Shape


@dataclass(frozen=True)
class Joint:
    """center: (3,) of the seam between part and rest. length: of the seam. outward: (3,) unit, from the seam to the part.

    size: largest side of the part's bounding box. All canonical.
    """

    center: np.ndarray
    length: float
    outward: np.ndarray
    size: float


def find_joint(shape: Shape, part: str) -> Joint:
    """Raises Refusal if the part touches nothing."""
    own = shape.face_part == shape.part_names.index(part)
    seam = shape.vertices[_seam(shape.faces, own)]  # (e, 2, 3)
    if len(seam) == 0:
        raise Refusal(NO_JOINT, f"{shape.name}: {part}")
    lengths = np.linalg.norm(seam[:, 0] - seam[:, 1], axis=1)
    center = np.average(seam.mean(axis=1), axis=0, weights=lengths)
    corners = shape.vertices[np.unique(shape.faces[own])]
    outward = corners.mean(axis=0) - center
    outward = outward / max(float(np.linalg.norm(outward)), 1e-9)
    return Joint(center, float(lengths.sum()), outward, float(np.ptp(corners, axis=0).max()))


def _seam(faces: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(e, 2) int, edges between a chosen face and another one."""
    edges = np.sort(directed_edges(faces).astype(np.int64), axis=1)
    keys = edges[:, 0] * (int(faces.max()) + 1) + edges[:, 1]
    chosen = np.tile(own, 3)
    _, first = np.unique(keys[chosen], return_index=True)
    return edges[chosen][first[np.isin(keys[chosen][first], keys[~chosen])]]
