"""What the configuration `paper` costs: a 5-view scene answered, a step of batch 4, memory.

`PYTHONPATH=. python benchmarks/paper.py [--launch plain|recorded|compiled] [--config paper]`: on the GPU where there is one, in
bfloat16; else the answer alone, on the processor in float32, and what a step keeps for its backward pass. Weights are random and
pictures noise, neither of which changes the work; boxes are those of five blobs, so that clustering has something to find.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from torch import Tensor

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.boxes import boxes_from_alpha
from odd_bench.detector.builder import build
from odd_bench.detector.config import CONFIGURATIONS, RunConfig
from odd_bench.detector.model import Detector
from odd_bench.detector.volumes import Recorded
from odd_bench.training.method import SceneAnswer
from tests.detector.worlds import noise_batch

OBJECTS, VIEWS, BATCH = 5, 5, 4
WARM_UP, ROUNDS = 5, 30
TO_REACH_MS, TO_REACH_GB = 15, 14


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """The median of some rounds, by the clock, with all that was queued done."""
    rounds = (WARM_UP, ROUNDS) if device.type == "cuda" else (1, 3)

    def once() -> float:
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    return median([once() for _ in range(sum(rounds))][rounds[0] :])


def blobs(batch: SceneBatch, grid: VoxelGrid) -> Tensor:
    """Alpha (z, y, x) of a ball in each of the scene's boxes."""
    centres = grid.centres(batch.K.device)
    distance = (centres[..., None, :] - batch.boxes[0][:, :3]).norm(dim=-1).amin(dim=-1)
    return torch.sigmoid((0.1 - distance) / 0.01)


def compare_answers(config: RunConfig, device: torch.device, launch: str) -> None:
    """A scene answered whole and by parts."""
    torch.manual_seed(0)
    detector = build(config.model).to(device).eval()
    batch = noise_batch(1, OBJECTS, VIEWS, config.train.pixels).to(device)
    alpha, boxes = blobs(batch, detector.grid), batch.boxes[0].cpu().numpy()
    if launch == "compiled":
        for name in ("backbone", "volume"):
            setattr(detector, name, torch.compile(getattr(detector, name)))

    rebuild = Recorded(detector.reconstruct) if launch == "recorded" else detector.reconstruct
    reconstruct = partial(rebuild, batch)
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):

        def answer() -> SceneAnswer:
            volumes = reconstruct()
            volumes.color_alpha[0, 3] = alpha
            return detector.answer(volumes, 0)

        volumes = reconstruct()
        parts = {
            "all": answer,
            "from pictures to volume": reconstruct,
            "boxes": lambda: boxes_from_alpha(alpha.cpu().numpy(), detector.grid, config.model.boxes),
            "comparison": lambda: detector.compare.logits(volumes, 0, boxes),
        }
        spent = {name: 1000 * seconds(work, device) for name, work in parts.items()}
        found = len(answer().scores)
    print(f"a scene of {OBJECTS} objects, {VIEWS} views of {config.train.pixels} px, {found} found, kernels {launch} "
          f"(to reach on an H100: {TO_REACH_MS} ms)")  # fmt: skip
    for name, value in spent.items():
        print(f"  {name}: {value:.1f} ms")


def compare_step(config: RunConfig, device: torch.device, stage: str) -> None:
    """A training step of a stage on a GPU: seconds and peak memory."""
    torch.cuda.reset_peak_memory_stats()
    batch = noise_batch(BATCH, OBJECTS, 2 * VIEWS, config.train.pixels).to(device)
    detector = build(config.model).to(device).train()
    detector.start_stage(stage)
    optimizer = torch.optim.Adam([p for p in detector.parameters() if p.requires_grad], 1e-5)

    def step() -> None:
        with torch.autocast("cuda", torch.bfloat16):
            loss = detector.loss(batch)["total"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    spent = seconds(step, device)
    memory = torch.cuda.max_memory_allocated() / 2**30
    print(f"a step of {stage}, batch {BATCH}: {spent:.3f} s, {memory:.1f} GB at most (to reach: {TO_REACH_GB} GB)")


def kept_for_backward(config: RunConfig) -> None:
    """What a step keeps in float32, on a processor: every tensor saved for the backward pass once. Autocast keeps less."""
    batch = noise_batch(1, OBJECTS, 2 * VIEWS, config.train.pixels)
    for stage in Detector.stages:
        detector, sizes = build(config.model).train(), {}
        detector.start_stage(stage)
        own = {parameter.untyped_storage().data_ptr() for parameter in detector.parameters()}

        def note(tensor: Tensor, sizes: dict[int, int] = sizes, own: set[int] = own) -> Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            loss = detector.loss(batch)["total"]
        kept = sum(sizes.values()) / 2**30
        learnt = sum(parameter.numel() for parameter in detector.parameters() if parameter.requires_grad)
        fixed = 16 * learnt / 2**30  # weights, gradients and Adam's two moments in float32
        print(f"a step of {stage}: {kept:.2f} GB kept a scene, {fixed:.2f} GB for weights and optimiser: "
              f"{BATCH * kept + fixed:.1f} GB at batch {BATCH} in float32, without "
              f"workspaces (to reach: {TO_REACH_GB} GB)")  # fmt: skip
        del loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="paper")
    usual = "recorded" if torch.cuda.is_available() else "plain"
    told = "kernels of the networks: one by one, by a CUDA graph as in prediction, or compiled"
    parser.add_argument("--launch", choices=("plain", "recorded", "compiled"), default=usual, help=told)
    asked = parser.parse_args()
    config = CONFIGURATIONS.with_overrides(CONFIGURATIONS.load(asked.config), ["model.teacher.kind=none"])
    if torch.cuda.is_available():
        device = torch.device("cuda")
        print(f"{asked.config}, bfloat16, {torch.cuda.get_device_name()}")
        compare_answers(config, device, asked.launch)
        for stage in Detector.stages:
            compare_step(config, device, stage)
    else:
        print(f"{asked.config}, float32 on {torch.get_num_threads()} threads")
        compare_answers(config, torch.device("cpu"), asked.launch)
        kept_for_backward(config)


if __name__ == "__main__":
    main()
