"""Fusing the depth maps of all views into one point cloud, with COLMAP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from odd_bench.baselines.colmap_dgcnn.colmap import pycolmap
from odd_bench.baselines.colmap_dgcnn.normals import normals_of_depth
from odd_bench.baselines.colmap_dgcnn.views import Views
from odd_bench.baselines.colmap_dgcnn.workspace import SPARSE, picture_name, posed_model

PIXEL_CENTRE = np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])  # the fusion puts pixel centres at integers


@dataclass(frozen=True)
class FusionConfig:
    """The settings of the fusion of depth maps."""

    min_pixels: int = 3
    """Minimum number of pixels that a point is fused from. COLMAP's default is 5."""
    max_reprojection_px: float = 1.0
    """Maximum reprojection error of a point in another view, in pixels."""
    max_depth_error: float = 0.01
    """Maximum relative difference of depth."""
    max_normal_deg: float = 180.0
    """Maximum angle between normals, in degrees."""


def write_maps(folder: Path, views: Views, depth_m: np.ndarray) -> None:
    """Write depth and normal maps to the files that COLMAP's own stereo would write, and a sparse model in which all views overlap.

    depth_m: (v, h, w), planar depth in metres, 0 = none.
    """
    colmap = pycolmap()
    maps, normals = folder / "stereo" / "depth_maps", folder / "stereo" / "normal_maps"
    maps.mkdir(parents=True)
    normals.mkdir()
    for view, depth in enumerate(depth_m):
        name = f"{picture_name(view)}.geometric.bin"
        known = depth[depth > 0]
        limits = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        colmap.DepthMap.from_array(depth.astype(np.float32), *limits).write(maps / name)
        colmap.NormalMap.from_array(normals_of_depth(depth, views.K[view])).write(normals / name)
    names = "".join(f"{picture_name(view)}\n" for view in range(len(views)))
    (folder / "stereo" / "fusion.cfg").write_text(names)
    (folder / SPARSE).mkdir(exist_ok=True)
    overlapping_model(views).write(folder / SPARSE)


def overlapping_model(views: Views):
    """A sparse model with the true cameras and one point, the origin, that all see: COLMAP fuses only views that share points."""
    colmap = pycolmap()
    centres_whole = replace(views, K=views.K - PIXEL_CENTRE)
    pixels, _ = centres_whole.projected(np.zeros((1, 3)))  # (v, 1, 2)
    model = posed_model(centres_whole, list(pixels))
    elements = [colmap.TrackElement(view + 1, 0) for view in range(len(views))]
    model.add_point3D(np.zeros(3), colmap.Track(elements))
    return model


def fuse(folder: Path, config: FusionConfig) -> tuple[np.ndarray, np.ndarray]:
    """Fuse the maps in a folder to points (n, 3) float32, metres, world, with colours (n, 3) uint8."""
    colmap = pycolmap()
    options = colmap.StereoFusionOptions(
        num_threads=1, min_num_pixels=config.min_pixels, max_reproj_error=config.max_reprojection_px,
        max_depth_error=config.max_depth_error, max_normal_error=config.max_normal_deg,
    )  # fmt: skip
    fused = colmap.stereo_fusion(folder / "fused.ply", folder, options=options, output_type="ply")
    points = list(fused.points3D.values())
    xyz = np.array([point.xyz for point in points], np.float32).reshape(-1, 3)
    return xyz, np.array([point.color for point in points], np.uint8).reshape(-1, 3)
