"""Light: an environment image around the scene, an optional sun, and the exposure.

The exposure is computed without rendering, as an incident-light meter does. The irradiance of a horizontal plane under the
environment is a sum over the pixels of its upper half, and the sun adds its own. Both are scaled so that a white sheet on the floor
is just below white in the picture. Radiances are then in display units, so the clamp of indirect light can be a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from odd_bench.blender_jobs.nodes import Nodes
from odd_bench.color import LUMINANCE
from odd_bench.plan_line import Environment, Sun
from odd_bench.render.draft.environment import coarse_environment
from odd_bench.render.draft.light import Light

WHITE_LEVEL = 0.95  # linear value, in the picture, of a white horizontal sheet on a floor of albedo MID_ALBEDO
MID_ALBEDO = 0.25
NO_SUN = Sun(direction=(0.0, 0.0, 1.0), size_rad=0.0, ratio=0.0, color=(1.0, 1.0, 1.0))
ENVIRONMENTS_KEPT = 16  # number of environments kept in memory for drafts
ALBEDO_POWER = 0.15  # like a camera, expose dark floors slightly longer and bright floors slightly shorter


def environment_path(name: str, folder: Path | None) -> Path:
    """Path of an environment in a folder; None = those that ship with Blender. Raises FileNotFoundError if it is missing."""
    if folder is None:
        folder = Path(bpy.utils.system_resource("DATAFILES")) / "studiolights" / "world"
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(f"environment {path}: no such file. Hint: plan again, or restore the folder's content.")
    return path


def build_light(environment: Environment, floor_albedo: np.ndarray, folder: Path | None) -> None:
    """Add the environment and the sun to the scene. floor_albedo: (3,), linear RGB. folder: see `environment_path`."""
    image = bpy.data.images.load(str(environment_path(environment.file, folder)))
    exposure = _expose(environment, floor_albedo, upward_irradiance(image))
    _build_world(image, environment.rotation_rad, exposure.gain, exposure.tint)
    if environment.sun:
        _build_sun(environment.sun, exposure.sun_irradiance)


def plain_light(environment: Environment, floor_albedo: np.ndarray, folder: Path | None) -> Light:
    """The same light as plain arrays, for the draft engine. The environment has a low resolution."""
    irradiance, coarse = _measured(environment_path(environment.file, folder))
    exposure = _expose(environment, floor_albedo, irradiance)
    columns = coarse.shape[1]
    azimuth = ((np.arange(columns) + 0.5) / columns - 0.5) * 2 * np.pi + environment.rotation_rad
    # Blender's columns run against the azimuth
    column = np.floor((0.5 - azimuth / (2 * np.pi)) * columns).astype(int) % columns
    sun = environment.sun or NO_SUN
    return Light(
        environment=coarse[:, column] * exposure.tint * exposure.gain,
        sun_direction=np.array(sun.direction),
        sun_size_rad=sun.size_rad,
        sun_irradiance=exposure.sun_irradiance,
    )


@dataclass(frozen=True)
class _Exposure:
    """gain, tint: factors of the radiance of the environment, tint (3,). sun_irradiance: (3,), of a plane that faces the sun."""

    gain: float
    tint: np.ndarray
    sun_irradiance: np.ndarray


@lru_cache(maxsize=ENVIRONMENTS_KEPT)
def _measured(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The upward irradiance (3,) of an environment, and its radiance (rows, columns, 3) at low resolution."""
    image = bpy.data.images.load(str(path))
    measured = upward_irradiance(image), coarse_environment(_pixels(image))
    bpy.data.images.remove(image)
    return measured


def _expose(environment: Environment, floor_albedo: np.ndarray, irradiance: np.ndarray) -> _Exposure:
    """The exposure. irradiance: (3,), upward irradiance of the stored environment."""
    irradiance = irradiance.clip(1e-9)  # a black environment stays black
    luminous = float(irradiance @ LUMINANCE)
    sun = environment.sun
    sun_ratio = sun.ratio if sun else 0.0
    albedo = float(floor_albedo @ LUMINANCE)
    white = WHITE_LEVEL * environment.strength * (MID_ALBEDO / max(albedo, 0.02)) ** ALBEDO_POWER
    gain = white * np.pi / (luminous * (1 + sun_ratio))  # a white sheet shows irradiance / pi
    balance = (luminous / irradiance) ** environment.white_balance
    tint = balance * luminous / (irradiance * balance @ LUMINANCE)
    if not sun:
        return _Exposure(gain, tint, np.zeros(3))
    color = np.array(sun.color) / (np.array(sun.color) @ LUMINANCE)
    return _Exposure(gain, tint, color * gain * luminous * sun_ratio / sun.direction[2])


def upward_irradiance(image: bpy.types.Image) -> np.ndarray:
    """Irradiance (3,), linear RGB, of a horizontal plane under the upper half of an equirectangular environment."""
    pixels = _pixels(image)
    height, width = pixels.shape[:2]
    elevation = (np.arange(height) + 0.5) / height * np.pi - np.pi / 2
    solid_angle = np.cos(elevation) * (np.pi / height) * (2 * np.pi / width)
    weight = solid_angle * np.sin(elevation).clip(0)
    return (pixels.sum(axis=1, dtype=np.float64) * weight[:, None]).sum(axis=0)


def _pixels(image: bpy.types.Image) -> np.ndarray:
    """Linear radiance (h, w, 3). Rows run from straight down to straight up."""
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(height, width, image.channels)[:, :, :3]


def _build_world(image: bpy.types.Image, rotation_rad: float, gain: float, balance: np.ndarray) -> None:
    world = bpy.data.worlds.new("environment")
    bpy.context.scene.world = world
    world.use_nodes = True
    nodes = Nodes(world.node_tree)
    direction = nodes.add("TexCoord", {}).outputs["Generated"]
    turned = nodes.add("Mapping", {"Vector": direction, "Rotation": (0.0, 0.0, rotation_rad)}).outputs[0]
    picture = nodes.add("TexEnvironment", {"Vector": turned}, image=image).outputs["Color"]
    tinted = nodes.scale(picture, tuple(balance))
    background = nodes.add("Background", {"Color": tinted, "Strength": gain})
    nodes.add("OutputWorld", {"Surface": background.outputs[0]})


def _build_sun(sun: Sun, irradiance: np.ndarray) -> None:
    """Add the sun. irradiance: (3,), of a plane that faces it, which is how Blender defines the energy of a sun lamp."""
    energy = float(irradiance @ LUMINANCE)
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.color, lamp.energy, lamp.angle = (irradiance / energy).tolist(), energy, sun.size_rad
    shining = bpy.data.objects.new("sun", lamp)
    shining.rotation_mode = "QUATERNION"
    shining.rotation_quaternion = Vector(sun.direction).to_track_quat("Z", "Y")
    bpy.context.scene.collection.objects.link(shining)
