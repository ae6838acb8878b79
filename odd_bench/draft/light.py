"""The light of a draft picture: an environment around the scene and a sun."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

FINER = 4  # rows and columns that each of the environment's is split into, so that no edges show
BLUR_RAD = (0.02, 0.1, 0.25, 0.5)  # of the environment as rougher and rougher surfaces mirror it


@dataclass(frozen=True)
class Light:
    """Radiances in units of display white, so that a white sheet on the floor shows as just below white.

    environment: (h, w, 3) linear, equirectangular; rows from straight down to straight up, columns by azimuth from -pi to pi.
    sun_direction: (3,) unit vector towards it. sun_size_rad: its apparent diameter. sun_irradiance: (3,) of a plane that
    faces it, zero without a sun.
    """

    environment: np.ndarray
    sun_direction: np.ndarray
    sun_size_rad: float
    sun_irradiance: np.ndarray

    @cached_property
    def blurred(self) -> np.ndarray:
        """(levels, rows, columns, 3)"""
        fine = self.environment.repeat(FINER, axis=0).repeat(FINER, axis=1)
        rows = np.array(BLUR_RAD) / np.pi * len(fine)
        return np.stack(
            [ndimage.gaussian_filter(fine, (r, r, 0), mode=("nearest", "wrap", "nearest"), truncate=2.5) for r in rows]
        )

    def radiance(self, directions: np.ndarray, level: np.ndarray | int = 0) -> np.ndarray:
        """(..., 3) light that arrives from unit `directions` (..., 3). level: index of the blur, one or one each."""
        height, width = self.blurred.shape[1:3]
        azimuth = np.arctan2(directions[..., 1], directions[..., 0])
        elevation = np.arcsin(np.clip(directions[..., 2], -1.0, 1.0))
        column = ((azimuth / (2 * np.pi) + 0.5) * width).astype(int) % width
        row = np.minimum(((elevation / np.pi + 0.5) * height).astype(int), height - 1)
        return self.blurred[level, row, column]

    def on_floor(self) -> np.ndarray:
        """(3,) irradiance of the open floor."""
        rows = len(self.environment)
        elevation = (np.arange(rows) + 0.5) / rows * np.pi - np.pi / 2
        weight = np.cos(elevation) * np.sin(elevation).clip(0) * (np.pi / rows) * 2 * np.pi
        sky = (self.environment.mean(axis=1) * weight[:, None]).sum(axis=0)
        return sky + self.sun_irradiance * max(float(self.sun_direction[2]), 0.0)
