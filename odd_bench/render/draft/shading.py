"""Shading of a surface point: diffuse light, the reflected surroundings, and a highlight of the sun.

Vectors and colours are (3, n) float32, as in render.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.render.draft.light import Light
from odd_bench.render.draft.sun import Sun

ROUGHNESS_OF_BLUR = (0.15, 0.4)  # thresholds of roughness between the blur levels of the reflected environment
HORIZON = 0.2  # sine of the angle below the horizon from which a reflection shows the floor alone
DARKEST = 1e-9  # smallest divisor, because an environment may be black
PLAIN_REFLECTANCE = 0.04  # specular reflectance of plastics, glazes and varnish at normal incidence


@dataclass(frozen=True)
class Lighting:
    """The light sources: environment, sun and floor. floor_mean: (3, 1), mean albedo of the floor."""

    light: Light
    sun: Sun
    floor_mean: np.ndarray


@dataclass(frozen=True)
class Lit:
    """n surface points to shade.

    normals, albedo, ambient: (3, n). sun: (n,), cosine of the sun's incidence, 0 in shadow. roughness, metallic: (n,). An array of
    length 1 instead of n applies to all points.
    """

    normals: np.ndarray
    albedo: np.ndarray
    ambient: np.ndarray
    sun: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray


def mirror(lit: Lit, view: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The reflected viewing directions (3, n), and the specular reflectance (3, n)."""
    facing = (-(lit.normals * view).sum(axis=0)).clip(0, 1)
    front = PLAIN_REFLECTANCE * (1 - lit.metallic) + lit.albedo * lit.metallic
    away = 1 - facing
    fresnel = front + (1 - lit.roughness - front).clip(0) * (away * away) ** 2 * away
    return view + 2 * facing * lit.normals, fresnel


def shaded(lighting: Lighting, lit: Lit, view: np.ndarray) -> np.ndarray:
    """The radiance (3, n) that the points send to the viewer. view: (3, n), unit viewing directions."""
    mirrored, fresnel = mirror(lit, view)
    diffuse = lit.albedo * (1 - lit.metallic) * (1 - fresnel)
    lamp = lighting.sun.irradiance / np.pi * lit.sun
    around = mirrored_light(lighting, lit, mirrored)
    glint = highlight((lighting.sun.direction * mirrored).sum(axis=0), lit.roughness) * lamp
    return diffuse * (lit.ambient + lamp) + fresnel * (around + glint)


def mirrored_light(lighting: Lighting, lit: Lit, mirrored: np.ndarray) -> np.ndarray:
    """The radiance (3, n) that arrives from around unit directions (3, n): from the environment or from the floor.

    The horizon between the two is blurred like the environment. A sharp horizon would be visible as a line on round objects.
    """
    level = 1 + np.searchsorted(ROUGHNESS_OF_BLUR, lit.roughness)
    sky = np.stack([*mirrored[:2], np.maximum(mirrored[2], 0)])  # the environment ends at the floor
    open_sky = float(lighting.light.environment[len(lighting.light.environment) // 2 :].mean())
    openness = np.clip(lit.ambient.mean(axis=0) / max(open_sky, DARKEST), 0, 1)
    bounced = lit.ambient * lighting.floor_mean
    share = np.clip(1 + mirrored[2] / HORIZON, 0, 1)
    return bounced + share * (lighting.light.radiance(sky, level) * openness - bounced)


def highlight(cosine: np.ndarray, roughness: np.ndarray) -> np.ndarray:
    """Normalised Phong lobe (n,) around the reflected direction. Its exponent decreases with roughness."""
    exponent = 2 / np.maximum(roughness, np.float32(0.15)) ** 4
    return (exponent + 2) / 2 * np.clip(cosine, 0, 1) ** exponent


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors (3, n) to length 1."""
    return vectors / np.sqrt((vectors**2).sum(axis=0))
