"""What the detector makes of the views of a scene before it looks for objects: volumes, and what is read off each voxel.

On a GPU volumes are built by replaying a CUDA graph: launching a thousand small kernels one by one takes longer than they run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.boxes import CentreMaps
from odd_bench.detector.hulls import signed_pixels


@dataclass(frozen=True)
class Volumes:
    """The volumes of b scenes over one grid, with the m views that they were built from.

    features: F_v (b, d, z, y, x). color_alpha: V_c and the opacity of V_sigma, (b, 4, z, y, x) in [0, 1]. grid: of both. batch:
    the views. project: beta, from features (..., d) to projected features (..., d_f).

    What some comparisons read from the pictures beside: silhouettes, (b, m, h, w) logits of their pixels; levels of the image
    network, (b, m, c, h', w') each; object_above, the chance from which on a pixel is an object's; floor, (b, m, c, h, w), what
    the floor gives away.

    centres: where the volume sees the middles of objects, for a detector that finds objects so. known_placements: by scene, the
    registration of objects, where boxes were found by it; a comparison's own.
    """

    features: Tensor
    color_alpha: Tensor
    grid: VoxelGrid
    batch: SceneBatch
    project: Callable[[Tensor], Tensor]
    silhouettes: Tensor | None = None
    levels: tuple[Tensor, ...] = ()
    object_above: float = 0.5
    floor: Tensor | None = None
    centres: CentreMaps | None = None
    known_placements: dict[int, Any] = field(default_factory=dict)

    @property
    def alpha(self) -> Tensor:
        """(b, z, y, x)"""
        return self.color_alpha[:, 3]

    @cached_property
    def masks(self) -> Tensor:
        """(b, m, h, w) bool: the pixels that show an object."""
        return self.silhouettes.detach().sigmoid() > self.object_above

    @cached_property
    def outlines(self) -> Tensor:
        """(b, m, h, w) pixels to the outlines of the masks, negative inside. Boxes and hulls are both cut by them."""
        return signed_pixels(self.masks.flatten(0, 1)).unflatten(0, self.masks.shape[:2])


@dataclass(frozen=True)
class HeadsConfig:
    """What is read off each voxel by layers of 1x1x1 convolutions."""

    color_layers: int = 2
    """Layers of the colour and density heads."""
    projector_layers: int = 4
    """Layers of the projector beta."""
    hidden: int = 128
    """Inner width of the layers."""
    d_f: int = 128
    """Channels of the projected features."""
    empty_bias: float = -3.0
    """Start of the density's logit, so that space starts empty."""


def pointwise(inside: int, hidden: int, outside: int, layers: int) -> nn.Sequential:
    """Linear layers over the last axis, LeakyReLU between: what a 1x1x1 convolution does to a list of voxels."""
    widths = [inside, *[hidden] * (layers - 1), outside]
    steps: list[nn.Module] = []
    for before, after in pairwise(widths):
        linear = nn.Linear(before, after)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        steps += [linear, nn.LeakyReLU(0.1)]
    return nn.Sequential(*steps[:-1])


class Heads(nn.Module):
    """Colour and alpha of every voxel; features only where they are asked for, because beta is the dearest of the three."""

    def __init__(self, width: int, config: HeadsConfig):
        super().__init__()
        self.color = pointwise(width, config.hidden, 3, config.color_layers)  # alpha_c
        self.density = pointwise(width, config.hidden, 1, config.color_layers)  # alpha_sigma
        self.beta = pointwise(width, config.hidden, config.d_f, config.projector_layers)
        nn.init.constant_(self.density[-1].bias, config.empty_bias)

    def color_alpha(self, volume: Tensor) -> Tensor:
        """F_v (b, d, z, y, x) to colour and alpha (b, 4, z, y, x) in [0, 1]."""
        voxels = volume.movedim(1, -1)
        logits = torch.cat([self.color(voxels), self.density(voxels)], dim=-1)
        return logits.float().sigmoid().movedim(-1, 1)


WARM_UP = 3  # calls before recording, in which libraries choose their kernels
MOST = 4  # recordings that are kept: each holds on to the memory it works in


@dataclass(frozen=True)
class Recording:
    """inputs: what the graph reads, to be overwritten; volumes: what it writes."""

    graph: torch.cuda.CUDAGraph
    inputs: SceneBatch
    volumes: Volumes


class Recorded:
    """`reconstruct` of a detector on a GPU, recorded once for each size of its input, for the first MOST sizes.

    Volumes are overwritten by the next call of the same size. Weights may change in place, but not move.
    """

    def __init__(self, reconstruct: Callable[[SceneBatch], Volumes]):
        self.reconstruct = reconstruct
        self.recordings: dict[tuple, Recording] = {}

    @torch.no_grad()
    def __call__(self, batch: SceneBatch) -> Volumes:
        key = (*batch.images.shape, torch.is_autocast_enabled("cuda"))
        if key not in self.recordings:
            if len(self.recordings) == MOST:
                return self.reconstruct(batch)
            self.recordings[key] = self.record(batch)
        recording = self.recordings[key]
        for own, given in zip(read_by_graph(recording.inputs), read_by_graph(batch), strict=True):
            own.copy_(given)
        recording.graph.replay()
        return replace(recording.volumes, batch=batch)

    def record(self, batch: SceneBatch) -> Recording:
        images, K, camera_from_world = (one.clone() for one in read_by_graph(batch))
        inputs = replace(batch, images=images, K=K, camera_from_world=camera_from_world)
        # casts of weights that autocast keeps from one call to the next would be missing from the graph
        mixed = torch.is_autocast_enabled("cuda")
        with torch.autocast("cuda", torch.get_autocast_dtype("cuda"), enabled=mixed, cache_enabled=False):
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    self.reconstruct(inputs)
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                volumes = self.reconstruct(inputs)
        return Recording(graph, inputs, volumes)


def read_by_graph(batch: SceneBatch) -> tuple[Tensor, Tensor, Tensor]:
    """All of a batch that volumes depend on."""
    return batch.images, batch.K, batch.camera_from_world
