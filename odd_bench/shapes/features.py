"""The appearance of a shape as one vector: a descriptor of its views that needs no weights, or the features of DINOv2."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from odd_bench.shapes.fixed_views import SIDES, Views, shades
from odd_bench.shapes.similar_config import SimilarError

CELLS, ORIENTATIONS = 8, 8  # cells along a side, and bins, of the histograms of oriented gradients
TILT_BINS = 6  # bins of the histogram of the angle between the surface normal and the viewing direction
PAIR_BINS, PAIRS = 48, 20_000  # of the histogram of distances between random surface points (D2, Osada et al. 2002)
WEIGHTS = {"outline": 1.0, "tilt": 0.5, "pairs": 0.7}  # weight of each block
DINOV2_SIDE, DINOV2_MODEL = 224, "vit_small_patch14_dinov2"  # 14 x 16 pixels
IMAGENET_MEAN, IMAGENET_STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def view_features(views: Views, points: np.ndarray) -> np.ndarray:
    """(d,) float32: weighted blocks for depth gradients and surface tilt of all views and for the distances of point pairs.

    points: (n, 3) on the surface, in random order. Every block has unit length before it is weighted.
    """
    outline = np.concatenate([_gradients(depth) for depth in views.depth]) / np.sqrt(len(SIDES))
    tilt = np.concatenate(
        [_tilt(normals, covered) for normals, covered in zip(views.normals, views.covered, strict=True)]
    )
    blocks = {"outline": outline, "tilt": tilt / np.sqrt(len(SIDES)), "pairs": _pair_distances(points)}
    return np.concatenate([WEIGHTS[name] * block for name, block in blocks.items()]).astype(np.float32)


class DinoV2:
    """Computes the DINOv2 class token of each view of a shape. weights: a published checkpoint of ViT-S/14.

    Needs torch and timm. Raises SimilarError if one of them is missing or the checkpoint cannot be loaded.
    """

    def __init__(self, weights: Path):
        try:
            import timm
            import torch
        except ImportError as error:
            raise SimilarError(
                f"features dinov2: found no {error.name}; expected torch and timm. Hint: pip install torch timm, or omit "
                "--teacher-weights for features that need no weights"
            ) from error
        self._torch = torch
        try:
            self._model = timm.create_model(
                DINOV2_MODEL,
                pretrained=True,  # loads this file and adapts the published names and picture size
                pretrained_cfg_overlay={"file": str(weights)},
                img_size=DINOV2_SIDE,
                num_classes=0,
            ).eval()
        except (RuntimeError, OSError, KeyError, ValueError, EOFError) as error:
            raise SimilarError(
                f"{weights}: found {str(error).splitlines()[0]}; expected a checkpoint of DINOv2 ViT-S/14"
            ) from error

    def features(self, views: Views) -> np.ndarray:
        """(views * 384,) float32: the class tokens, each of unit length. The views must be DINOV2_SIDE pixels wide and high."""
        pictures = np.repeat(shades(views)[..., None] / 255, 3, axis=-1)  # (views, h, w, 3)
        batch = self._torch.from_numpy(((pictures - IMAGENET_MEAN) / IMAGENET_STD).transpose(0, 3, 1, 2)).float()
        with self._torch.inference_mode():
            tokens = self._model(batch).numpy()
        return (tokens / np.linalg.norm(tokens, axis=1, keepdims=True)).astype(np.float32).ravel()


def _gradients(depth: np.ndarray) -> np.ndarray:
    """(CELLS**2 * ORIENTATIONS,) unit vector: where and in which direction the depth of a view (h, w) changes.

    The outline counts as a step in depth.
    """
    from skimage.feature import hog

    image = np.where(np.isfinite(depth), 0.75 + 0.5 * np.nan_to_num(depth), 0.0)  # background well behind the shape
    cell = len(depth) // CELLS
    histogram = hog(
        image, ORIENTATIONS, pixels_per_cell=(cell, cell), cells_per_block=(1, 1), block_norm="L1", feature_vector=False
    ).reshape(CELLS, CELLS, ORIENTATIONS)
    strength = _strength(image, cell)
    return _unit((histogram * strength[..., None]).ravel())


def _strength(image: np.ndarray, cell: int) -> np.ndarray:
    """(cells, cells) square root of the mean gradient in each cell, so that nearly empty cells have little weight."""
    slope = np.hypot(*np.gradient(image))
    cells = len(image) // cell
    return np.sqrt(slope[: cells * cell, : cells * cell].reshape(cells, cell, cells, cell).mean(axis=(1, 3)))


def _tilt(normals: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """(TILT_BINS,) unit vector: how the surface is tilted from the viewing direction.

    It holds square roots of frequencies, so that the Euclidean distance of two vectors is the Hellinger distance.
    """
    counts = np.histogram(normals[covered][:, 2].clip(0, 1), bins=TILT_BINS, range=(0, 1))[0]
    return np.sqrt(counts / max(counts.sum(), 1))


def _pair_distances(points: np.ndarray) -> np.ndarray:
    """(PAIR_BINS,) unit vector: histogram of the distances between random pairs of points (n, 3) of the surface."""
    rng = np.random.default_rng(0)
    one, other = points[rng.integers(len(points), size=(2, PAIRS))]
    distances = np.linalg.norm(one - other, axis=1)
    counts = np.histogram(distances, bins=PAIR_BINS, range=(0, np.sqrt(3)))[0]
    return np.sqrt(counts / counts.sum())


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(np.linalg.norm(vector), 1e-12)
