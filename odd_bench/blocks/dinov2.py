"""DINOv2 from local files: a checkout for torch.hub, a weights file for timm, or a folder for transformers.

With each of them, the features are the patch tokens after the last LayerNorm, as a map of patches.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from odd_bench.blocks.backbone import IMAGENET_MEAN, IMAGENET_STD
from odd_bench.blocks.stored_weights import complaint, fill, read_weights
from odd_bench.errors import OddBenchError, WrongUse
from odd_bench.plain_file import read_plain_text

PATCH = 14
HUB_MODEL, HUB_WEIGHTS = "dinov2_vits14", "dinov2_vits14_pretrain.pth"
TIMM_MODEL = "vit_small_patch14_dinov2.lvd142m"
WAYS = (
    f"a folder for transformers (config.json, model.safetensors), a checkout of facebookresearch/dinov2 that contains "
    f"{HUB_WEIGHTS}, or the weights file of {TIMM_MODEL} for timm"
)
Tokens = Callable[[Tensor], Tensor]  # normalised pictures to (n, patches, c)


def dinov2(
    weights: str | None, pixels: int, device: torch.device | str = "cpu"
) -> tuple[Callable[[Tensor], Tensor], Path]:
    """Load the network that `--teacher-weights` names; also return the file that contains its weights.

    The network maps pictures (n, 3, pixels, pixels), sRGB in [0, 1], to features (n, c, pixels / PATCH, pixels / PATCH).
    Raises OddBenchError if a file or package is missing, or if a file cannot be read.
    """
    if pixels % PATCH:
        near = PATCH * round(pixels / PATCH)
        raise WrongUse(f"teacher.pixels: found {pixels}; expected a multiple of {PATCH}. Use {near}")
    if weights is None:
        raise WrongUse(
            f"--teacher-weights: found no weights, which DINOv2 needs; expected {WAYS}. "
            "Or choose --set model.teacher.kind=efficientnet-lite0, whose weights come with a package"
        )
    path = Path(weights)
    try:
        tokens, file = route(path)(path, pixels, device)
    except OddBenchError:
        raise
    except Exception as error:  # the libraries' readers raise exceptions of any type
        raise WrongUse(
            f"--teacher-weights: {path} cannot be read ({type(error).__name__}: {complaint(error)}); expected {WAYS}"
        ) from error
    mean, std = (torch.tensor(values, device=device)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))

    def features(images: Tensor) -> Tensor:
        found = tokens((images - mean) / std)  # (n, patches, c)
        return found.transpose(1, 2).unflatten(2, (pixels // PATCH,) * 2)

    return features, file


def route(path: Path) -> Callable[[Path, int, torch.device | str], tuple[Tokens, Path]]:
    """The loader for the files at `path`. Raises WrongUse if there is none."""
    if (path / "config.json").is_file():
        return from_transformers
    if (path / "hubconf.py").is_file():
        return from_hub
    if path.is_file():
        return from_timm
    raise WrongUse(f"--teacher-weights: found nothing usable at {path}; expected {WAYS}")


def from_transformers(path: Path, pixels: int, device: torch.device | str) -> tuple[Tokens, Path]:
    """Load a folder that transformers saved, of a model with or without register tokens."""
    transformers = package("transformers")
    model = transformers.AutoModel.from_pretrained(path, local_files_only=True).to(device).eval()
    extra = 1 + json.loads(read_plain_text(path / "config.json")).get("num_register_tokens", 0)
    return lambda images: model(images).last_hidden_state[:, extra:], path / "model.safetensors"


def from_hub(path: Path, pixels: int, device: torch.device | str) -> tuple[Tokens, Path]:
    """Load a checkout of the authors' repository. The weights lie in it, or in torch.hub's folder of checkpoints."""
    places = [path / HUB_WEIGHTS, Path(torch.hub.get_dir()) / "checkpoints" / HUB_WEIGHTS]
    weights = next((place for place in places if place.is_file()), None)
    if weights is None:
        raise WrongUse(f"--teacher-weights: found no {HUB_WEIGHTS}; expected it at {places[0]} or {places[1]}")
    model: nn.Module = torch.hub.load(str(path), HUB_MODEL, source="local", pretrained=False)
    expected = f"the authors' weights of {HUB_MODEL}"
    fill(model, read_weights(weights, expected), weights, expected)
    model = model.to(device).eval()
    return lambda images: model.forward_features(images)["x_norm_patchtokens"], weights


def from_timm(path: Path, pixels: int, device: torch.device | str) -> tuple[Tokens, Path]:
    """Load weights that timm published. Their position embeddings are resampled to the picture's size."""
    timm = package("timm")
    model = timm.create_model(
        TIMM_MODEL, pretrained=False, num_classes=0, img_size=pixels, checkpoint_path=str(path)
    ).to(device).eval()  # fmt: skip
    return lambda images: model.forward_features(images)[:, model.num_prefix_tokens :], path


def package(name: str):
    """Import a package that only this teacher needs. Raises OddBenchError if it is not installed."""
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise OddBenchError(
            f"--teacher-weights: these files are for {name}, which is not installed. pip install {name}"
        ) from error
