"""PBR texture sets: folders of images whose names tell their kind, as texture libraries publish them."""

from __future__ import annotations

from pathlib import Path

from odd_bench.data.walk import walk

MAP_NAMES = {
    "color": ("color", "albedo", "basecolor", "base_color", "diffuse", "diff", "col"),
    "roughness": ("roughness", "rough"),
    "height": ("displacement", "disp", "height", "bump"),
}
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".exr", ".tif", ".tiff", ".webp")


def find_maps(folder: Path) -> dict[str, Path]:
    """Find the maps of a texture set: its colour map and, if there are any, its roughness and height maps.

    Raises FileNotFoundError if there is no colour map.
    """
    files = [path for path in walk(Path(folder)).files if path.suffix.lower() in IMAGE_ENDINGS]
    maps = {}
    for kind, names in MAP_NAMES.items():
        for path in files:
            if any(path.stem.lower().endswith(name) or f"_{name}_" in path.stem.lower() for name in names):
                maps.setdefault(kind, path)
    if "color" not in maps:
        raise FileNotFoundError(
            f"{folder}: found {len(files)} images and no colour map; expected a file named like floor_color.png. "
            f"Hint: name it by one of {', '.join(MAP_NAMES['color'])}."
        )
    return maps
