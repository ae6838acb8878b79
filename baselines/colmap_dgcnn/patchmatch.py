"""COLMAP's own dense stereo, PatchMatch, which needs an NVIDIA GPU and a build of pycolmap with CUDA."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from odd_bench.baselines.colmap_dgcnn.colmap import pycolmap
from odd_bench.baselines.colmap_dgcnn.fusion import FusionConfig, fuse
from odd_bench.baselines.colmap_dgcnn.workspace import IMAGES, SPARSE
from odd_bench.errors import WrongUse


def patch_match(folder: Path, config: FusionConfig) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3) and colours (n, 3) from the pictures and the sparse model in a folder, with COLMAP's defaults."""
    check_cuda()
    colmap, dense = pycolmap(), folder / "dense"
    colmap.undistort_images(dense, folder / SPARSE, folder / IMAGES)
    colmap.patch_match_stereo(dense)
    return fuse(dense, config)


def check_cuda() -> None:
    """Raise WrongUse if pycolmap is built without CUDA."""
    if not pycolmap().has_cuda:
        raise WrongUse(
            "model.reconstruction.stereo colmap-cuda: found a pycolmap without CUDA; expected pycolmap-cuda12 in its place "
            "(pip uninstall pycolmap; pip install pycolmap-cuda12) and an NVIDIA GPU. Or use planesweep-fusion"
        )
