"""The plan: all random decisions of all scenes, one JSON line per scene, made without geometry and without Blender.

The plan contains draws, not outcomes. A rest pose is a number in [0, 1), which is resolved after the shape has been dropped; a
place is a direction along which the object is moved until it is free; an anomaly is a list of tries. Plans are compared byte by
byte, so draws that involve a sine or a power are rounded: the last digits of these functions differ between processors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, repeat

import numpy as np

from odd_bench.generate.config import GenerateConfig, OddConfig, OrbitConfig, SceneConfig
from odd_bench.plan_line import Orbit, PlanLine, PlannedObject, Try, plan_text
from odd_bench.render.surroundings import BUNDLED_ENVIRONMENTS, draw_environment, draw_floor
from odd_bench.scene import SPLITS
from odd_bench.shapes.catalogue import Catalogue, FromLibrary, Procedural
from odd_bench.shapes.library import Library

PLAN_VERSION = 3
FRAGMENT_SHARE = 1 / 3


def plan_lines(
    config: GenerateConfig,
    catalogue: Catalogue | None = None,
    floors: Sequence[str] = (),
    environments: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the plan of the whole data set, one canonical JSON line per scene.

    catalogue: the base shapes; None = procedural shapes. floors, environments: sorted names; empty = built-in ones.
    """
    catalogue = catalogue or catalogue_of(config)
    for split in SPLITS[config.kind]:
        for index in range(config.splits.get(split, 0)):
            yield plan_text(plan_scene(config, catalogue, split, index, floors, environments))


def plan_scene(
    config: GenerateConfig,
    catalogue: Catalogue,
    split: str,
    index: int,
    floors: Sequence[str] = (),
    environments: Sequence[str] = (),
) -> PlanLine:
    """Draw one scene. The result depends on the configuration, the catalogue, the names, the split and the index alone."""
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, SPLITS[config.kind].index(split), index]))
    number, place = divmod(index, config.scenes_a_shape(split))
    shape = catalogue.base_shape(split, number)
    return PlanLine(
        version=PLAN_VERSION,
        scene=f"{config.kind}-{shape.name}-{index:04d}",
        split=split,
        index=index,
        category=shape.category,
        shape=shape.name,
        shape_seed=shape.seed,
        size_m=round(float(rng.uniform(config.scene.min_size_m, config.scene.max_size_m)), 6),
        gap_m=round(float(rng.uniform(config.scene.min_gap_m, config.scene.max_gap_m)), 6),
        rest=config.scene.rest,
        objects=_with_tries(_draw_objects(rng, config.scene), _variant_tries(config, split, number, place)),
        orbit=_draw_orbit(rng, config.orbit),
        floor=draw_floor(rng, floors),
        environment=draw_environment(rng, environments or BUNDLED_ENVIRONMENTS),
        render_seed=int(rng.integers(1 << 31)),
    )


def catalogue_of(config: GenerateConfig, library: Library | None = None) -> Catalogue:
    """The base shapes of a data set: those of its library if it has one, otherwise the procedural families."""
    shapes = {split: math.ceil(scenes / config.scenes_a_shape(split)) for split, scenes in config.splits.items()}
    if library is not None:
        return FromLibrary(library, config.kind, config.seed, shapes, config.categories)
    loose = config.scene.rest == "upright"
    return Procedural(config.kind, config.seed, shapes, config.categories, loose, config.mesh_faces)


