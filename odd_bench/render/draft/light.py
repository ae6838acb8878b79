"""The light of a draft picture: an environment map and a sun."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from scipy import ndimage

FINER = 4  # upsampling factor of the environment, so that its cells have no visible edges
BLUR_RAD = (0.02, 0.1, 0.25, 0.5)  # standard deviations of the environment's blur, for surfaces of increasing roughness


@dataclass(frozen=True)
class Light:
    """The environment map and the sun. Radiance 1 is display white, and a white sheet on the floor is just below it.

    environment: (h, w, 3) linear, equirectangular; rows from straight down to straight up, columns by azimuth from -pi to pi.
    sun_direction: (3,) unit vector to the sun. sun_size_rad: apparent diameter of the sun. sun_irradiance: (3,) irradiance of a
    plane that faces the sun; zero without a sun.
    """

    environment: np.ndarray
    sun_direction: np.ndarray
    sun_size_rad: float
    sun_irradiance: np.ndarray

    @cached_property
    def blurred(self) -> np.ndarray:
        """The environment map with the blurs of BLUR_RAD, (3, levels, rows, columns) float32."""
        rows, columns = self.environment.shape[:2]
        cells = np.array(BLUR_RAD) / np.pi * FINER * rows
        down = np.stack([_blur(rows, float(size), "nearest") for size in cells])  # (levels, fine rows, rows)
        across = np.stack([_blur(columns, float(size), "wrap") for size in cells])
        colors = np.moveaxis(self.environment, -1, 0)[:, None].astype(np.float32)
        return down @ colors @ across.transpose(0, 2, 1)

    def radiance(self, directions: np.ndarray, level: np.ndarray | int = 0) -> np.ndarray:
        """Radiance (3, ...) from unit `directions` (3, ...). level: index into BLUR_RAD, one for all or one for each."""
        height, width = self.blurred.shape[2:]
        return self.blurred.reshape(3, -1).take(level * height * width + self.cells(directions), axis=1)

    def cells(self, directions: np.ndarray) -> np.ndarray:
        """Flat indices (...) int of unit directions (3, ...) into the rows and columns of `blurred`."""
        height, width = self.blurred.shape[2:]
        azimuth = np.arctan2(directions[1], directions[0])
        elevation = np.arcsin(np.clip(directions[2], -1.0, 1.0))
        column = ((azimuth / (2 * np.pi) + 0.5) * width).astype(int) % width
        row = np.minimum(((elevation / np.pi + 0.5) * height).astype(int), height - 1)
        return row * width + column

    def on_floor(self) -> np.ndarray:
        """Irradiance (3,) of the unoccluded floor."""
        rows = len(self.environment)
        elevation = (np.arange(rows) + 0.5) / rows * np.pi - np.pi / 2
        weight = np.cos(elevation) * np.sin(elevation).clip(0) * (np.pi / rows) * 2 * np.pi
        sky = (self.environment.mean(axis=1) * weight[:, None]).sum(axis=0)
        return sky + self.sun_irradiance * max(float(self.sun_direction[2]), 0.0)


@cache
def _blur(cells: int, size: float, mode: str) -> np.ndarray:
    """The matrix (FINER * cells, cells) that upsamples by FINER and blurs by a Gaussian with a deviation of `size` fine cells."""
    return ndimage.gaussian_filter1d(
        np.eye(cells, dtype=np.float32).repeat(FINER, axis=0), size, axis=0, mode=mode, truncate=2.5
    )
