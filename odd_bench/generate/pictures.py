"""Rendering the pictures of an arranged scene with the configured engine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from odd_bench.generate.config import GenerateConfig
from odd_bench.generate.label import Posed
from odd_bench.geometry.raycast import Hits
from odd_bench.plan_line import PlanLine
from odd_bench.render.surroundings import mean_albedo
from odd_bench.scene import Camera

if TYPE_CHECKING:
    from odd_bench.blender_jobs.job import RenderConfig


def take_pictures(
    line: PlanLine, config: GenerateConfig, posed: list[Posed], cameras: tuple[Camera, ...], hits: Hits
) -> np.ndarray:
    """Render the pictures (views, h, w, 3) uint8 sRGB of a scene.

    line: plan of the scene, with its floor, light and the seed of the noise. hits: (views, h, w), first hits at the pixel centres.
    """
    objects = tuple((item.shape, item.world_from_object) for item in posed)
    if config.render.engine == "draft":
        return _draft(line, config, objects, cameras, hits)
    return _cycles(line, config, objects, cameras)


def _draft(
    line: PlanLine, config: GenerateConfig, objects: tuple, cameras: tuple[Camera, ...], hits: Hits
) -> np.ndarray:
    from odd_bench.blender_jobs.light import plain_light
    from odd_bench.render.draft.render import render_draft

    folder = Path(config.environments) if config.environments else None
    light = plain_light(line.environment, mean_albedo(line.floor), folder)
    return render_draft(objects, cameras, line.floor, light, line.render_seed, hits)


def _cycles(line: PlanLine, config: GenerateConfig, objects: tuple, cameras: tuple[Camera, ...]) -> np.ndarray:
    from PIL import Image

    from odd_bench.blender_jobs.render import RenderJob, render_views

    with tempfile.TemporaryDirectory(prefix="odd-bench-") as folder:
        job = RenderJob(
            objects=objects,
            cameras=cameras,
            floor=line.floor,
            environment=line.environment,
            config=_render_config(config),
            out_dir=Path(folder),
            seed=line.render_seed,
        )
        return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in render_views(job)])


def _render_config(config: GenerateConfig) -> RenderConfig:
    from odd_bench.blender_jobs.job import RenderConfig

    return RenderConfig(
        samples=config.render.samples,
        device=config.render.device,
        threads=config.render.threads,
        floor_folder=Path(config.floors) if config.floors else None,
        environment_folder=Path(config.environments) if config.environments else None,
    )
