"""What the arrangements of detector and baselines save: lifting all views at once, drawn rays, relations, bfloat16, layers of a
head convolved together, kept memory.

`PYTHONPATH=. python benchmarks/detector.py`: processor seconds on one thread, ratios measured in one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from odd_bench.baselines.detr3d import config as detr3d
from odd_bench.baselines.detr3d.model import Detr3d
from odd_bench.baselines.imvoxelnet import config as imvoxelnet
from odd_bench.baselines.imvoxelnet.head_indoor import IndoorHead
from odd_bench.blocks.backbone import EfficientNetPyramid
from odd_bench.blocks.backprojection import backproject, project_points
from odd_bench.blocks.efficientnet import EfficientNetLite0
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.builder import build
from odd_bench.detector.config import CONFIGURATIONS
from odd_bench.detector.model import END_TO_END, RECONSTRUCTION
from odd_bench.geometry.cameras import intrinsics, look_at
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.devices import precision_of
from odd_bench.training.freed_memory import keep_freed_memory
from odd_bench.training.method import Method
from tests.detector.worlds import noise_batch

VIEWS, PIXELS, CHANNELS, ROUNDS = 5, 256, 32, 3
SLOWER = {
    RECONSTRUCTION: {
        "float32": ["train.precision=32-true"],
        "all rays": ["model.render.rays=null"],
        "silhouettes of whole pictures": ["model.loss.silhouette_window=null"],
        "the 2D network learning": ["model.backbone.trainable=5"],
    },
    END_TO_END: {
        "float32": ["train.precision=32-true"],
        "800 pixels matched": ["model.relations.compared=800"],
        "pictures enlarged twice": ["model.relations.enlarge=2"],
        "the volume learning too": ["model.loss.reconstruction=1"],
        "sparse attention, volume too": ["model.attention.kind=sparse", "model.loss.reconstruction=1"],
    },
}


def cpu_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The best of some rounds after one to warm up."""
    work()
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def cameras() -> tuple[Tensor, Tensor]:
    """K (1, v, 3, 3) and camera_from_world (1, v, 4, 4) of a ring of views."""
    angles = 2 * np.pi * np.arange(VIEWS) / VIEWS
    eyes = [np.array([1.2 * np.cos(a), 1.2 * np.sin(a), 0.8]) for a in angles]
    poses = torch.tensor(np.stack([look_at(eye, np.zeros(3)) for eye in eyes])).float()
    return torch.tensor(intrinsics(PIXELS, PIXELS)).float().expand(1, VIEWS, 3, 3), poses[None]


def view_by_view(maps: Tensor, K: Tensor, camera_from_world: Tensor, grid: VoxelGrid) -> Tensor:
    """Backprojection as a loop over views with nearest pixels, indexed voxel by voxel and summed up, as it is often written."""
    points = grid.centres().reshape(-1, 3)
    total, count = torch.zeros(CHANNELS, len(points)), torch.zeros(len(points))
    stride = PIXELS // maps.shape[-1]
    for view in range(VIEWS):
        pixels, depth = project_points(K[0, view], camera_from_world[0, view], points)
        u, v = (torch.floor(pixels / stride).long()).unbind(-1)
        seen = (u >= 0) & (v >= 0) & (u < maps.shape[-1]) & (v < maps.shape[-2]) & (depth > 0)
        lifted = torch.zeros(CHANNELS, len(points))
        lifted[:, seen] = maps[0, view][:, v[seen], u[seen]]
        total, count = total + lifted, count + seen
    return (total / count.clamp(min=1)).reshape(1, CHANNELS, *grid.shape_zyx)


