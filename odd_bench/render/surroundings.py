"""Random surroundings of the objects: the floor and the light."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odd_bench.color import linear
from odd_bench.plan_line import Color, Environment, Floor, Sun

TEXTURES = "textures"  # the kind of every floor that is a texture set
TEXTURES_ROUGHNESS = 0.6  # roughness of a texture set without a roughness map
TEXTURES_ALBEDO = 0.3  # linear albedo assumed for every texture set
FLOOR_FADES_M = (2.5, 7.0)  # both renderers fade the floor's pattern into its mean colour between these distances
DECIMALS = 9  # for draws that involve a sine or a power, whose last digits differ between processors
BUNDLED_ENVIRONMENTS = (
    "city.exr", "courtyard.exr", "forest.exr", "interior.exr", "night.exr", "studio.exr", "sunrise.exr", "sunset.exr",
)  # fmt: skip


@dataclass(frozen=True)
class FloorStyle:
    """The ranges of one kind of floor.

    palettes: two or three sRGB hex colours each, of which the first covers most of the floor. size_m: size of the repeated element
    (width of a plank, side of a tile, pitch of a weave, size of a grain). roughness: in [0, 1]. relief_m: height of the relief.
    """

    palettes: tuple[str, ...]
    size_m: tuple[float, float]
    roughness: tuple[float, float]
    relief_m: tuple[float, float]


FLOOR_STYLES = {
    "marble": FloorStyle(
        ("ebe8e3 8f8a86 c9bfae", "e6dccb a5875e d8c4a3", "37363a b8b3a8 1f1f22", "5a6f62 c6d2c4 34443b",
         "a9bcc9 eef2f4 6f8799", "c9a394 7d4f44 ead7cd"), (0.15, 0.4), (0.08, 0.35), (0.0, 0.0),
    ),
    "planks": FloorStyle(
        ("a9794b 7b5230 c79a66", "6b452b 452a19 8a5f3f", "d8b98a b8935f e8d2ac", "9b9284 77705f b4ad9f",
         "d9d4c9 b9b2a4 eae7df", "8a4f30 5e3220 a86c48"), (0.06, 0.16), (0.3, 0.7), (0.0003, 0.0012),
    ),
    "tiles": FloorStyle(
        ("dfe3e2 a8a49c c6cfcf", "b65a3c d3c4b0 9a4a31", "2f4a63 d8dadb 44698a", "3a3b3d 8e8b86 55565a",
         "7f9c86 dcdccf 98b39f", "e3d3b5 a08c6c cfb78f"), (0.06, 0.2), (0.08, 0.5), (0.0008, 0.002),
    ),
    "concrete": FloorStyle(
        ("a09d98 7d7a76 b9b6b0", "78797a 5b5c5e 929394", "c3beb3 a19b8f d6d2c8", "8b8378 6a6258 a59d90"),
        (0.06, 0.2), (0.55, 0.9), (0.0002, 0.001),
    ),
    "fabric": FloorStyle(
        ("4c6a8f 34507a 7f97b3", "d9cfba b8a98a efe8d8", "8f3b3b 6a2626 c08a80", "5c6b4a 3f4c33 93a07c",
         "4a4a50 2f2f35 77777d", "c9a24b a27d2e e4cd92"), (0.008, 0.02), (0.8, 0.98), (0.0008, 0.002),
    ),
    "terrazzo": FloorStyle(
        ("dedad2 b06a4f 5d6b70", "d3cfc6 3c3c3c a88f6a", "9fb0a8 e8e4da 54665f", "4b4d52 c9c2b2 8a5a4a",
         "e4d0c6 7f4b45 f3ece4"), (0.008, 0.025), (0.12, 0.4), (0.0, 0.0001),
    ),
    "cork": FloorStyle(
        ("b98d5c 7d5832 d3ad7b", "a67a4a 5f4022 c39a68", "c7a377 8f6c44 dfc39b"),
        (0.005, 0.014), (0.7, 0.95), (0.0004, 0.0012),
    ),
    "brushed_metal": FloorStyle(
        ("b4b7bb 94979b c5c8ca", "a8926a 877247 bfaa80", "85888c 6d7074 9da0a4", "b18873 8f6755 c5a08f"),
        (0.004, 0.012), (0.42, 0.62), (0.00001, 0.00004),
    ),
    "leather": FloorStyle(
        ("6b3f24 4a2a17 87583a", "2a2728 191718 403c3d", "7d2a2a 561a1a 9a4444", "34483c 22332a 4f6657",
         "b58a5c 8f683e cda77c"), (0.012, 0.035), (0.4, 0.65), (0.0008, 0.002),
    ),
    "cardboard": FloorStyle(
        ("b8905f 9c7547 cba678", "a67f54 8a653d bc966a", "d1b68e b6986c e2cca9"),
        (0.012, 0.03), (0.75, 0.95), (0.0002, 0.0006),
    ),
    "carpet": FloorStyle(
        ("8b8378 6b6459 a8a095", "4a5566 353f4e 6a7788", "7a5546 583a2e 9c7666", "5f6f5e 465445 80907e",
         "c4b8a3 a3967f d8cfbe", "6d3b4a 4d2632 8f5b6a"), (0.012, 0.03), (0.9, 1.0), (0.004, 0.01),
    ),
    "paper": FloorStyle(
        ("e4e2dd d6d3cc efeeea", "9fb4c4 8fa5b6 b3c5d2", "e3c8b6 d5b7a3 eed9cb", "c7cfb2 b8c1a1 d7ddc7",
         "77797d 6a6c70 888a8e", "e0cf8f d2bf7b ecdfae"), (0.08, 0.25), (0.6, 0.95), (0.0, 0.0001),
    ),
    "granite": FloorStyle(
        ("8d8a88 3a393a c9c4bf", "4a4a4c 1c1c1e 8b8b8d", "a4786a 4a3a38 d3b3a6", "c4bfb2 6b675f e8e5dc"),
        (0.006, 0.018), (0.1, 0.45), (0.0, 0.0001),
    ),
}  # fmt: skip


def draw_floor(rng: np.random.Generator, texture_sets: Sequence[str] = ()) -> Floor:
    """Draw a floor. texture_sets: sorted names of texture sets, one of which is used; empty = a procedural floor."""
    place = {
        "rotation_rad": float(rng.uniform(0, 2 * np.pi)),
        "offset_m": tuple(rng.uniform(-5, 5, 2).tolist()),
        "pattern": float(rng.uniform(0, 100)),
    }
    if texture_sets:
        name = texture_sets[int(rng.integers(len(texture_sets)))]
        return Floor(kind=TEXTURES, name=name, size_m=float(rng.uniform(0.6, 1.6)), **place)
    kind = tuple(FLOOR_STYLES)[int(rng.integers(len(FLOOR_STYLES)))]
    style = FLOOR_STYLES[kind]
    return Floor(
        kind=kind,
        colors=_draw_colors(rng, style),
        size_m=_log_uniform(rng, style.size_m),
        roughness=float(rng.uniform(*style.roughness)),
        relief_m=float(rng.uniform(*style.relief_m)),
        contrast=float(rng.uniform(0.2, 0.75)),
        **place,
    )


def mean_albedo(floor: Floor) -> np.ndarray:
    """Approximate mean of the floor's linear albedo, (3,); mid grey for a texture set."""
    if floor.colors is None:
        return np.full(3, TEXTURES_ALBEDO)
    others = len(floor.colors) - 1
    return np.average(linear(floor.colors), axis=0, weights=[0.6] + [0.4 / others] * others)


