"""Volumes built by replaying a CUDA graph: launching a thousand small kernels one by one takes longer than they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.volumes import Volumes

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
