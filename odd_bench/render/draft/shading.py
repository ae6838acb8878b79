"""The light that leaves a place: diffuse light, a mirrored surrounding and a highlight of the sun.

Vectors and colours are (3, n) float32, as in render.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.render.draft.light import Light
from odd_bench.render.draft.sun import Sun

ROUGHNESS_OF_BLUR = (0.15, 0.4)  # above these the environment is mirrored in the next blur
HORIZON = 0.2  # sine of the angle below it from which a mirror shows the floor alone
DARKEST = 1e-9  # least light that is divided by, because an environment may be black
PLAIN_REFLECTANCE = 0.04  # of plastics, glazes and varnish, seen from the front


@dataclass(frozen=True)
class Lighting:
    """What shines on a place: the environment, its sun, and the floor. floor_mean: (3, 1) its mean reflectance."""

    light: Light
    sun: Sun
    floor_mean: np.ndarray


@dataclass(frozen=True)
class Lit:
    """Places to shade, n of them. normals, albedo, ambient: (3, n). sun: (n,) cosine to the normal where it shines.

    roughness, metallic: (n,). One for all may stand for the n.
    """

    normals: np.ndarray
    albedo: np.ndarray
    ambient: np.ndarray
    sun: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray


def mirror(lit: Lit, view: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3, n) mirrored directions of view and (3, n) reflectance as of a mirror."""
    facing = (-(lit.normals * view).sum(axis=0)).clip(0, 1)
    front = PLAIN_REFLECTANCE * (1 - lit.metallic) + lit.albedo * lit.metallic
    away = 1 - facing
    fresnel = front + (1 - lit.roughness - front).clip(0) * (away * away) ** 2 * away
    return view + 2 * facing * lit.normals, fresnel


def shaded(lighting: Lighting, lit: Lit, view: np.ndarray) -> np.ndarray:
    """(3, n) light that leaves the places against the unit directions of view (3, n)."""
    mirrored, fresnel = mirror(lit, view)
    diffuse = lit.albedo * (1 - lit.metallic) * (1 - fresnel)
    lamp = lighting.sun.irradiance / np.pi * lit.sun
    around = mirrored_light(lighting, lit, mirrored)
    glint = highlight((lighting.sun.direction * mirrored).sum(axis=0), lit.roughness) * lamp
    return diffuse * (lit.ambient + lamp) + fresnel * (around + glint)


def mirrored_light(lighting: Lighting, lit: Lit, mirrored: np.ndarray) -> np.ndarray:
    """(3, n) light that arrives from around unit directions (3, n): the environment's or what the floor bounces.

    The horizon between both is blurred like the environment, or round objects would show a waterline.
    """
    level = 1 + np.searchsorted(ROUGHNESS_OF_BLUR, lit.roughness)
    sky = np.stack([*mirrored[:2], np.maximum(mirrored[2], 0)])  # the environment ends at the floor
    open_sky = float(lighting.light.environment[len(lighting.light.environment) // 2 :].mean())
    openness = np.clip(lit.ambient.mean(axis=0) / max(open_sky, DARKEST), 0, 1)
    bounced = lit.ambient * lighting.floor_mean
    share = np.clip(1 + mirrored[2] / HORIZON, 0, 1)
    return bounced + share * (lighting.light.radiance(sky, level) * openness - bounced)


def highlight(cosine: np.ndarray, roughness: np.ndarray) -> np.ndarray:
    """(n,) Phong lobe about the mirrored direction, normalised; its exponent falls with roughness."""
    exponent = 2 / np.maximum(roughness, np.float32(0.15)) ** 4
    return (exponent + 2) / 2 * np.clip(cosine, 0, 1) ** exponent


def unit(vectors: np.ndarray) -> np.ndarray:
    """(3, n) of length 1, from any (3, n)."""
    return vectors / np.sqrt((vectors**2).sum(axis=0))
