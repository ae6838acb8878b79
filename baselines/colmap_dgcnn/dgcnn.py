"""DGCNN: features of a point cloud from its nearest-neighbour graphs (Wang et al., Dynamic Graph CNN, 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, normalize

from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.stored_weights import read_weights
from odd_bench.errors import WrongUse

SLOPE = 0.2


@dataclass(frozen=True)
class DgcnnConfig:
    """The settings of the point network."""

    k: int = 20
    """Number of nearest neighbours of a point, including itself."""
    widths: tuple[int, ...] = (64, 64, 128, 256)
    """Output channels of the edge convolutions."""
    joint: int = 1024
    """Output channels of the layer that joins the outputs of all edge convolutions."""
    hidden: int = 512
    """Hidden width of the head."""
    embedding: int = 256
    """Width of the embedding."""
    weights: str = "none"
    """`none`, or a file with the published classification weights of DGCNN (PyTorch)."""


class EdgeConv(nn.Module):
    """Edge convolution: max over the neighbours j of h(x_j - x_i, x_i), h = linear, batch norm, leaky ReLU (equations 7, 8)."""

    def __init__(self, width_in: int, width_out: int, k: int):
        super().__init__()
        self.k = k
        self.weight = nn.Parameter(torch.empty(width_out, 2 * width_in))
        self.norm = nn.BatchNorm1d(width_out)
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, features: Tensor) -> Tensor:
        """Features (b, n, c) to features (b, n, out)."""
        edges = edge_features(features, nearest_neighbours(features, self.k), self.weight)  # (b, n, k, out)
        normed = self.norm(edges.flatten(0, 2)).view(edges.shape)
        return leaky_relu(normed.amax(dim=2), SLOPE)  # leaky ReLU is monotonic, so the maximum may come first


class Dgcnn(nn.Module):
    """Clouds (b, n, 3) to embeddings (b, d) of length 1."""

    def __init__(self, config: DgcnnConfig):
        super().__init__()
        widths = (3, *config.widths)
        self.edges = nn.ModuleList(EdgeConv(a, b, config.k) for a, b in pairwise(widths))
        self.joint = nn.Linear(sum(config.widths), config.joint, bias=False)
        self.joint_norm = nn.BatchNorm1d(config.joint)
        self.head = nn.Sequential(
            nn.Linear(2 * config.joint, config.hidden, bias=False),
            nn.BatchNorm1d(config.hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(config.hidden, config.embedding),
        )
        if config.weights != "none":
            self.load_state_dict(published_weights(Path(config.weights), self.state_dict()))

    def forward(self, clouds: Tensor) -> Tensor:
        """Embeddings (b, d) of clouds (b, n, 3)."""
        b, n, _ = clouds.shape
        features, levels = clouds, []
        for edge in self.edges:
            features = edge(features)
            levels.append(features)
        joint = self.joint(torch.cat(levels, dim=-1))  # (b, n, joint)
        joint = leaky_relu(self.joint_norm(joint.flatten(0, 1)), SLOPE).view(b, n, -1)
        pooled = torch.cat([joint.amax(dim=1), joint.mean(dim=1)], dim=-1)  # (b, 2 joint)
        return normalize(self.head(pooled), dim=-1)


@torch.no_grad()
@full_precision
def nearest_neighbours(features: Tensor, k: int) -> Tensor:
    """Indices (b, n, k) of the points with the nearest features (b, n, c), including the point itself."""
    features = features.to(torch.promote_types(features.dtype, torch.float32))
    square = (features**2).sum(dim=-1)
    closeness = 2 * features @ features.transpose(1, 2) - square[:, None]  # without |x_i|^2, the same for all j
    return closeness.topk(min(k, features.shape[1]), dim=-1, sorted=False).indices


@full_precision
def edge_features(features: Tensor, neighbours: Tensor, weight: Tensor) -> Tensor:
    """W (x_j - x_i, x_i) of points (b, n, c) and their neighbours (b, n, k): (b, n, k, out).

    With W = (A, B) this is A x_j + (B - A) x_i. It is computed per point and then gathered, k times cheaper than per edge.
    """
    features = features.to(weight.dtype)
    of_neighbour, of_point = weight.chunk(2, dim=1)
    sent, kept = features @ of_neighbour.T, features @ (of_point - of_neighbour).T  # (b, n, out)
    return gathered(sent, neighbours) + kept[:, :, None]


def gathered(features: Tensor, index: Tensor) -> Tensor:
    """Features (b, n, k, c) of the points with indices (b, n, k), from features (b, n, c)."""
    b, n, c = features.shape
    offset = torch.arange(b, device=features.device)[:, None, None] * n
    return features.reshape(b * n, c)[(index + offset).flatten()].view(b, n, -1, c)


def published_weights(path: Path, own: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with the published weights for the layers that both networks have. The head keeps its own weights.

    In published files, edge convolution i is `conv{i}.0`, its norm is `bn{i}`, and the joint layer is `conv5.0` and `bn5`, with or
    without the prefix `module.`. Raises WrongUse if a weight is missing or has another size.
    """
    expected = "weights of DGCNN, as its authors publish them"
    stored = {name.removeprefix("module."): value for name, value in read_weights(path, expected).items()}
    layers = sum(name.endswith(".weight") and name.startswith("edges.") and "norm" not in name for name in own)
    names = {"joint.weight": f"conv{layers + 1}.0.weight"}
    names |= {f"edges.{i}.weight": f"conv{i + 1}.0.weight" for i in range(layers)}
    for part in ("weight", "bias", "running_mean", "running_var"):
        names |= {f"edges.{i}.norm.{part}": f"bn{i + 1}.{part}" for i in range(layers)}
        names |= {f"joint_norm.{part}": f"bn{layers + 1}.{part}"}
    wrong = [
        theirs for mine, theirs in names.items() if theirs not in stored or stored[theirs].numel() != own[mine].numel()
    ]
    if wrong:
        raise WrongUse(f"{path}: found no {', '.join(wrong[:3])} of this size; expected weights of DGCNN at full width")
    return own | {mine: stored[theirs].reshape(own[mine].shape) for mine, theirs in names.items()}
