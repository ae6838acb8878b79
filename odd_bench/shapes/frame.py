"""The canonical frame of a model, seen from the frame it was designed in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Frame:
    """canonical = (design - center) / side. center: (3,) design units. side: length of the largest side, design units."""

    center: np.ndarray
    side: float

    @staticmethod
    def around(low: np.ndarray, high: np.ndarray) -> Frame:
        """The frame of the bounding box between two corners (3,)."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        return Frame((low + high) / 2, float((high - low).max()))

    def canonical(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) points from the design frame."""
        return (points - self.center) / self.side

    def design_motion(self, motion: np.ndarray) -> np.ndarray:
        """The (4, 4) rigid motion of the canonical frame, in the design frame."""
        design = np.eye(4)
        design[:3, :3] = motion[:3, :3]
        design[:3, 3] = self.center + self.side * motion[:3, 3] - motion[:3, :3] @ self.center
        return design
