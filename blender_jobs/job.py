"""The input of a render job: scene, surroundings and settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from odd_bench.geometry.shape import Shape
from odd_bench.plan_line import Environment, Floor
from odd_bench.scene import Camera


@dataclass(frozen=True)
class RenderConfig:
    """Settings of Cycles. docs/explanation/rendering.md has the measurements on which the defaults are based.

    samples: number of light paths per pixel. denoise: whether OpenImageDenoise is used, guided by albedo and normals. prefilter:
    of these guides, `NONE`, `FAST` or `ACCURATE`. bounces: largest number of bounces of a light path. clamp_indirect: upper limit
    of indirect light, in units of display white, which removes fireflies. device: `auto`, `cpu` or `gpu`. threads: 0 = all
    cores. persistent: whether the uploaded scene is kept from view to view. environment_folder, floor_folder: folders of the
    files named in the plan; None = those that ship with Blender.
    """

    samples: int = 12
    denoise: bool = True
    prefilter: str = "ACCURATE"
    bounces: int = 4
    clamp_indirect: float = 4.0
    device: str = "auto"
    threads: int = 0
    persistent: bool = True
    environment_folder: Path | None = None
    floor_folder: Path | None = None


@dataclass(frozen=True)
class RenderJob:
    """One scene to render.

    objects: pairs of a shape and its world_from_object, a similarity (4, 4). out_dir: folder of the pictures, created if missing.
    seed: of the noise of Cycles.
    """

    objects: tuple[tuple[Shape, np.ndarray], ...]
    cameras: tuple[Camera, ...]
    floor: Floor
    environment: Environment
    out_dir: Path
    config: RenderConfig = RenderConfig()
    seed: int = 0
