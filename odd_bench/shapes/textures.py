"""The textures of a mesh file, each decoded once, before trimesh copies them with every piece that they are on."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from odd_bench.shapes.companions import MOST_PIXELS, usable_texture

BASE = ("baseColorTexture", "image")  # a material of glTF has the first, one of other formats the second
OTHERS = ("emissiveTexture", "normalTexture", "occlusionTexture", "metallicRoughnessTexture")  # nobody looks at these
NUMBER = "odd_bench_texture"


class Textures:
    """Pixels of a file's textures, MOST_PIXELS in all. missing: takes a text for each that is damaged, of another format or too
    large.
    """

    def __init__(self, missing: list[str]):
        self._missing, self._left = missing, MOST_PIXELS
        self._pixels: list[np.ndarray | None] = []

    def take_from(self, geometries: list[Any]) -> None:
        """Decode the textures of trimesh's geometries, and leave a picture of one pixel with a number in place of each."""
        taken: dict[int, Image.Image] = {}
        kept: list[Image.Image] = []  # so that no other takes the identity of one
        for material in (getattr(getattr(piece, "visual", None), "material", None) for piece in geometries):
            for key in OTHERS:
                if getattr(material, key, None) is not None:
                    setattr(material, key, None)
            for key in BASE:
                image = getattr(material, key, None)
                if image is None or NUMBER in image.info:  # of a material that several pieces share
                    continue
                if id(image) not in taken:
                    kept.append(image)
                    taken[id(image)] = Image.new("RGB", (1, 1))
                    taken[id(image)].info[NUMBER] = len(self._pixels)
                    self._pixels.append(self._decoded(image))
                setattr(material, key, taken[id(image)])

    def of(self, material: Any) -> np.ndarray | None:
        """(h, w, 3) uint8 sRGB, None where the material has no texture or one that cannot be used."""
        image = next((found for key in BASE if (found := getattr(material, key, None)) is not None), None)
        number = None if image is None else image.info.get(NUMBER)
        return None if number is None else self._pixels[number]

    def _decoded(self, image: Image.Image) -> np.ndarray | None:
        try:
            if usable_texture(image) and image.width * image.height <= self._left:
                pixels = np.asarray(image.convert("RGB"))
                self._left -= image.width * image.height
                return pixels
        except Exception:  # pictures of others fail in many ways
            pass
        self._missing.append(f"a {image.format or 'picture'} of {image.width} x {image.height} in the file")
        return None
