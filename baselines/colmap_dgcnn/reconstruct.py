"""Reconstructing the point cloud of a scene from pictures with true cameras."""

# ruff: noqa: RUF009 - the defaults are frozen dataclasses

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from odd_bench.baselines.colmap_dgcnn.fusion import FusionConfig, fuse, write_maps
from odd_bench.baselines.colmap_dgcnn.patchmatch import patch_match
from odd_bench.baselines.colmap_dgcnn.planesweep import PlaneSweepConfig, sweep
from odd_bench.baselines.colmap_dgcnn.sparse import triangulate
from odd_bench.baselines.colmap_dgcnn.views import Views
from odd_bench.baselines.colmap_dgcnn.workspace import write_pictures
from odd_bench.data.errors import DataError

STEREOS = ("planesweep-fusion", "colmap-cuda", "gt-depth")
MIN_SPARSE = 3  # with fewer points, the range of depths is unknown


@dataclass(frozen=True)
class ReconstructionConfig:
    """The settings of the reconstruction."""

    stereo: str = "planesweep-fusion"
    """Source of depth: `planesweep-fusion`, `colmap-cuda` (COLMAP's own PatchMatch) or `gt-depth` (the stored depth, an upper
    bound). COLMAP fuses the depth maps of all of them.
    """
    low_m: tuple[float, ...] = (-0.9, -0.9, -0.1)
    """Low corner of the region that is kept, metres, world; points outside are dropped."""
    high_m: tuple[float, ...] = (0.9, 0.9, 0.6)
    """High corner of this region, metres, world."""
    depth_margin: float = 0.25
    """The range of depths of the sparse points is widened by this fraction at either end, as in COLMAP."""
    sweep: PlaneSweepConfig = PlaneSweepConfig()
    """The plane sweep."""
    fusion: FusionConfig = FusionConfig()
    """The fusion of depth maps."""


@dataclass(frozen=True)
class Cloud:
    """The point cloud of a scene.

    points: (n, 3) float32, metres, world. colors: (n, 3) uint8, sRGB. sparse: number of COLMAP's sparse points. seconds: wall time
    of the reconstruction.
    """

    points: np.ndarray
    colors: np.ndarray
    sparse: int
    seconds: float


def reconstruct(views: Views, config: ReconstructionConfig, device: torch.device | str = "cpu") -> Cloud:
    """Reconstruct the cloud of a scene. It has no points if the scene has too little texture.

    device: of the plane sweep. Raises DataError if `gt-depth` is chosen and no depth is stored.
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="odd-bench-colmap-") as name:
        folder = Path(name)
        write_pictures(folder, views)
        points, colors, sparse = dense_points(folder, views, config, device)
    inside = ((points >= config.low_m) & (points <= config.high_m)).all(axis=1)
    return Cloud(points[inside], colors[inside], sparse, time.perf_counter() - start)


def dense_points(
    folder: Path, views: Views, config: ReconstructionConfig, device: torch.device | str
) -> tuple[np.ndarray, np.ndarray, int]:
    """Points (n, 3), their colours (n, 3), and the number of sparse points. folder: has the pictures; receives other files."""
    if config.stereo == "gt-depth":
        if views.depth_m is None:
            raise DataError("gt-depth", "no stored depth", "a data set made with depth", "--set depth=true in generate")
        write_maps(folder, views, views.depth_m)
        return *fuse(folder, config.fusion), 0
    model = triangulate(folder, views)
    sparse = np.array([point.xyz for point in model.points3D.values()]).reshape(-1, 3)
    in_room = sparse[((sparse >= config.low_m) & (sparse <= config.high_m)).all(axis=1)]
    if len(in_room) < MIN_SPARSE:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8), len(sparse)
    if config.stereo == "colmap-cuda":
        return *patch_match(folder, config.fusion), len(sparse)
    range_m = depth_range(views, in_room, config.depth_margin)
    write_maps(folder, views, sweep(views, range_m, config.sweep, device))
    return *fuse(folder, config.fusion), len(sparse)


def depth_range(views: Views, points: np.ndarray, margin: float) -> np.ndarray:
    """Nearest and farthest depth (v, 2) of the points (n, 3) in each view, metres, widened by the fraction `margin`."""
    _, depth = views.projected(points)  # (v, n)
    near, far = depth.min(axis=1), depth.max(axis=1)
    return np.stack([np.maximum(near * (1 - margin), 0.05), far * (1 + margin)], axis=1)
