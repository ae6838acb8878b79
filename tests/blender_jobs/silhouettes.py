"""Silhouettes by the renderer of the pictures, to compare pictures with labels."""

import tempfile
from pathlib import Path

import bpy
import numpy as np
from PIL import Image

from odd_bench.blender_jobs.lens import build_camera
from odd_bench.blender_jobs.meshes import build_objects
from odd_bench.blender_jobs.nodes import Nodes
from odd_bench.blender_jobs.process import reset
from odd_bench.blender_jobs.render import RenderConfig, RenderJob, render_cameras, set_up

SAMPLES = 36


def silhouettes(job: RenderJob) -> np.ndarray:
    """(views, objects, h, w) float 0..1: how much of each pixel each object covers if it is alone in the scene."""
    reset()
    objects = build_objects(job.objects)
    glow(objects)
    build_camera()
    set_up(RenderConfig(samples=SAMPLES, denoise=False, bounces=0, device="cpu", threads=job.config.threads))
    bpy.context.scene.cycles.pixel_filter_type = "BOX"
    bpy.context.scene.view_settings.view_transform = "Raw"
    coverage = []
    for alone in objects:
        for other in objects:
            other.hide_render = other != alone
        with tempfile.TemporaryDirectory() as folder:
            pictures = [np.asarray(Image.open(path)) for path in render_cameras(job.cameras, Path(folder), job.seed)]
        coverage.append(np.stack(pictures)[..., 0] / 255)
    return np.stack(coverage, axis=1)


def glow(objects: list[bpy.types.Object]) -> None:
    """Replace every material by plain white emission."""
    white = bpy.data.materials.new("white")
    white.use_nodes = True
    nodes = Nodes(white.node_tree)
    nodes.add("OutputMaterial", {"Surface": nodes.add("Emission", {"Strength": 1.0}).outputs[0]})
    for mesh in {instance.data for instance in objects}:
        for i in range(len(mesh.materials)):
            mesh.materials[i] = white
