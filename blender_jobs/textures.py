"""PBR texture sets: folders of images named by what they hold, as texture libraries hand them out."""

from __future__ import annotations

from pathlib import Path

import bpy

from odd_bench.blender_jobs.nodes import Nodes, Socket

MAP_NAMES = {
    "color": ("color", "albedo", "basecolor", "base_color", "diffuse", "diff", "col"),
    "roughness": ("roughness", "rough"),
    "height": ("displacement", "disp", "height", "bump"),
}
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".exr", ".tif", ".tiff", ".webp")
RELIEF_M = 0.004  # height of a displacement map from black to white


def find_maps(folder: Path) -> dict[str, Path]:
    """The colour map of a set and, where there are any, its roughness and height maps.

    Raises FileNotFoundError if the folder holds no colour map.
    """
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in IMAGE_ENDINGS)
    maps = {}
    for kind, names in MAP_NAMES.items():
        for path in files:
            if any(path.stem.lower().endswith(name) or f"_{name}_" in path.stem.lower() for name in names):
                maps.setdefault(kind, path)
    if "color" not in maps:
        raise FileNotFoundError(
            f"{folder}: found {len(files)} images and no colour map, expected a file named like floor_color.png. "
            f"Hint: name it by one of {', '.join(MAP_NAMES['color'])}."
        )
    return maps


def texture_surface(nodes: Nodes, point: Socket, maps: dict[str, Path], size_m: float) -> tuple:
    """Colour, roughness and height in metres of a set whose images cover size_m x size_m."""
    place = nodes.scale(point, (1 / size_m, 1 / size_m, 0.0))
    color = _image(nodes, place, maps["color"], "sRGB")
    roughness = _image(nodes, place, maps["roughness"], "Non-Color") if "roughness" in maps else 0.6
    if "height" not in maps:
        return color, roughness, 0.0
    height = nodes.math("MULTIPLY", _image(nodes, place, maps["height"], "Non-Color"), RELIEF_M)
    return color, roughness, height


def _image(nodes: Nodes, place: Socket, path: Path, color_space: str) -> Socket:
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = color_space
    return nodes.add("TexImage", {"Vector": place}, image=image).outputs["Color"]
