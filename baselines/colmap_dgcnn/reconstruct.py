"""Pictures with true cameras to a point cloud of the whole scene."""

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
MIN_SPARSE = 3  # points without which there is nothing to tell the depth of a scene from


@dataclass(frozen=True)
class ReconstructionConfig:
    """From pictures to a point cloud."""

    stereo: str = "planesweep-fusion"
    """Where depth comes from: `planesweep-fusion`, `colmap-cuda` (COLMAP's own PatchMatch) or `gt-depth` (the stored
    depth, an upper bound); all are fused by COLMAP.
    """
    low_m: tuple[float, ...] = (-0.9, -0.9, -0.1)
    """Corners of the room, world; points outside are dropped."""
    high_m: tuple[float, ...] = (0.9, 0.9, 0.6)
    """Corners of the room, world; points outside are dropped."""
    depth_margin: float = 0.25
    """How far depths may lie outside those of the sparse points, as a fraction; that of COLMAP itself."""
    sweep: PlaneSweepConfig = PlaneSweepConfig()
    """The plane sweep."""
    fusion: FusionConfig = FusionConfig()
    """The fusion of depth maps."""


@dataclass(frozen=True)
class Cloud:
    """points: (n, 3) float32, metres, world. colors: (n, 3) uint8 sRGB. sparse: number of COLMAP's sparse points.

    seconds: that the reconstruction took by the clock.
    """

    points: np.ndarray
    colors: np.ndarray
    sparse: int
    seconds: float


def reconstruct(views: Views, config: ReconstructionConfig, device: torch.device | str = "cpu") -> Cloud:
    """The cloud of a scene; without points where it has too little texture.

    device: of the plane sweep. Raises DataError where `gt-depth` has no depth to go by.
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
    """Points (n, 3), their colours (n, 3) and how many sparse points there were."""
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
    """(v, 2) nearest and farthest depth of a view, metres: those of all (n, 3) points, widened by `margin`."""
    _, depth = views.projected(points)  # (v, n)
    near, far = depth.min(axis=1), depth.max(axis=1)
    return np.stack([np.maximum(near * (1 - margin), 0.05), far * (1 + margin)], axis=1)
