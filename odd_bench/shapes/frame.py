"""The canonical frame of a model, relative to the frame that it was designed in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Frame:
    """The map canonical = (design - center) / side. center: (3,) design units. side: the largest side, design units."""

    center: np.ndarray
    side: float

    @staticmethod
    def around(low: np.ndarray, high: np.ndarray) -> Frame:
        """The frame of the bounding box with the lowest corner `low` (3,) and the highest corner `high` (3,)."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        return Frame((low + high) / 2, float((high - low).max()))

    def canonical(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) points in the canonical frame, from points in the design frame."""
        return (points - self.center) / self.side

    def design_motion(self, motion: np.ndarray) -> np.ndarray:
        """The (4, 4) rigid motion in the design frame that equals a motion (4, 4) given in the canonical frame."""
        design = np.eye(4)
        design[:3, :3] = motion[:3, :3]
        design[:3, 3] = self.center + self.side * motion[:3, 3] - motion[:3, :3] @ self.center
        return design
