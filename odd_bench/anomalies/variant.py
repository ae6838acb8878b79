"""The result of an anomaly: an odd variant of an intact shape."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from odd_bench.geometry.shape import Shape


@dataclass(frozen=True)
class Variant:
    """An odd version of an intact shape, in the intact shape's canonical frame.

    type: one of scene.ANOMALY_TYPES. changed_faces: (f,) bool over shape.faces, the surface that is new, moved or recoloured.
    lost_faces: (f_intact,) bool over the intact shape's faces, the surface that is no longer there.
    magnitude: size of the change; for most types a length as a fraction of the largest side. Each anomaly says what it measures.
    alignments: (m, 4, 4) rigid motions after which a viewer may compare the intact shape with the odd one, canonical frame; the
    first is the identity.
    """

    shape: Shape
    type: str
    changed_faces: np.ndarray
    lost_faces: np.ndarray
    magnitude: float
    alignments: np.ndarray = field(default_factory=lambda: np.eye(4)[None])
