"""A capture: photographs with lenses and poses, and perhaps points of the surfaces they show.

Cameras have OpenCV axes (x right, y down, z forward) and pixel centres at half-integers, whatever the format of the capture. The
world is that of the capture: its unit, its axes and its floor are unknown until the scene is placed (odd_bench.captures.placing).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from odd_bench.captures.lens import Lens
from odd_bench.geometry.cameras import eye


@dataclass(frozen=True)
class Photograph:
    """One photograph with its camera. path: of the file. camera_from_world: (4, 4) rigid motion, units of the capture."""

    path: Path
    lens: Lens
    camera_from_world: np.ndarray

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class Capture:
    """Photographs of one scene.

    source: the format, for example `COLMAP model sparse/0`. points: (n, 3) on surfaces, units of the capture; n may be 0.
    metres_per_unit: of the capture's world, None if unknown. up: (3,) unit vector, None if unknown.
    notes: sentences about what was left out or chosen while reading.
    """

    source: str
    photographs: tuple[Photograph, ...]
    points: np.ndarray
    metres_per_unit: float | None = None
    up: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def eyes(self) -> np.ndarray:
        """(n, 3) positions of the cameras."""
        return np.stack([eye(one) for one in self.photographs])

    @property
    def rotations(self) -> np.ndarray:
        """(n, 3, 3) camera from world: rows are the cameras' right, down and forward in the world."""
        return np.stack([one.camera_from_world[:3, :3] for one in self.photographs])
