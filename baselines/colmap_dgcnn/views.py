"""The input of the reconstruction: pictures with true cameras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.data.batch import SceneBatch


@dataclass(frozen=True)
class Views:
    """v pictures of one scene.

    images: (v, h, w, 3) uint8, sRGB. K: (v, 3, 3), pixels, with pixel centres at half-integers. camera_from_world: (v, 4, 4).
    depth_m: (v, h, w) float32, true planar depth in metres, 0 = no surface; None if it is not known.
    """

    images: np.ndarray
    K: np.ndarray
    camera_from_world: np.ndarray
    depth_m: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def height(self) -> int:
        """Height of the pictures in pixels."""
        return self.images.shape[1]

    @property
    def width(self) -> int:
        """Width of the pictures in pixels."""
        return self.images.shape[2]

    @property
    def eyes(self) -> np.ndarray:
        """Camera centres (v, 3), metres, world."""
        return -np.einsum("vji,vj->vi", self.camera_from_world[:, :3, :3], self.camera_from_world[:, :3, 3])

    def projected(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project points (n, 3), metres, world, to pixels (v, n, 2) and planar depths (v, n) in metres."""
        in_camera = np.einsum("vij,nj->vni", self.camera_from_world[:, :3, :3], points)
        in_camera = in_camera + self.camera_from_world[:, None, :3, 3]  # (v, n, 3)
        pixels = np.einsum("vij,vnj->vni", self.K, in_camera)
        with np.errstate(divide="ignore", invalid="ignore"):
            return pixels[..., :2] / pixels[..., 2:], in_camera[..., 2]


def views_of(batch: SceneBatch, scene: int) -> Views:
    """The views of one scene of a batch, sorted by index."""
    order = np.argsort(batch.views[scene])
    return Views(
        batch.images[scene].permute(0, 2, 3, 1).cpu().numpy()[order],
        batch.K[scene].double().cpu().numpy()[order],
        batch.camera_from_world[scene].double().cpu().numpy()[order],
    )
