"""Draft pictures of a scene by ray casting: a sun with shadows, ambient light and a reflected environment, without path tracing.

Vectors and colours are (3, n) float32: NumPy is fastest with the long axis last. A picture first casts one ray per pixel, so that
most values stay in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from odd_bench.color import encoded
from odd_bench.geometry.cameras import eye, pixel_directions
from odd_bench.geometry.first_hits import PosedMesh, first_hits
from odd_bench.geometry.motion import transformed
from odd_bench.geometry.raycast import Caster, Hits
from odd_bench.geometry.shape import Shape
from odd_bench.plan_line import Floor
from odd_bench.render.draft.ambient import Ambient, measure_ambient
from odd_bench.render.draft.floor_map import FloorMap, focal_px, map_floor
from odd_bench.render.draft.light import Light
from odd_bench.render.draft.shading import (
    PLAIN_REFLECTANCE,
    Lighting,
    Lit,
    highlight,
    mirror,
    mirrored_light,
    shaded,
    unit,
)
from odd_bench.render.draft.sun import sun_over
from odd_bench.render.draft.surface import Surface, join
from odd_bench.render.draft.wear import worn
from odd_bench.render.surroundings import TEXTURES_ROUGHNESS, floor_metallic, mean_albedo
from odd_bench.scene import Camera

RAYS_PX = ((-0.35, -0.15), (0.31, -0.23), (0.04, 0.38))  # offsets, right and down, of additional rays in uneven pixels
BRIGHTEST = 1.5  # largest radiance of one ray, in units of display white: brighter highlights would have ragged edges
LEAST_FLOOR_ROUGHNESS = 0.5  # a smoother floor would reflect lamps sharply, but no objects
EVEN_STEP = 0.05  # largest step of the radiance's square root between neighbours for which one ray per pixel suffices
GLOSS_STEP_PX = 6  # distance of the pixels at which the floor's reflection is computed
GRAZING = 0.02  # sine of the flattest viewing angle of the floor
_LEVELS = np.round(encoded(np.linspace(0, 1, 4096) ** 2) * 255).astype(np.uint8)  # sRGB by the radiance's square root


def render_draft(
    objects: list[tuple[Shape, np.ndarray]],
    cameras: tuple[Camera, ...],
    floor: Floor,
    light: Light,
    seed: int,
    hits: Hits | None = None,
) -> np.ndarray:
    """Render pictures (views, h, w, 3) uint8 sRGB of objects on a floor.

    objects: pairs of a shape and its world_from_object (4, 4). seed: of the rays' random directions. hits: (views, h, w), the first
    hits at the pixel centres, if they are known already.
    """
    rng = np.random.default_rng(seed)
    surface = join(objects)
    caster = Caster([surface.mesh])
    floor_mean = mean_albedo(floor)
    ambient = measure_ambient(surface, caster, light, floor_mean, rng)
    sun = sun_over(surface, caster, light)
    floor_map = map_floor(floor, ambient, sun, cameras, rng)
    lighting = Lighting(light, sun, floor_mean.astype(np.float32)[:, None])
    stage = _Stage(surface, caster, ambient, lighting, floor, floor_map)
    if hits is None:
        meshes = [PosedMesh(shape.caster, pose, transformed(shape.outline, pose)) for shape, pose in objects]
        hits = first_hits(meshes, cameras).hits
    return np.stack([_picture(stage, camera, hits.only(view), rng) for view, camera in enumerate(cameras)])


@dataclass(frozen=True)
class _Stage:
    """A scene to be rendered. ambient, floor_map: its light that is the same for all cameras."""

    surface: Surface
    caster: Caster
    ambient: Ambient
    lighting: Lighting
    floor: Floor
    floor_map: FloorMap


@dataclass(frozen=True)
class _Sight:
    """The hits of n rays from an eye (3, 1).

    directions: (3, n). hits: (n,), with faces of the surface. pixel_m: size of a pixel at distance 1. to_floor: (n,), distance to
    the floor in units of the directions' lengths, inf for none. gloss: (7, n), reflection of the floor, see _floor_gloss.
    """

    eye: np.ndarray
    directions: np.ndarray
    hits: Hits
    pixel_m: float
    to_floor: np.ndarray
    gloss: np.ndarray

    @property
    def on_object(self) -> np.ndarray:
        """Whether each ray hits an object first, (n,) bool."""
        return self.hits.distance < self.to_floor

    @property
    def on_floor(self) -> np.ndarray:
        """Whether each ray hits the floor first, (n,) bool."""
        return ~self.on_object & np.isfinite(self.to_floor)


def _picture(stage: _Stage, camera: Camera, hits: Hits, rng: np.random.Generator) -> np.ndarray:
    """Render one picture (h, w, 3) uint8. hits: (h, w), the first hits at the pixel centres.

    Where the light differs between neighbouring pixels on or around objects, additional rays are cast.
    """
    directions = pixel_directions(camera).reshape(-1, 3).T.astype(np.float32, order="C")
    gloss = _floor_gloss(stage, camera)
    flat = Hits(hits.distance.ravel(), hits.mesh.ravel(), hits.face.ravel(), hits.second_third.reshape(-1, 2))
    joined = replace(flat, face=flat.face + stage.surface.first_face.astype(np.int32)[flat.mesh])
    sight = _sight(camera, directions, joined, gloss)
    color = _ray_color(stage, sight, rng)
    uneven = np.flatnonzero(_uneven(np.sqrt(color), sight.on_object, camera))
    shifts = (np.linalg.inv(camera.K)[:2, :2] @ np.transpose(RAYS_PX)).T @ camera.camera_from_world[:2, :3]  # (rays, 3)
    around = (directions.take(uneven, axis=1)[:, None] + shifts.T[:, :, None].astype(np.float32)).reshape(3, -1)
    cast = stage.caster.cast(sight.eye[:, 0], around.T)
    finer = _ray_color(stage, _sight(camera, around, cast, np.tile(gloss.take(uneven, axis=1), len(RAYS_PX))), rng)
    color[:, uneven] = (color[:, uneven] + finer.reshape(3, len(RAYS_PX), -1).sum(axis=1)) / (1 + len(RAYS_PX))
    levels = _LEVELS.take((np.sqrt(color.clip(0, 1)) * (len(_LEVELS) - 1) + 0.5).astype(np.intp))
    return levels.T.reshape(camera.height, camera.width, 3)


def _uneven(brightness: np.ndarray, on_object: np.ndarray, camera: Camera) -> np.ndarray:
    """The pixels (n,) bool that differ from a neighbour, if at least one of the two is on an object.

    brightness: (3, n), on a scale whose steps are about equally visible.
    """
    shape = camera.height, camera.width
    brightness, on_object = brightness.reshape(3, *shape), on_object.reshape(shape)
    uneven = np.zeros(shape, bool)
    for ahead, behind in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        step = np.abs(
            brightness[(slice(None), *np.atleast_1d(ahead))] - brightness[(slice(None), *np.atleast_1d(behind))]
        )
        differs = (step.max(axis=0) > EVEN_STEP) & (on_object[ahead] | on_object[behind])
        uneven[ahead] |= differs
        uneven[behind] |= differs
    return uneven.ravel()


def _sight(camera: Camera, directions: np.ndarray, hits: Hits, gloss: np.ndarray) -> _Sight:
    origin = eye(camera).astype(np.float32)
    down = directions[2]
    to_floor = np.where(down < 0, -origin[2] / np.minimum(down, np.float32(-1e-9)), np.float32(np.inf))
    return _Sight(origin[:, None], directions, hits, 1 / focal_px(camera), to_floor, gloss)


def _ray_color(stage: _Stage, sight: _Sight, rng: np.random.Generator) -> np.ndarray:
    """The radiance (3, n) of the rays of a sight."""
    color = np.empty_like(sight.directions)
    on_object, on_floor = sight.on_object, sight.on_floor
    for chosen, shade in ((on_object, _object_color), (on_floor, _floor_color), (~on_object & ~on_floor, _sky_color)):
        rays = np.flatnonzero(chosen)
        if len(rays):
            color[:, rays] = shade(stage, sight, rays, rng)
    return np.minimum(color, BRIGHTEST)


def _sky_color(stage: _Stage, sight: _Sight, rays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The radiance (3, n) of rays that hit nothing."""
    return stage.lighting.light.radiance(unit(sight.directions.take(rays, axis=1)))