def _draw_objects(rng: np.random.Generator, scene: SceneConfig) -> list[PlannedObject]:
    """Draw normal and odd instances in random order. Fewer than half are odd, and at least two are normal.

    If `scene.odd_alike` is given, this number of objects is odd instead. Two configurations that differ only in it give scenes
    that differ only in which objects are odd.
    """
    objects_wanted = int(rng.integers(scene.min_objects, scene.max_objects + 1))
    most = min((objects_wanted - 1) // 2, objects_wanted - 2)
    odd_count = 0 if rng.random() < scene.no_anomaly_share else 1
    while 0 < odd_count < most and rng.random() < scene.second_odd_share:
        odd_count += 1
    odd_count = odd_count if scene.odd_alike is None else scene.odd_alike
    is_odd = rng.permutation(np.arange(objects_wanted) < odd_count)
    shared_rest = float(rng.random())
    objects = []
    for label in is_odd:
        own_rest = float(rng.random())  # drawn in every mode, so that other draws do not depend on the mode
        objects.append(
            PlannedObject(
                label=int(label),
                rest=own_rest if scene.rest == "tumbled" else shared_rest,
                yaw_rad=round(float(rng.uniform(-math.pi, math.pi)), 6),
                direction_rad=round(float(rng.uniform(-math.pi, math.pi)), 6),
            )
        )
    return objects


def _with_tries(objects: list[PlannedObject], tries: Iterator[tuple[Try, ...]]) -> tuple[PlannedObject, ...]:
    """Give the n-th odd object of a scene the n-th list of tries."""
    return tuple(replace(item, tries=next(tries)) if item.label else item for item in objects)


def _variant_tries(config: GenerateConfig, split: str, number: int, place: int) -> Iterator[tuple[Try, ...]]:
    """Yield lists of tries without end, the same for all scenes that share their variants.

    number: index of the shape in its split. place: index of the scene among those of the shape.
    """
    together = config.odd.scenes_per_variant or config.scenes_a_shape(split)
    for nth in count() if config.scene.odd_alike is None else repeat(0):
        entropy = [config.seed, 811, SPLITS[config.kind].index(split), number, place // together, nth]
        yield draw_tries(np.random.default_rng(np.random.SeedSequence(entropy)), config.odd)


def draw_tries(rng: np.random.Generator, odd: OddConfig) -> tuple[Try, ...]:
    """Draw anomaly types and their seeds in the order in which they are tried: one type several times, then the others."""
    types = sorted(odd.weights)
    weights = np.array([odd.weights[name] for name in types], float)
    order = rng.choice(len(types), size=int((weights > 0).sum()), replace=False, p=weights / weights.sum())
    others = [types[order[k % len(order)]] for k in range(1, odd.other_type_tries + 1)]
    wanted = [types[order[0]]] * odd.same_type_tries + others
    return tuple(_draw_try(rng, name) for name in wanted)


def _draw_try(rng: np.random.Generator, name: str) -> Try:
    """Draw one try. A third of the material mismatches are on a fragment instead of a part."""
    seed, on_fragment = int(rng.integers(1 << 31)), bool(rng.random() < FRAGMENT_SHARE)
    return Try(name, seed, on_fragment if name == "material_mismatch" else None)


def _draw_orbit(rng: np.random.Generator, orbit: OrbitConfig) -> Orbit:
    """Draw one full circle of distinct azimuths, with slowly varying elevation and distance."""
    turn = np.arange(orbit.views) / orbit.views
    jitter = rng.uniform(-0.2, 0.2, orbit.views) / orbit.views
    sense = 1 if rng.random() < 0.5 else -1
    azimuth = rng.uniform(-math.pi, math.pi) + sense * 2 * math.pi * (turn + jitter)
    elevation = _wave(rng, turn, orbit.min_elevation_deg, orbit.max_elevation_deg)
    distance = _wave(rng, turn, orbit.min_distance_factor, orbit.max_distance_factor)
    return Orbit(
        azimuth_rad=tuple(np.round(azimuth, 6).tolist()),
        elevation_deg=tuple(np.round(elevation, 4).tolist()),
        distance_factor=tuple(np.round(distance, 5).tolist()),
    )


def _wave(rng: np.random.Generator, turn: np.ndarray, low: float, high: float) -> np.ndarray:
    """Draw a smooth periodic curve between two bounds."""
    amplitude = rng.uniform(0.2, 1.0) * (high - low) / 2
    middle = rng.uniform(low + amplitude, high - amplitude)
    phase, cycles = rng.uniform(0, 2 * math.pi), rng.integers(1, 4)
    return middle + amplitude * np.sin(2 * math.pi * cycles * turn + phase)
