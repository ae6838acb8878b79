"""Pictures of a scene by ray casting: sun with shadows, ambient light, mirrored environment; no path is traced further."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.cameras import eye, pixel_directions
from odd_bench.color import encoded
from odd_bench.draft.ambient import Ambient, measure_ambient
from odd_bench.draft.floor import floor_albedo
from odd_bench.draft.light import Light
from odd_bench.draft.surface import CLEAR_M, Surface, join
from odd_bench.generate.surroundings import floor_metallic, mean_albedo
from odd_bench.scene import Camera
from odd_bench.shapes.raycast import Caster, Hits
from odd_bench.shapes.shape import Shape

SIDE = 2  # rays along each side of a pixel
BRIGHTEST = 1.5  # of one ray, in units of display white: brighter highlights would leave ragged edges
ROUGHNESS_OF_BLUR = (0.15, 0.4)  # above these the environment is mirrored in the next blur
LEAST_FLOOR_ROUGHNESS = 0.5  # a floor that mirrored sharply would show lamps but no objects
HORIZON = 0.2  # sine of the angle below it from which a mirror shows the floor alone
DARKEST = 1e-9  # environments count as no darker where their radiance divides, for they may be black
PLAIN_REFLECTANCE = 0.04  # of plastics, glazes and varnish, seen from the front


def render_draft(
    objects: list[tuple[Shape, np.ndarray]], cameras: tuple[Camera, ...], floor: dict, light: Light, seed: int
) -> np.ndarray:
    """(views, h, w, 3) uint8 sRGB of pairs of a shape and its world_from_object on a floor as `draw_floor` draws it."""
    rng = np.random.default_rng(seed)
    surface = join(objects)
    caster = Caster([surface.mesh])
    ambient = measure_ambient(surface, caster, light, mean_albedo(floor), rng)
    stage = _Stage(surface, caster, ambient, light, floor)
    return np.stack([_picture(stage, camera, rng) for camera in cameras])


@dataclass(frozen=True)
class _Stage:
    surface: Surface
    caster: Caster
    ambient: Ambient
    light: Light
    floor: dict


@dataclass(frozen=True)
class _Lit:
    """Places to shade, n of them. points, normals, albedo, ambient: (n, 3). roughness, metallic: (n,)."""

    points: np.ndarray
    normals: np.ndarray
    albedo: np.ndarray
    ambient: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray


def _picture(stage: _Stage, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    fine = Camera(
        np.diag([SIDE, SIDE, 1.0]) @ camera.K, camera.camera_from_world, SIDE * camera.width, SIDE * camera.height
    )
    origin, directions = eye(camera), pixel_directions(fine).reshape(-1, 3)
    hits = stage.caster.cast(origin, directions)
    to_floor = np.where(directions[:, 2] < 0, -origin[2] / np.minimum(directions[:, 2], -1e-9), np.inf)
    on_object = hits.distance < to_floor
    on_floor = ~on_object & np.isfinite(to_floor)
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    color = stage.light.radiance(unit)
    for chosen, lit in (
        (on_object, _object_places(stage, hits, origin, directions, on_object)),
        (on_floor, _floor_places(stage, origin + to_floor[on_floor, None] * directions[on_floor])),
    ):
        color[chosen] = _shaded(stage, lit, unit[chosen], rng)
    color = np.minimum(color, BRIGHTEST).reshape(camera.height, SIDE, camera.width, SIDE, 3).mean(axis=(1, 3))
    return np.round(encoded(color) * 255).astype(np.uint8)


def _object_places(stage: _Stage, hits: Hits, origin, directions, chosen: np.ndarray) -> _Lit:
    surface, face, weights = stage.surface, hits.face[chosen], hits.weights[chosen][:, :, None]
    normals = (surface.corner_normals[face] * weights).sum(axis=1)
    return _Lit(
        points=origin + hits.distance[chosen, None] * directions[chosen],
        normals=normals / np.linalg.norm(normals, axis=1, keepdims=True),
        albedo=surface.albedo[face],
        ambient=(stage.ambient.vertices[surface.faces[face]] * weights).sum(axis=1),
        roughness=surface.roughness[face],
        metallic=surface.metallic[face],
    )


def _floor_places(stage: _Stage, points: np.ndarray) -> _Lit:
    flat = points[:, :2]
    return _Lit(
        points=points,
        normals=np.broadcast_to([0.0, 0.0, 1.0], points.shape),
        albedo=floor_albedo(stage.floor, flat),
        ambient=stage.ambient.on_floor(flat),
        roughness=np.full(len(points), max(stage.floor.get("roughness", 0.6), LEAST_FLOOR_ROUGHNESS)),
        metallic=np.full(len(points), floor_metallic(stage.floor)),
    )


def _shaded(stage: _Stage, lit: _Lit, view: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, 3) light that leaves the places against the unit directions of view (n, 3)."""
    light = stage.light
    facing = -np.einsum("ni,ni->n", lit.normals, view).clip(-1, 0)
    front = PLAIN_REFLECTANCE * (1 - lit.metallic[:, None]) + lit.albedo * lit.metallic[:, None]
    fresnel = front + (1 - lit.roughness[:, None] - front).clip(0) * (1 - facing[:, None]) ** 5
    diffuse = lit.albedo * (1 - lit.metallic[:, None]) * (1 - fresnel)
    sun = _sunlight(stage, lit, rng)  # (n,) cosine where the sun shines
    lamp = light.sun_irradiance * sun[:, None] / np.pi
    mirrored = view + 2 * facing[:, None] * lit.normals
    around = _mirrored_light(stage, lit, mirrored)
    highlight = _highlight(mirrored @ light.sun_direction, lit.roughness)[:, None] * lamp
    return diffuse * (lit.ambient + lamp) + fresnel * (around + highlight)


