"""What the inside of a broken object looks like: rough, and paler or darker than its skin."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material, Shape

CLAY, DUST = np.array([226.0, 210.0, 188.0]), np.array([236.0, 230.0, 220.0])  # sRGB 0..255
GLAZED_COAT, CLEAR_TRANSMISSION, METAL = 0.4, 0.3, 0.5  # least coat, transmission and metallic of such materials
DARK_SKIN = 70.0  # mean colour, 0..255, below which a dark gap would not show
DIRT = np.array([0.30, 0.28, 0.26])  # share of each colour channel that remains in a dirty gap
LEAST_CONTRAST = 28.0  # mean difference of the colours, 0..255


def broken_look(shape: Shape, near: np.ndarray) -> tuple[Material, np.ndarray]:
    """Material and (3,) uint8 sRGB colour of a freshly broken surface. near: (f,) bool, the faces next to it."""
    skin = shape.face_material[near] if near.any() else shape.face_material
    material = shape.materials[np.bincount(skin).argmax()]
    alike = shape.face_material == shape.materials.index(material)
    color = shape.face_color[alike & near if (alike & near).any() else alike].astype(float).mean(axis=0)
    if material.transmission >= CLEAR_TRANSMISSION:
        return Material("broken glass", 0.35, 0.0, 0.0, material.transmission / 2, 0.3), _apart(
            color, color * 0.5 + DUST * 0.5
        )
    if material.metallic >= METAL:
        return Material("broken metal", 0.7, 0.8, 0.0, 0.0, 0.8), _apart(color, color * 0.4 + 95.0)
    if material.coat >= GLAZED_COAT:
        return Material("broken clay", 0.95, 0.0, 0.0, 0.0, 0.6), _apart(color, color * 0.15 + CLAY * 0.85)
    return Material("broken", 0.9, 0.0, 0.0, 0.0, 0.7), _apart(color, color * 0.5 + DUST * 0.5)


def crevice_look(shape: Shape, near: np.ndarray) -> tuple[Material, np.ndarray]:
    """Material and (3,) uint8 sRGB colour of the walls of a narrow gap, where dirt gathers: dark, or pale if the skin is dark."""
    material, color = broken_look(shape, near)
    if shape.face_color[near].mean() > DARK_SKIN:
        color = np.round(color * DIRT).astype(np.uint8)
    return material, color


def _apart(skin: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The inner colour as (3,) uint8, darkened if it is too similar to the skin."""
    if np.abs(skin - inner).mean() < LEAST_CONTRAST:
        inner = inner - np.array([0.9, 1.0, 1.15]) * (LEAST_CONTRAST + (inner - skin).mean())
    return np.clip(np.round(inner), 0, 255).astype(np.uint8)
