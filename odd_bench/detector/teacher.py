"""Teachers: frozen image networks whose features the volume learns to render (paper section 3.2).

The features of a data set are computed once, reduced by a PCA that is fitted to the foreground of training views, and stored as
float16 files.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from odd_bench.atomic import write_atomically
from odd_bench.blocks.dinov2 import dinov2
from odd_bench.data.damage import reading
from odd_bench.data.dataset import FeatureFolder
from odd_bench.data.reader import Dataset
from odd_bench.detector.losses import covered_cells
from odd_bench.errors import OddBenchError
from odd_bench.plain_file import open_plain

VIEWS_AT_ONCE = 5


@dataclass(frozen=True)
class TeacherConfig:
    """The settings of the network whose features are distilled."""

    kind: str = "dinov2"
    """`none`, `dinov2`, `efficientnet-lite0` or `canonical`."""
    weights: str | None = None
    """File or folder with the weights of DINOv2."""
    pixels: int = 448
    """Side of the pictures that the teacher reads; a multiple of 14 for DINOv2."""
    pca_views: int = 400
    """Number of views to which the PCA is fitted."""

    @property
    def distils(self) -> bool:
        """Whether the teacher has features to render."""
        return self.kind in ("dinov2", "efficientnet-lite0")


@dataclass(frozen=True)
class Teacher:
    """A named network.

    features: function from pictures (n, 3, pixels, pixels), sRGB in [0, 1], to maps (n, channels, h, w). digest: hash of the
    weights, so that features of other weights are never used by mistake.
    """

    name: str
    pixels: int
    digest: str
    features: Callable[[Tensor], Tensor]

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Feature maps of pictures (n, 3, h, w) of any size, uint8 or in [0, 1]."""
        images = images.float() / 255 if images.dtype == torch.uint8 else images
        size = (self.pixels, self.pixels)
        if images.shape[2:] != size:
            images = interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=True)
        return self.features(images)


def build_teacher(config: TeacherConfig, device: torch.device | str = "cpu") -> Teacher:
    """The teacher that is distilled. Raises OddBenchError if its package or weights are missing, or if there is none."""
    if config.kind == "efficientnet-lite0":
        return efficientnet_teacher(config.pixels, device)
    if config.kind == "dinov2":
        features, file = dinov2(config.weights, config.pixels, device)
        return Teacher("dinov2", config.pixels, file_digest(file), features)
    raise OddBenchError(f"teacher.kind: found {config.kind!r}; expected dinov2 or efficientnet-lite0 to distil from")


