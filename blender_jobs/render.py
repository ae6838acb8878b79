"""Rendering all views of a scene in one Blender session."""

from __future__ import annotations

from pathlib import Path

import bpy

from odd_bench.blender_jobs.device import use_device
from odd_bench.blender_jobs.floors import build_floor
from odd_bench.blender_jobs.job import RenderConfig, RenderJob
from odd_bench.blender_jobs.lens import aim, build_camera
from odd_bench.blender_jobs.light import build_light
from odd_bench.blender_jobs.meshes import build_objects
from odd_bench.blender_jobs.process import quiet, reset
from odd_bench.render.surroundings import mean_albedo
from odd_bench.scene import Camera

__all__ = ["RenderConfig", "RenderJob", "render_cameras", "render_views", "set_up"]


def render_views(job: RenderJob) -> list[Path]:
    """Render the view of every camera of a job to `out_dir/view-00.png`, ... (8-bit RGB). Returns the paths in order."""
    _build(job)
    return render_cameras(job.cameras, Path(job.out_dir), job.seed)


def _build(job: RenderJob) -> None:
    reset()
    build_objects(job.objects)
    build_floor(job.floor, job.config.floor_folder)
    build_light(job.environment, mean_albedo(job.floor), job.config.environment_folder)
    build_camera()
    set_up(job.config)


def set_up(config: RenderConfig) -> None:
    """Apply the configuration to the renderer."""
    scene = bpy.context.scene
    render, cycles = scene.render, scene.cycles
    render.engine = "CYCLES"
    use_device(config.device)
    render.use_persistent_data = config.persistent
    render.use_compositing = render.use_sequencer = False
    render.threads_mode, render.threads = ("FIXED" if config.threads else "AUTO"), max(config.threads, 1)
    cycles.samples, cycles.use_adaptive_sampling = config.samples, False
    cycles.use_denoising, cycles.denoiser = config.denoise, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", config.prefilter
    cycles.max_bounces = cycles.glossy_bounces = cycles.transmission_bounces = config.bounces
    cycles.diffuse_bounces = min(config.bounces, 3)
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = config.clamp_indirect
    scene.view_settings.view_transform = "Standard"
    render.dither_intensity = 0.0
    _write_plain_png(render)


def _write_plain_png(render: bpy.types.RenderSettings) -> None:
    """Write 8-bit RGB PNG with light compression, because each file is read once, and without metadata on its origin."""
    image = render.image_settings
    image.file_format, image.color_mode, image.color_depth, image.compression = "PNG", "RGB", "8", 15
    for note in [name for name in dir(render) if name.startswith("use_stamp_")]:
        setattr(render, note, False)


def render_cameras(cameras: tuple[Camera, ...], out_dir: Path, seed: int) -> list[Path]:
    """Render the current scene with every camera to `out_dir/view-00.png`, ... Returns the paths in order."""
    scene = bpy.context.scene
    out_dir.mkdir(parents=True, exist_ok=True)
    paths = [out_dir / f"view-{i:02d}.png" for i in range(len(cameras))]
    for i, (camera, path) in enumerate(zip(cameras, paths, strict=True)):
        aim(scene.camera, camera)
        scene.cycles.seed = (seed + i) % 2**31
        scene.render.filepath = str(path)
        with quiet():
            bpy.ops.render.render(write_still=True)
    return paths
