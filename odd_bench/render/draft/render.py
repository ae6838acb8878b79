"""Pictures of a scene by ray casting: sun with shadows, ambient light, mirrored environment; no path is traced further.

Vectors and colours are (3, n) float32 here, the long axis last, for NumPy computes along it, and one ray a pixel at a time, so
that most numbers stay in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.color import encoded
from odd_bench.geometry.cameras import eye, pixel_directions
from odd_bench.geometry.raycast import Caster, Hits
from odd_bench.geometry.shape import Shape
from odd_bench.render.draft.ambient import Ambient, measure_ambient
from odd_bench.render.draft.floor import floor_albedo
from odd_bench.render.draft.light import Light
from odd_bench.render.draft.sun import Sun, sun_over
from odd_bench.render.draft.surface import Surface, join
from odd_bench.render.surroundings import floor_metallic, mean_albedo
from odd_bench.scene import Camera

RAYS_PX = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))  # right and down from the centre of a pixel
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
    floor_mean = mean_albedo(floor)
    ambient = measure_ambient(surface, caster, light, floor_mean, rng)
    sun = sun_over(surface, caster, light)
    stage = _Stage(surface, caster, ambient, light, sun, floor, floor_mean.astype(np.float32)[:, None])
    return np.stack([_picture(stage, camera, rng) for camera in cameras])


@dataclass(frozen=True)
class _Stage:
    """floor_mean: (3, 1) its mean reflectance."""

    surface: Surface
    caster: Caster
    ambient: Ambient
    light: Light
    sun: Sun
    floor: dict
    floor_mean: np.ndarray


@dataclass(frozen=True)
class _Sight:
    """What n rays from an eye (3, 1) meet. directions: (3, n). to_floor: (n,) in lengths of the directions, inf for none."""

    eye: np.ndarray
    directions: np.ndarray
    hits: Hits
    to_floor: np.ndarray

    @property
    def on_object(self) -> np.ndarray:
        """(n,) bool"""
        return self.hits.distance < self.to_floor

    @property
    def on_floor(self) -> np.ndarray:
        """(n,) bool"""
        return ~self.on_object & np.isfinite(self.to_floor)


@dataclass(frozen=True)
class _Lit:
    """Places to shade, n of them. normals, albedo, ambient: (3, n). sun: (n,) cosine to the normal where it shines.

    roughness, metallic: (n,). One for all may stand for the n.
    """

    normals: np.ndarray
    albedo: np.ndarray
    ambient: np.ndarray
    sun: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray


def _picture(stage: _Stage, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    sights = [_look(stage.caster, camera, *shift) for shift in RAYS_PX]
    whole = np.all([sight.on_floor for sight in sights], axis=0)
    color = np.empty((3, len(whole)), np.float32)
    color[:, whole] = _floor_color(stage, sights, np.flatnonzero(whole), rng)
    color[:, ~whole] = _mean([_ray_color(stage, sight, np.flatnonzero(~whole), rng) for sight in sights])
    color = np.round(encoded(color) * 255).astype(np.uint8)
    return color.T.reshape(camera.height, camera.width, 3)


def _look(caster: Caster, camera: Camera, right_px: float, down_px: float) -> _Sight:
    """Along one ray a pixel that lies so far from the pixel's centre."""
    shifted = camera.K - [[0, 0, right_px], [0, 0, down_px], [0, 0, 0]]
    shifted_camera = Camera(shifted, camera.camera_from_world, camera.width, camera.height)
    directions = pixel_directions(shifted_camera).reshape(-1, 3).T.astype(np.float32, order="C")
    origin, down = eye(camera).astype(np.float32), directions[2]
    to_floor = np.where(down < 0, -origin[2] / np.minimum(down, np.float32(-1e-9)), np.float32(np.inf))
    return _Sight(origin[:, None], directions, caster.cast(origin, directions.T), to_floor)