def _mirrored_light(stage: _Stage, lit: _Lit, mirrored: np.ndarray) -> np.ndarray:
    """(n, 3) light that arrives from around unit directions (n, 3): the environment's or what the floor bounces.

    The horizon between both is blurred like the environment, or round objects would show a waterline.
    """
    level = 1 + np.searchsorted(ROUGHNESS_OF_BLUR, lit.roughness)
    sky = np.concatenate([mirrored[:, :2], np.maximum(mirrored[:, 2:], 0)], axis=1)  # the environment ends at the floor
    open_sky = stage.light.environment[len(stage.light.environment) // 2 :].mean()
    openness = np.clip(lit.ambient.mean(axis=1) / max(open_sky, DARKEST), 0, 1)
    bounced = lit.ambient * mean_albedo(stage.floor)
    share = np.clip(1 + mirrored[:, 2] / HORIZON, 0, 1)[:, None]
    return bounced + share * (stage.light.radiance(sky, level) * openness[:, None] - bounced)


def _sunlight(stage: _Stage, lit: _Lit, rng: np.random.Generator) -> np.ndarray:
    """(n,) cosine between the normal and the sun, zero in shadow; each place looks at another point of the sun's disc."""
    light = stage.light
    cosine = (lit.normals @ light.sun_direction).clip(0)
    if not light.sun_irradiance.any():
        return 0 * cosine
    lit_side = np.flatnonzero(cosine > 0)
    towards = light.sun_direction + light.sun_size_rad / 4 * rng.standard_normal((len(lit_side), 3))
    start = lit.points[lit_side] + CLEAR_M * lit.normals[lit_side]
    cosine[lit_side[stage.caster.blocked(start, towards)]] = 0
    return cosine


def _highlight(cosine: np.ndarray, roughness: np.ndarray) -> np.ndarray:
    """(n,) Phong lobe about the mirrored direction, normalised; its exponent falls with roughness."""
    exponent = 2 / np.maximum(roughness, 0.15) ** 4
    return (exponent + 2) / 2 * np.clip(cosine, 0, 1) ** exponent
