"""Lights and colours for the tests of drafts."""

from dataclasses import replace

import numpy as np

from odd_bench.geometry.shape import Shape
from odd_bench.render.draft.light import Light

ROWS, COLUMNS = 64, 128
SUN = np.array([0.6, 0.0, 0.8])
NO_SUN = np.zeros(3)


def constant(radiance: float | tuple[float, ...], sun: float = 0.0) -> Light:
    """The same radiance from all directions, and a sun in the east with that irradiance."""
    environment = np.broadcast_to(np.array(radiance, float), (ROWS, COLUMNS, 3))
    return Light(environment, SUN, 0.02, np.full(3, float(sun)))


def spot(row: int, column: int) -> Light:
    """Light from only one cell of the environment."""
    environment = np.zeros((ROWS, COLUMNS, 3))
    environment[row, column] = 1.0
    return Light(environment, SUN, 0.02, NO_SUN)


def quartered(quarters: int) -> Light:
    """Light that differs in every direction, and a sun, both turned left by that many right angles."""
    x, y = np.meshgrid(np.arange(COLUMNS) / COLUMNS, np.arange(ROWS) / ROWS)
    azimuth = 2 * np.pi * x - np.pi
    brightness = 0.5 + 0.3 * np.cos(azimuth - 0.7) + 0.2 * y
    colored = brightness[..., None] * np.array([1.0, 0.9, 0.7])
    c, s = np.cos(quarters * np.pi / 2), np.sin(quarters * np.pi / 2)
    sun = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ SUN
    return Light(np.roll(colored, quarters * COLUMNS // 4, axis=1), sun, 0.02, np.full(3, 1.0))


def painted(shape: Shape, color: tuple[int, int, int]) -> Shape:
    """The shape in a single sRGB colour."""
    return replace(shape, face_color=np.tile(np.array(color, np.uint8), (len(shape.faces), 1)))