def efficientnet_teacher(pixels: int, device: torch.device | str = "cpu") -> Teacher:
    """EfficientNet-Lite0 trained on ImageNet: features of strides 8 and 16, each L2-normalised; 152 channels at stride 8."""
    from odd_bench.blocks.efficientnet import pretrained, weights_path

    network = pretrained().eval().to(device)

    def features(images: Tensor) -> Tensor:
        fine, coarse = network.maps(images, (8, 16))
        coarse = interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=False)
        return torch.cat([normalize(fine, dim=1), normalize(coarse, dim=1)], dim=1)

    return Teacher("efficientnet-lite0", pixels, file_digest(weights_path()), features)


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with open_plain(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Features of a data set


@dataclass(frozen=True)
class Pca:
    """Principal components. mean: (c,), subtracted first. components: (d, c), orthonormal rows in descending order of variance."""

    mean: Tensor
    components: Tensor

    def __call__(self, maps: Tensor) -> Tensor:
        """Maps (n, c, h, w) to maps (n, d, h, w)."""
        return torch.einsum("dc,nchw->ndhw", self.components, maps - self.mean[:, None, None])


def fit_pca(tokens: Tensor, dimensions: int) -> Pca:
    """Fit a PCA to tokens (n, c) through their covariance. dimensions: number of components, at most c."""
    tokens = tokens.double()
    mean = tokens.mean(dim=0)
    covariance = (tokens - mean).T @ (tokens - mean) / len(tokens)
    _, vectors = torch.linalg.eigh(covariance)  # ascending
    return Pca(mean.float(), vectors.flip(1)[:, :dimensions].T.float().contiguous())


def stored_features(
    dataset: Dataset,
    config: TeacherConfig,
    dimensions: int,
    device: torch.device | str = "cpu",
    track: Callable[[Iterable[str], str], Iterable[str]] = lambda names, what: names,
) -> tuple[FeatureFolder, Pca]:
    """The features of the training split, stored in `teacher/` in the folder of the data set. Missing ones are computed.

    dimensions: number of channels after the PCA. track: shows progress over scene names.
    """
    teacher = build_teacher(config, device)
    names = dataset.scene_names("train")
    folder = dataset.folder / "teacher" / cache_key(dataset, teacher, config, dimensions)
    folder.mkdir(parents=True, exist_ok=True)
    pca = stored_pca(folder / "pca.npz", dataset, names, teacher, config, dimensions, device, track)
    missing = [name for name in names if not (folder / f"{name}.npy").is_file()]
    for name in track(missing, "teacher features"):
        views = list(range(len(dataset.scene(name).cameras)))
        maps = [pca(teacher(images)) for images in pictures(dataset, name, views, device)]
        write_arrays(folder / f"{name}.npy", np.save, torch.cat(maps).half().cpu().numpy())
    return FeatureFolder(folder), pca


def cache_key(dataset: Dataset, teacher: Teacher, config: TeacherConfig, dimensions: int) -> str:
    """A key that covers everything that the stored features depend on: data, weights, picture size and dimensions."""
    facts = [
        dataset.digest,
        teacher.name,
        teacher.digest,
        config.pixels,
        dimensions,
        config.pca_views,
    ]
    return f"{teacher.name}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]}"


def stored_pca(
    path: Path,
    dataset: Dataset,
    names: list[str],
    teacher: Teacher,
    config: TeacherConfig,
    dimensions: int,
    device,
    track,
) -> Pca:
    """Read the stored PCA, or fit it to evenly spread training views and store it.

    Raises DataError if the stored file is damaged, and StorageError if it cannot be written.
    """
    if not path.is_file():
        tokens = foreground_tokens(dataset, names, teacher, config.pca_views, device, track)
        pca = fit_pca(tokens, dimensions)
        write_arrays(path, np.savez, mean=pca.mean.cpu().numpy(), components=pca.components.cpu().numpy())
    hint = "Delete the file: it is computed again"
    with reading(path, "a stored PCA", hint), open_plain(path) as file, np.load(file) as stored:
        return Pca(*(torch.from_numpy(stored[name]).to(device) for name in ("mean", "components")))


def foreground_tokens(dataset: Dataset, names: list[str], teacher: Teacher, views: int, device, track) -> Tensor:
    """Tokens (n, c) of cells that objects cover, from about `views` pictures spread over the scenes."""
    scenes = names[:: max(1, len(names) // views)]
    a_scene = max(1, views // len(scenes))
    found = []
    for number, name in enumerate(track(scenes, "features for the PCA")):
        available = len(dataset.scene(name).cameras)
        chosen = sorted({(number + i * available // a_scene) % available for i in range(min(a_scene, available))})
        maps = torch.cat([teacher(images) for images in pictures(dataset, name, chosen, device)])
        instance = torch.from_numpy(dataset.masks(name, chosen)[0].copy()).to(device)
        found.append(maps.flatten(2).transpose(1, 2)[covered_cells(instance, maps.shape[-1])])
    return torch.cat(found)


def pictures(dataset: Dataset, name: str, views: list[int], device) -> Iterable[Tensor]:
    """Yield pictures (n, 3, h, w) uint8 of a few views at a time."""
    for start in range(0, len(views), VIEWS_AT_ONCE):
        images = dataset.images(name, views[start : start + VIEWS_AT_ONCE])
        yield torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).to(device)


def write_arrays(path: Path, save: Callable[..., None], *arrays: np.ndarray, **named: np.ndarray) -> None:
    """Write the complete file, or none. save: np.save or np.savez. Raises StorageError if it cannot be written."""
    content = io.BytesIO()
    save(content, *arrays, **named)
    write_atomically(path, content.getvalue())