def compare_backprojection() -> None:
    grid, (K, poses) = VoxelGrid(), cameras()
    maps = torch.randn(1, VIEWS, CHANNELS, PIXELS // 4, PIXELS // 4)
    size = (PIXELS, PIXELS)
    loop = cpu_seconds(lambda: view_by_view(maps, K, poses, grid))
    nearest = cpu_seconds(lambda: backproject(maps, K, poses, size, grid, "nearest"))
    bilinear = cpu_seconds(lambda: backproject(maps, K, poses, size, grid))
    same = backproject(maps, K, poses, size, grid, "nearest")[0] - view_by_view(maps, K, poses, grid)
    differing = float((same.abs() > 1e-4).any(dim=1).float().mean())
    print(f"backprojection, {VIEWS} views into {' x '.join(map(str, grid.counts))} voxels, {CHANNELS} channels")
    print(f"  per-view loop {loop:.3f} s, here nearest {nearest:.3f} s ({loop / nearest:.1f}x), "
          f"bilinear {bilinear:.3f} s ({loop / bilinear:.1f}x); {differing:.2%} of voxels differ (ties of rounding)")  # fmt: skip


def training_step(method: Method, batch: SceneBatch, train: TrainConfig) -> Callable[[], None]:
    """Forward and backward pass, in bfloat16 where training computes in it."""

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in precision_of(train)):
            loss = method.loss(batch)["total"]
        loss.backward()

    return step


def mini_batch() -> SceneBatch:
    """Two scenes of five objects, ten views of 192 pixels, as `mini` reads in a step."""
    return noise_batch(scenes=2, objects=5, views=10, pixels=192)


def step_seconds(stage: str, *overrides: str) -> float:
    """A step of the reference detector's `mini`; no teacher."""
    config = CONFIGURATIONS.with_overrides(CONFIGURATIONS.load("mini"), ["model.teacher.kind=none", *overrides])
    detector = build(config.model)
    detector.start_stage(stage)
    return cpu_seconds(training_step(detector, mini_batch(), config.train), 2)


def compare_steps() -> None:
    print("a training step of mini, batch 2")
    for stage, slower in SLOWER.items():
        fast = step_seconds(stage)
        others = [f"{name} {step_seconds(stage, *change) / fast:.2f}x" for name, change in slower.items()]
        print(f"  {stage}: {fast:.2f} s; {', '.join(others)}")


def compare_layouts() -> None:
    """The frozen image network on the pictures of a step of `mini`."""
    images = mini_batch().images.flatten(0, 1).float() / 255
    last = images.contiguous(memory_format=torch.channels_last)
    network, strides = EfficientNetLite0().eval(), EfficientNetPyramid.strides
    with (
        torch.no_grad(),
        torch.autocast("cpu", torch.bfloat16, enabled="bf16" in precision_of(CONFIGURATIONS.load("mini").train)),
    ):
        first = cpu_seconds(lambda: network.maps(images, strides))
        print(f"image network of mini: channels first {first:.3f} s, "
              f"last {first / cpu_seconds(lambda: network.maps(last, strides)):.2f}x faster")  # fmt: skip


def compare_heads() -> None:
    """Forward and backward pass of the three layers of ImVoxelNet's indoor head on the finest map of its `mini`, batch 2."""
    config = imvoxelnet.CONFIGURATIONS.load("mini").model
    head = IndoorHead(config.indoor_neck.out, config.grid, config.indoor)
    volume = torch.randn(2, config.indoor_neck.out, *config.grid.shape_zyx, requires_grad=True)
    apart = cpu_seconds(lambda: torch.cat([layer(volume) for layer in head.layers], dim=1).sum().backward())
    together = cpu_seconds(lambda: torch.cat(head.convolved(volume), dim=1).sum().backward())
    print(f"layers of ImVoxelNet's head: each alone {apart:.3f} s, convolved together {apart / together:.2f}x faster")


def compare_freed_memory() -> None:
    """Cannot be undone, so it comes last."""
    config = detr3d.CONFIGURATIONS.load("mini")
    step = training_step(Detr3d(config.model), mini_batch(), config.train)
    usual, agreed = cpu_seconds(step), keep_freed_memory()
    print("freed memory stays with the process, a training step of DETR3D's mini")
    faster = f"usual {usual:.2f} s, kept {usual / cpu_seconds(step):.2f}x faster"
    print(f"  {faster if agreed else 'not with this C library'}")


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    compare_steps()
    compare_backprojection()
    compare_layouts()
    compare_heads()
    compare_freed_memory()


if __name__ == "__main__":
    main()