def floor_metallic(floor: Floor) -> float:
    """The metallic parameter of a floor, in [0, 1]. It stays below 1, because pure metal would show no shadows."""
    return 0.6 if floor.kind == "brushed_metal" else 0.0


def draw_environment(rng: np.random.Generator, files: Sequence[str] = BUNDLED_ENVIRONMENTS) -> Environment:
    """Draw the light: an environment, its rotation, and a sun. files: sorted names of environment files.

    The sun makes contact shadows, which most environments alone do not.
    """
    return Environment(
        file=files[int(rng.integers(len(files)))],
        rotation_rad=float(rng.uniform(0, 2 * np.pi)),
        strength=_log_uniform(rng, (0.85, 1.2)),
        white_balance=float(rng.uniform(0.6, 0.95)),
        sun=_draw_sun(rng),
    )


def _draw_sun(rng: np.random.Generator) -> Sun:
    azimuth, height = rng.uniform(0, 2 * math.pi), rng.uniform(math.sin(0.5), math.sin(1.3))
    flat, warmth = math.sqrt(1 - height * height), rng.uniform(-0.06, 0.14)
    return Sun(
        direction=(
            round(flat * math.cos(azimuth), DECIMALS),
            round(flat * math.sin(azimuth), DECIMALS),
            round(height, DECIMALS),
        ),
        size_rad=_log_uniform(rng, (0.01, 0.12)),
        ratio=_log_uniform(rng, (0.5, 2.2)),
        color=(1.0, float(1 - warmth / 2), float(1 - warmth)),
    )


def _draw_colors(rng: np.random.Generator, style: FloorStyle) -> tuple[Color, ...]:
    """Draw a palette of the style, with the same small shift of hue, saturation and value for all its colours."""
    palette = style.palettes[int(rng.integers(len(style.palettes)))].split()
    hue, saturation, value = rng.uniform(-0.03, 0.03), rng.uniform(0.7, 1.25), rng.uniform(0.85, 1.1)
    colors = []
    for code in palette:
        h, s, v = colorsys.rgb_to_hsv(*(int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)))
        shifted = colorsys.hsv_to_rgb((h + hue) % 1, min(s * saturation, 1), min(v * value, 0.95))
        colors.append(tuple(float(channel) for channel in shifted))
    return tuple(colors)


def _log_uniform(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    low, high = limits
    return round(math.exp(rng.uniform(math.log(low), math.log(high))), DECIMALS)
