"""COLMAP's own dense stereo, which needs a GPU and a pycolmap built for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from odd_bench.baselines.colmap_dgcnn.colmap import pycolmap
from odd_bench.baselines.colmap_dgcnn.fusion import FusionConfig, fuse
from odd_bench.baselines.colmap_dgcnn.workspace import IMAGES, SPARSE
from odd_bench.errors import WrongUse


def patch_match(folder: Path, config: FusionConfig) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3) and colours (n, 3) from the pictures and the sparse model in the folder, by COLMAP's defaults."""
    check_cuda()
    colmap, dense = pycolmap(), folder / "dense"
    colmap.undistort_images(dense, folder / SPARSE, folder / IMAGES)
    colmap.patch_match_stereo(dense)
    return fuse(dense, config)


def check_cuda() -> None:
    """Raise WrongUse where pycolmap cannot compute on a GPU."""
    if not pycolmap().has_cuda:
        raise WrongUse(
            "model.reconstruction.stereo colmap-cuda: found a pycolmap without CUDA; expected pycolmap-cuda12 in its place "
            "(pip uninstall pycolmap; pip install pycolmap-cuda12) and an NVIDIA GPU. Or use planesweep-fusion"
        )
