"""Volumes that the detector builds from the views of a scene before it looks for objects, and the heads that read each voxel.

On a GPU, volumes are built by replaying a CUDA graph, because launching a thousand small kernels takes longer than running them.
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
    """The volumes of b scenes on one grid, with the m views that they were built from.

    features: F_v (b, d, z, y, x). color_alpha: V_c and the opacity of V_sigma, (b, 4, z, y, x), in [0, 1]. grid: of both volumes.
    batch: the views. project: beta, from features (..., d) to projected features (..., d_f).

    Some comparisons also read the pictures. silhouettes: (b, m, h, w), logits of object pixels. levels: of the image network,
    (b, m, c, h', w') each. object_above: a pixel with a higher probability shows an object. floor: (b, m, c, h, w), differences
    between views warped by the floor.

    centres: maps of object centres, for a detector that finds objects by them. known_placements: registration of the objects by
    scene, if it was used to find boxes; for use by the comparison only.
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
        """Opacity (b, z, y, x) in [0, 1]."""
        return self.color_alpha[:, 3]

    @cached_property
    def masks(self) -> Tensor:
        """Pixels that show an object, (b, m, h, w) bool."""
        return self.silhouettes.detach().sigmoid() > self.object_above

    @cached_property
    def outlines(self) -> Tensor:
        """Signed distance (b, m, h, w) in pixels to the outlines of the masks, negative inside; used for boxes and hulls."""
        return signed_pixels(self.masks.flatten(0, 1)).unflatten(0, self.masks.shape[:2])


@dataclass(frozen=True)
class HeadsConfig:
    """The settings of the heads, which consist of 1x1x1 convolutions."""

    color_layers: int = 2
    """Number of layers of the colour and density heads."""
    projector_layers: int = 4
    """Number of layers of the projector beta."""
    hidden: int = 128
    """Hidden width of the layers."""
    d_f: int = 128
    """Number of channels of the projected features."""
    empty_bias: float = -3.0
    """Initial logit of the density, so that space is empty at first."""


def pointwise(inside: int, hidden: int, outside: int, layers: int) -> nn.Sequential:
    """Linear layers over the last axis with LeakyReLU in between, equivalent to 1x1x1 convolutions."""
    widths = [inside, *[hidden] * (layers - 1), outside]
    steps: list[nn.Module] = []
    for before, after in pairwise(widths):
        linear = nn.Linear(before, after)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        steps += [linear, nn.LeakyReLU(0.1)]
    return nn.Sequential(*steps[:-1])


class Heads(nn.Module):
    """The heads: colour and density for every voxel, and the projector beta, which is expensive and applied only where needed."""

    def __init__(self, width: int, config: HeadsConfig):
        super().__init__()
        self.color = pointwise(width, config.hidden, 3, config.color_layers)  # alpha_c
        self.density = pointwise(width, config.hidden, 1, config.color_layers)  # alpha_sigma
        self.beta = pointwise(width, config.hidden, config.d_f, config.projector_layers)
        nn.init.constant_(self.density[-1].bias, config.empty_bias)

    def color_alpha(self, volume: Tensor) -> Tensor:
        """Colour and alpha (b, 4, z, y, x), in [0, 1], from F_v (b, d, z, y, x)."""
        voxels = volume.movedim(1, -1)
        logits = torch.cat([self.color(voxels), self.density(voxels)], dim=-1)
        return logits.float().sigmoid().movedim(-1, 1)


WARM_UP = 3  # number of calls before recording, in which libraries choose their kernels
MOST = 4  # number of recordings that are kept, because each keeps its own memory


@dataclass(frozen=True)
class Recording:
    """A CUDA graph with its buffers. inputs: tensors that the graph reads. volumes: tensors that it writes."""

    graph: torch.cuda.CUDAGraph
    inputs: SceneBatch
    volumes: Volumes


class Recorded:
    """`reconstruct` of a detector on a GPU as a CUDA graph, recorded once for each of the first MOST input sizes.

    The next call with the same size overwrites the volumes. Weights may change in place, but must not move in memory.
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
        """Record the graph for the size of a batch."""
        images, K, camera_from_world = (one.clone() for one in read_by_graph(batch))
        inputs = replace(batch, images=images, K=K, camera_from_world=camera_from_world)
        # without a cache, because casts that autocast caches between calls would be missing from the graph
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
    """The tensors of a batch that volumes depend on."""
    return batch.images, batch.K, batch.camera_from_world