def _object_color(stage: _Stage, sight: _Sight, rays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The radiance (3, n) of rays that hit an object."""
    surface, hits, directions = stage.surface, sight.hits.only(rays), sight.directions.take(rays, axis=1)
    face, weights, points = hits.face, hits.weights, sight.eye + hits.distance * directions
    corners = surface.faces.take(face, axis=0)
    at_corners = stage.ambient.vertices.take(corners, axis=0)  # (n, 3 corners, 3)
    own = np.einsum("nci,nc->in", surface.own.take(corners, axis=0), weights)
    metallic = surface.metallic[face]
    normals = unit(np.einsum("nci,nc->in", surface.corner_normals.take(face, axis=0), weights))
    lit = Lit(
        normals=normals,
        albedo=surface.albedo.take(face, axis=0).T * worn(own, metallic),
        ambient=np.einsum("nci,nc->in", at_corners, weights),
        sun=stage.lighting.sun.shining(points, normals, rng),
        roughness=surface.roughness[face],
        metallic=metallic,
    )
    return shaded(stage.lighting, lit, unit(directions))


def _floor_color(stage: _Stage, sight: _Sight, rays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The radiance (3, n) of rays that hit the floor."""
    directions, distance = sight.directions.take(rays, axis=1), sight.to_floor[rays]
    points = sight.eye[:2] + distance * directions[:2]
    length = np.sqrt((directions**2).sum(axis=0))
    # The side of a square with the area that the pixel shows.
    pixel_m = sight.pixel_m * distance * length * np.sqrt(length / -directions[2])
    metal = floor_metallic(stage.floor)
    values, gloss = stage.floor_map.at(points, pixel_m, albedo=metal > 0), sight.gloss.take(rays, axis=1)
    fresnel, around, glint = gloss[:1], gloss[1:4], gloss[4:]
    color = (1 - metal) * (1 - fresnel) * values[:3]
    mirrored = around + glint * values[3]
    if metal:
        front = PLAIN_REFLECTANCE * (1 - metal)
        mirrored = mirrored * (front + metal * values[4:]) / (front + metal * stage.lighting.floor_mean)
    return color + mirrored


def _floor_gloss(stage: _Stage, camera: Camera) -> np.ndarray:
    """The specular reflection (7, n) of the floor, for every pixel as if it showed the floor.

    The values are the mean specular reflectance over the colours (1), the reflected light without the sun (3), and the reflected
    light of the sun divided by the cosine of its incidence (3). They are smooth, so they are computed for few pixels and
    interpolated.
    """
    columns, rows = (np.linspace(0, size, size // GLOSS_STEP_PX + 2) for size in (camera.width, camera.height))
    u, v = np.meshgrid(columns, rows)
    pixels = np.stack([u, v, np.ones_like(u)]).reshape(3, -1)
    directions = (camera.camera_from_world[:3, :3].T @ np.linalg.inv(camera.K) @ pixels).astype(np.float32)
    view = unit(directions)
    view = unit(np.stack([*view[:2], np.minimum(view[2], -GRAZING)]))
    origin = eye(camera).astype(np.float32)[:, None]
    points = (origin + origin[2] / -view[2] * view)[:2]
    up = np.float32([[0], [0], [1]])
    lit = Lit(
        normals=up,
        albedo=stage.lighting.floor_mean,
        ambient=stage.ambient.on_floor(points),
        sun=np.float32([0]),
        roughness=np.float32([max(_roughness(stage.floor), LEAST_FLOOR_ROUGHNESS)]),
        metallic=np.float32([floor_metallic(stage.floor)]),
    )
    mirrored, fresnel, sun = *mirror(lit, view), stage.lighting.sun
    glint = highlight((sun.direction * mirrored).sum(axis=0), lit.roughness) * sun.irradiance / np.pi
    around = fresnel * mirrored_light(stage.lighting, lit, mirrored)
    values = np.concatenate([fresnel.mean(axis=0, keepdims=True), around, fresnel * glint]).reshape(7, *u.shape)
    down, across = (_between(axis, size) for axis, size in ((rows, camera.height), (columns, camera.width)))
    return (down @ values @ across.T).reshape(7, -1)


def _roughness(floor: Floor) -> float:
    return TEXTURES_ROUGHNESS if floor.roughness is None else floor.roughness


def _between(places: np.ndarray, size: int) -> np.ndarray:
    """The matrix (size, n) float32 that interpolates from evenly spaced positions (n,) to pixel centres."""
    at = (np.arange(size) + 0.5) / (places[1] - places[0])
    return np.maximum(1 - np.abs(at[:, None] - np.arange(len(places))), 0).astype(np.float32)
