"""Converting PBR texture sets to Blender materials."""

from __future__ import annotations

from pathlib import Path

import bpy

from odd_bench.blender_jobs.nodes import Nodes, Socket
from odd_bench.render.surroundings import TEXTURES_ROUGHNESS

RELIEF_M = 0.004  # height of a displacement map from black to white


def texture_surface(nodes: Nodes, point: Socket, maps: dict[str, Path], size_m: float) -> tuple:
    """Colour, roughness, and height in metres of a texture set whose images cover size_m x size_m."""
    place = nodes.scale(point, (1 / size_m, 1 / size_m, 0.0))
    color = _image(nodes, place, maps["color"], "sRGB")
    roughness = _image(nodes, place, maps["roughness"], "Non-Color") if "roughness" in maps else TEXTURES_ROUGHNESS
    if "height" not in maps:
        return color, roughness, 0.0
    height = nodes.math("MULTIPLY", _image(nodes, place, maps["height"], "Non-Color"), RELIEF_M)
    return color, roughness, height


def _image(nodes: Nodes, place: Socket, path: Path, color_space: str) -> Socket:
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = color_space
    return nodes.add("TexImage", {"Vector": place}, image=image).outputs["Color"]
