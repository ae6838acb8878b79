"""Small pictures of environments and floors, for an overview sheet."""

from __future__ import annotations

import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import bpy
import numpy as np
from PIL import Image

from odd_bench.blender_jobs.job import RenderConfig, RenderJob
from odd_bench.blender_jobs.process import leave
from odd_bench.blender_jobs.render import render_views
from odd_bench.geometry.cameras import intrinsics, look_at
from odd_bench.plan_line import Environment, Floor, Sun
from odd_bench.scene import Camera

DAYLIGHT = Environment(
    file="courtyard.exr",
    rotation_rad=1.0,
    strength=1.0,
    white_balance=1.0,
    sun=Sun(direction=(0.48, 0.36, 0.8), size_rad=0.02, ratio=1.0, color=(1.0, 0.95, 0.9)),
)
EYE_M, TARGET_M = np.array([0.0, -1.0, 0.8]), np.array([0.0, 0.1, 0.0])
BRIGHT_PART, BRIGHT_LEVEL = 75, 0.5  # this percentile of the values of an environment is shown at this linear level


def serve(connection: Connection) -> None:
    """Answer each request with a picture (h, w, 3) uint8 or an error message; None ends the process.

    A request is (`environment`, path, size) or (`floor`, Floor, size), with the size in pixels.
    """
    while (request := connection.recv()) is not None:
        kind, what, size = request
        try:
            connection.send(environment(Path(what), size) if kind == "environment" else floor(what, size))
        except Exception as error:  # report a bad file and continue with the others
            connection.send(" ".join(str(error).split()) or type(error).__name__)
    leave(0)


def environment(path: Path, size: int) -> np.ndarray:
    """An equirectangular picture (size / 2, size, 3) uint8 of an environment, exposed for its bright part."""
    image = bpy.data.images.load(str(path))
    width = image.size[0]
    if not width:
        raise ValueError("no picture in it")
    image.scale(size, size // 2)
    pixels = np.empty(size * (size // 2) * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    linear = pixels.reshape(size // 2, size, -1)[::-1, :, :3]
    exposed = linear * (BRIGHT_LEVEL / max(float(np.percentile(linear, BRIGHT_PART)), 1e-6))
    return np.round(255 * np.clip(exposed, 0, 1) ** (1 / 2.2)).astype(np.uint8)


def floor(drawn: Floor, size: int) -> np.ndarray:
    """A picture (size, size, 3) uint8 of a floor in daylight."""
    camera = Camera(intrinsics(size, size, 50.0, 36.0), look_at(EYE_M, TARGET_M), size, size)
    with tempfile.TemporaryDirectory() as folder:
        config = RenderConfig(samples=8, device="cpu")
        paths = render_views(RenderJob((), (camera,), drawn, DAYLIGHT, Path(folder), config))
        return np.asarray(Image.open(paths[0]))
