"""Light: an environment image around the scene, an optional sun, and how bright both must be for a good exposure.

Nothing is rendered to find the exposure. The irradiance of a horizontal plane under the environment is a sum over the
pixels of its upper half, the sun adds its own, and both are scaled so that a white sheet on the floor is just below
white in the picture: an incident-light meter. Radiances are then in display units, so clamping can be a constant.
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

WHITE_LEVEL = 0.95  # linear value in the picture of a white horizontal sheet on a floor of MID_ALBEDO
MID_ALBEDO = 0.25
NO_SUN = Sun(direction=(0.0, 0.0, 1.0), size_rad=0.0, ratio=0.0, color=(1.0, 1.0, 1.0))
ENVIRONMENTS_KEPT = 16  # in memory, of those that drafts are lit by
ALBEDO_POWER = 0.15  # a dark floor is exposed a little longer, a bright one a little shorter, as cameras do


def environment_path(name: str, folder: Path | None) -> Path:
    """The file of an environment: in the folder, or among those that ship with Blender if there is none."""
    if folder is None:
        folder = Path(bpy.utils.system_resource("DATAFILES")) / "studiolights" / "world"
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(f"environment {path}: no such file. Hint: plan again, or restore the folder's content.")
    return path


def build_light(environment: Environment, floor_albedo: np.ndarray, folder: Path | None) -> None:
    """Light the scene."""
    image = bpy.data.images.load(str(environment_path(environment.file, folder)))
    exposure = _expose(environment, floor_albedo, upward_irradiance(image))
    _build_world(image, environment.rotation_rad, exposure.gain, exposure.tint)
    if environment.sun:
        _build_sun(environment.sun, exposure.sun_irradiance)


def plain_light(environment: Environment, floor_albedo: np.ndarray, folder: Path | None) -> Light:
    """The same light as plain arrays, for the caster of draft pictures; the environment is coarse."""
    irradiance, coarse = _measured(environment_path(environment.file, folder))
    exposure = _expose(environment, floor_albedo, irradiance)
    columns = coarse.shape[1]
    azimuth = ((np.arange(columns) + 0.5) / columns - 0.5) * 2 * np.pi + environment.rotation_rad
    column = (
        np.floor((0.5 - azimuth / (2 * np.pi)) * columns).astype(int) % columns
    )  # Blender's run against the azimuth
    sun = environment.sun or NO_SUN
    return Light(
        environment=coarse[:, column] * exposure.tint * exposure.gain,
        sun_direction=np.array(sun.direction),
        sun_size_rad=sun.size_rad,
        sun_irradiance=exposure.sun_irradiance,
    )


@dataclass(frozen=True)
class _Exposure:
    """gain, tint (3,): factors of the environment's radiance. sun_irradiance: (3,) of a plane that faces it."""

    gain: float
    tint: np.ndarray
    sun_irradiance: np.ndarray


@lru_cache(maxsize=ENVIRONMENTS_KEPT)
def _measured(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The upward irradiance (3,) of an environment and its coarse radiance (rows, columns, 3)."""
    image = bpy.data.images.load(str(path))
    measured = upward_irradiance(image), coarse_environment(_pixels(image))
    bpy.data.images.remove(image)
    return measured


def _expose(environment: Environment, floor_albedo: np.ndarray, irradiance: np.ndarray) -> _Exposure:
    """irradiance: (3,) upward, of the environment as it is stored."""
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
    """(3,) linear RGB light falling on a horizontal plane from the upper half of an equirectangular environment."""
    pixels = _pixels(image)
    height, width = pixels.shape[:2]
    elevation = (np.arange(height) + 0.5) / height * np.pi - np.pi / 2
    solid_angle = np.cos(elevation) * (np.pi / height) * (2 * np.pi / width)
    weight = solid_angle * np.sin(elevation).clip(0)
    return (pixels.sum(axis=1, dtype=np.float64) * weight[:, None]).sum(axis=0)


def _pixels(image: bpy.types.Image) -> np.ndarray:
    """(h, w, 3) linear radiance, rows from straight down to straight up."""
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
    """irradiance: (3,) of a plane that faces it, which is what a sun lamp's energy means."""
    energy = float(irradiance @ LUMINANCE)
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.color, lamp.energy, lamp.angle = (irradiance / energy).tolist(), energy, sun.size_rad
    shining = bpy.data.objects.new("sun", lamp)
    shining.rotation_mode = "QUATERNION"
    shining.rotation_quaternion = Vector(sun.direction).to_track_quat("Z", "Y")
    bpy.context.scene.collection.objects.link(shining)
