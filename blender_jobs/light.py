"""Light: an environment image around the scene, an optional sun, and how bright both must be for a good exposure.

Nothing is rendered to find the exposure. The irradiance of a horizontal plane under the environment is a sum over the
pixels of its upper half, the sun adds its own, and both are scaled so that a white sheet on the floor is just below
white in the picture: an incident-light meter. Radiances are then in display units, so clamping can be a constant.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from blender_jobs.color import LUMINANCE
from blender_jobs.nodes import Nodes

WHITE_LEVEL = 0.95  # linear value in the picture of a white horizontal sheet on a floor of MID_ALBEDO
MID_ALBEDO = 0.25
ALBEDO_POWER = 0.15  # a dark floor is exposed a little longer, a bright one a little shorter, as cameras do


def environment_path(name: str, folder: Path | None) -> Path:
    """The file of an environment: in the folder, or among those that ship with Blender if there is none."""
    if folder is None:
        folder = Path(bpy.utils.system_resource("DATAFILES")) / "studiolights" / "world"
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(f"environment {path}: no such file. Hint: plan again, or restore the folder's content.")
    return path


def build_light(draw: dict, floor_albedo: np.ndarray, folder: Path | None) -> None:
    """Light the scene as drawn by `odd_bench.generate.surroundings.draw_environment`."""
    image = bpy.data.images.load(str(environment_path(draw["file"], folder)))
    irradiance = upward_irradiance(image)  # (3,) linear RGB
    luminous = float(irradiance @ LUMINANCE)
    sun_ratio = draw["sun"]["ratio"] if draw["sun"] else 0.0
    albedo = float(floor_albedo @ LUMINANCE)
    white = WHITE_LEVEL * draw["strength"] * (MID_ALBEDO / max(albedo, 0.02)) ** ALBEDO_POWER
    gain = white * np.pi / (luminous * (1 + sun_ratio))  # a white sheet shows irradiance / pi
    balance = (luminous / irradiance.clip(1e-9)) ** draw["white_balance"]
    _build_world(image, draw["rotation_rad"], gain, balance * luminous / (irradiance * balance @ LUMINANCE))
    if draw["sun"]:
        _build_sun(draw["sun"], irradiance_up=gain * luminous * sun_ratio)


def upward_irradiance(image: bpy.types.Image) -> np.ndarray:
    """(3,) linear RGB light falling on a horizontal plane from the upper half of an equirectangular environment."""
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(height, width, image.channels)[:, :, :3]  # rows from straight down to straight up
    elevation = (np.arange(height) + 0.5) / height * np.pi - np.pi / 2
    solid_angle = np.cos(elevation) * (np.pi / height) * (2 * np.pi / width)
    weight = solid_angle * np.sin(elevation).clip(0)
    return (pixels.sum(axis=1, dtype=np.float64) * weight[:, None]).sum(axis=0)


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


def _build_sun(draw: dict, irradiance_up: float) -> None:
    """irradiance_up: on the horizontal floor; a sun lamp's energy is the irradiance of a plane that faces it."""
    lamp = bpy.data.lights.new("sun", "SUN")
    color = np.array(draw["color"]) / (np.array(draw["color"]) @ LUMINANCE)
    lamp.color, lamp.angle = color.tolist(), draw["size_rad"]
    lamp.energy = irradiance_up / draw["direction"][2]
    sun = bpy.data.objects.new("sun", lamp)
    sun.rotation_mode = "QUATERNION"
    sun.rotation_quaternion = Vector(draw["direction"]).to_track_quat("Z", "Y")
    bpy.context.scene.collection.objects.link(sun)
