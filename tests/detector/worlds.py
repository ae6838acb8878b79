"""Batches and cameras for the tests of the detector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from odd_bench.data.batch import SceneBatch
from odd_bench.data.record import CHANGED
from odd_bench.detector.builder import build
from odd_bench.detector.config import RunConfig
from odd_bench.detector.model import END_TO_END, RECONSTRUCTION, Detector
from odd_bench.geometry.cameras import intrinsics, look_at
from odd_bench.scene import Camera


def ring_cameras(views: int, pixels: int, distance_m: float = 1.2) -> list[Camera]:
    """Cameras on a circle above the floor that look at its centre."""
    K = intrinsics(pixels, pixels)
    angles = 2 * np.pi * np.arange(views) / views + 0.2
    eyes = [distance_m * np.array([np.cos(a), np.sin(a), 0.6 + 0.1 * np.sin(2 * a)]) for a in angles]
    return [Camera(K, look_at(eye, np.array([0.0, 0.0, 0.1])), pixels, pixels) for eye in eyes]


def stacked(cameras: list[Camera]) -> tuple[torch.Tensor, torch.Tensor]:
    """K (v, 3, 3) and camera_from_world (v, 4, 4) as tensors."""
    K = torch.tensor(np.stack([camera.K for camera in cameras])).float()
    return K, torch.tensor(np.stack([camera.camera_from_world for camera in cameras])).float()


def noise_batch(scenes: int = 2, objects: int = 3, views: int = 4, pixels: int = 32, seed: int = 0) -> SceneBatch:
    """Noise for pictures and boxes in a ring, which is enough to test shapes and laws."""
    rng = np.random.default_rng(seed)
    K, camera_from_world = stacked(ring_cameras(views, pixels))
    angles = 2 * np.pi * np.arange(objects) / objects
    boxes = np.column_stack(
        [0.4 * np.cos(angles), 0.4 * np.sin(angles), np.full(objects, 0.12), np.full((objects, 3), 0.2)]
    )
    poses = np.tile(np.eye(4), (objects, 1, 1))
    poses[:, :3, :3] *= 0.2
    poses[:, :3, 3] = boxes[:, :3]

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.asarray(values)).float()

    return SceneBatch(
        names=[f"noise-{i}" for i in range(scenes)],
        views=[list(range(views))] * scenes,
        images=torch.from_numpy(rng.integers(0, 256, (scenes, views, 3, pixels, pixels), dtype=np.uint8)),
        instance=torch.from_numpy(rng.integers(0, objects + 1, (scenes, views, pixels, pixels), dtype=np.uint8)),
        change=torch.zeros(scenes, views, pixels, pixels, dtype=torch.uint8),
        K=K.expand(scenes, -1, -1, -1),
        camera_from_world=camera_from_world.expand(scenes, -1, -1, -1),
        boxes=[tensor(boxes)] * scenes,
        obbs=[tensor(np.column_stack([boxes, np.zeros(objects)]))] * scenes,
        labels=[torch.tensor([1] + [0] * (objects - 1))] * scenes,
        world_from_object=[tensor(poses)] * scenes,
    )


def at_end_to_end(config: RunConfig) -> Detector:
    """A detector at the start of its second stage that takes every pixel for an object pixel: its boxes are the hulls."""
    detector = build(config.model)
    nn.init.zeros_(detector.compare.silhouettes.out.weight)
    nn.init.constant_(detector.compare.silhouettes.out.bias, 2.0)
    detector.start_stage(RECONSTRUCTION)
    detector.start_stage(END_TO_END)
    return detector.train()


def learn_noise(detector: Detector, steps: int, scenes: int) -> list[dict[str, float]]:
    """The losses of each step on a batch of noise in which half of the pixels of the odd object are changed."""
    batch = noise_batch(scenes, objects=4)
    batch = replace(batch, change=((batch.instance == 1) & (torch.rand(batch.instance.shape) < 0.5)).byte() * CHANGED)
    optimizer = torch.optim.AdamW(detector.parameter_groups(3e-3, 1.0), weight_decay=0.0)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        parts = detector.loss(batch)
        parts["total"].backward()
        optimizer.step()
        losses.append({name: value.item() for name, value in parts.items()})
    return losses
