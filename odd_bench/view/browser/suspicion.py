"""Colours of suspicion: blue below the threshold, white at it, red above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLD, MIDDLE, HOT = np.array([33.0, 102.0, 172.0]), np.array([247.0, 247.0, 247.0]), np.array([178.0, 24.0, 43.0])
TAIL = 0.01  # share of the scores beyond either end of the scale


@dataclass(frozen=True)
class Scale:
    """A map from scores to colours. low, high: scores of full blue and full red. threshold: the score of white."""

    low: float
    threshold: float
    high: float

    def share(self, score: np.ndarray | float) -> np.ndarray:
        """In [-1, 1]: 0 at the threshold, linear from there to either end."""
        below = (np.asarray(score, float) - self.threshold) / max(self.threshold - self.low, 1e-12)
        above = (np.asarray(score, float) - self.threshold) / max(self.high - self.threshold, 1e-12)
        return np.clip(np.where(below < 0, below, above), -1.0, 1.0)

    def color(self, score: np.ndarray | float) -> np.ndarray:
        """(..., 3) uint8."""
        share = self.share(score)[..., None]
        mixed = MIDDLE + np.where(share < 0, -share * (COLD - MIDDLE), share * (HOT - MIDDLE))
        return mixed.round().astype(np.uint8)


def scale_of(scores: np.ndarray, threshold: float | None) -> Scale:
    """A scale for (m,) scores of any range. Without a threshold, its middle is white."""
    finite = scores[np.isfinite(scores)]
    low, high = np.quantile(finite, [TAIL, 1 - TAIL]) if len(finite) else (0.0, 1.0)
    middle = (low + high) / 2 if threshold is None else threshold
    return Scale(float(min(low, middle)), float(middle), float(max(high, middle)))