def _ray_color(stage: _Stage, sight: _Sight, rays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3, n) of rays of a sight, by their places (n,)."""
    color = stage.light.radiance(_unit(sight.directions.take(rays, axis=1)))
    on_object, on_floor = sight.on_object[rays], sight.on_floor[rays]
    color[:, on_object] = _object_color(stage, sight, rays[on_object], rng)
    color[:, on_floor] = _floor_color(stage, [sight], rays[on_floor], rng)
    return np.minimum(color, BRIGHTEST)


def _object_color(stage: _Stage, sight: _Sight, rays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3, n) of rays that meet an object."""
    surface, hits, directions = stage.surface, sight.hits.only(rays), sight.directions.take(rays, axis=1)
    face, weights, points = hits.face, hits.weights, sight.eye + hits.distance * directions
    at_corners = stage.ambient.vertices.take(surface.faces.take(face, axis=0), axis=0)  # (n, 3 corners, 3)
    normals = _unit(np.einsum("nci,nc->in", surface.corner_normals.take(face, axis=0), weights))
    lit = _Lit(
        normals=normals,
        albedo=surface.albedo[face].T.copy(),
        ambient=np.einsum("nci,nc->in", at_corners, weights),
        sun=stage.sun.shining(points, normals, rng),
        roughness=surface.roughness[face],
        metallic=surface.metallic[face],
    )
    return _shaded(stage, lit, _unit(directions))


def _floor_color(stage: _Stage, sights: list[_Sight], rays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3, n) of rays that meet the floor, the mean over the sights: pattern and shadow a ray, the rest for all together."""
    up = np.float32([[0], [0], [1]])
    directions = [sight.directions.take(rays, axis=1) for sight in sights]
    points = [sight.eye + sight.to_floor[rays] * each for sight, each in zip(sights, directions, strict=True)]
    lit = _Lit(
        normals=up,
        albedo=_mean([floor_albedo(stage.floor, each[:2]) for each in points]),
        ambient=stage.ambient.on_floor(_mean(points)[:2]),
        sun=_mean([stage.sun.shining(each, np.broadcast_to(up, each.shape), rng) for each in points]),
        roughness=np.float32([max(stage.floor.get("roughness", 0.6), LEAST_FLOOR_ROUGHNESS)]),
        metallic=np.float32([floor_metallic(stage.floor)]),
    )
    return np.minimum(_shaded(stage, lit, _unit(_mean(directions))), BRIGHTEST)


def _shaded(stage: _Stage, lit: _Lit, view: np.ndarray) -> np.ndarray:
    """(3, n) light that leaves the places against the unit directions of view (3, n)."""
    facing = (-(lit.normals * view).sum(axis=0)).clip(0, 1)
    front = PLAIN_REFLECTANCE * (1 - lit.metallic) + lit.albedo * lit.metallic
    fresnel = front + (1 - lit.roughness - front).clip(0) * (1 - facing) ** 5
    diffuse = lit.albedo * (1 - lit.metallic) * (1 - fresnel)
    lamp = stage.sun.irradiance / np.pi * lit.sun
    mirrored = view + 2 * facing * lit.normals
    around = _mirrored_light(stage, lit, mirrored)
    highlight = _highlight((stage.sun.direction * mirrored).sum(axis=0), lit.roughness) * lamp
    return diffuse * (lit.ambient + lamp) + fresnel * (around + highlight)


def _mirrored_light(stage: _Stage, lit: _Lit, mirrored: np.ndarray) -> np.ndarray:
    """(3, n) light that arrives from around unit directions (3, n): the environment's or what the floor bounces.

    The horizon between both is blurred like the environment, or round objects would show a waterline.
    """
    level = 1 + np.searchsorted(ROUGHNESS_OF_BLUR, lit.roughness)
    sky = np.stack([*mirrored[:2], np.maximum(mirrored[2], 0)])  # the environment ends at the floor
    open_sky = float(stage.light.environment[len(stage.light.environment) // 2 :].mean())
    openness = np.clip(lit.ambient.mean(axis=0) / max(open_sky, DARKEST), 0, 1)
    bounced = lit.ambient * stage.floor_mean
    share = np.clip(1 + mirrored[2] / HORIZON, 0, 1)
    return bounced + share * (stage.light.radiance(sky, level) * openness - bounced)


def _highlight(cosine: np.ndarray, roughness: np.ndarray) -> np.ndarray:
    """(n,) Phong lobe about the mirrored direction, normalised; its exponent falls with roughness."""
    exponent = 2 / np.maximum(roughness, np.float32(0.15)) ** 4
    return (exponent + 2) / 2 * np.clip(cosine, 0, 1) ** exponent


def _unit(vectors: np.ndarray) -> np.ndarray:
    """(3, n)"""
    return vectors / np.sqrt((vectors**2).sum(axis=0))


def _mean(values: list[np.ndarray]) -> np.ndarray:
    return sum(values[1:], values[0]) / len(values)
