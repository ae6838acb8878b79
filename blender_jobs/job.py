"""The input of a render job: the scene, the surroundings and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from odd_bench.geometry.shape import Shape
from odd_bench.plan_line import Environment, Floor
from odd_bench.scene import Camera


@dataclass(frozen=True)
class RenderConfig:
    """Settings of Cycles; docs/explanation/rendering.md has the measurements behind the defaults.

    samples: light paths a pixel. denoise: OpenImageDenoise guided by albedo and normals. prefilter: of these guides,
    `NONE`, `FAST` or `ACCURATE`. bounces: of a light path. clamp_indirect: brightest indirect light, in units of display
    white; it removes fireflies. device: `auto`, `cpu` or `gpu`. threads: 0 for all cores. persistent: keep
    the uploaded scene from view to view.
    environment_folder, floor_folder: where the files named in the plan lie; None for those that ship with Blender.
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

    objects: pairs of a shape and its world_from_object, a (4, 4) similarity. seed: of Cycles' noise. out_dir: where the
    pictures go; it is made if missing.
    """

    objects: tuple[tuple[Shape, np.ndarray], ...]
    cameras: tuple[Camera, ...]
    floor: Floor
    environment: Environment
    out_dir: Path
    config: RenderConfig = RenderConfig()
    seed: int = 0
