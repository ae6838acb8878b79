"""The plan: every random decision of every scene, one JSON line a scene, without geometry and without Blender.

The plan holds draws, not outcomes: a rest pose is a number in [0, 1) resolved once the shape has been dropped, a place is a
direction along which the object is pushed out until it is free, an anomaly is a list of tries.
"""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from odd_bench.generate.config import GenerateConfig, OddConfig, OrbitConfig, SceneConfig
from odd_bench.generate.surroundings import BUNDLED_ENVIRONMENTS, draw_environment, draw_floor
from odd_bench.scene import SPLITS
from odd_bench.shapes.catalogue import CatalogueError, categories

PLAN_VERSION = 1


def plan_lines(config: GenerateConfig, floors: Sequence[str] = (), environments: Sequence[str] = ()) -> Iterator[str]:
    """The plan of the whole data set, one canonical JSON line a scene. floors, environments: sorted file or folder names."""
    for split in SPLITS[config.kind]:
        for index in range(config.splits.get(split, 0)):
            yield canonical(plan_scene(config, split, index, floors, environments))


def plan_scene(
    config: GenerateConfig, split: str, index: int, floors: Sequence[str] = (), environments: Sequence[str] = ()
) -> dict:
    """The draws of one scene: a function of the configuration, the split and the index alone."""
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, SPLITS[config.kind].index(split), index]))
    category, instance = base_shape(config, split, index)
    shape = f"{category}-{instance:04d}"
    return {
        "version": PLAN_VERSION,
        "scene": f"{config.kind}-{shape}-{index:04d}",
        "split": split,
        "index": index,
        "category": category,
        "shape": shape,
        "shape_seed": _shape_seed(config, category, instance),
        "size_m": round(float(rng.uniform(config.scene.min_size_m, config.scene.max_size_m)), 6),
        "gap_m": round(float(rng.uniform(config.scene.min_gap_m, config.scene.max_gap_m)), 6),
        "objects": _draw_objects(rng, config.scene, config.odd),
        "orbit": _draw_orbit(rng, config.orbit),
        "floor": draw_floor(rng, floors),
        "environment": draw_environment(rng, environments or BUNDLED_ENVIRONMENTS),
        "render_seed": int(rng.integers(1 << 31)),
    }


def base_shape(config: GenerateConfig, split: str, index: int) -> tuple[str, int]:
    """Category and instance number of the shape a scene shows; no instance number occurs in two splits."""
    names = categories(config.kind, split, config.categories)
    if not names:
        found = f"found only {', '.join(config.categories)}"
        hint = f"Hint: add one of {', '.join(categories(config.kind, split)[:5])}, or --set splits.{split}=0"
        raise CatalogueError(f"categories: {found}; expected at least one of split {split}. {hint}")
    order = np.random.default_rng(np.random.SeedSequence([config.seed, 977, zlib.crc32(split.encode())])).permutation(
        len(names)
    )
    number = index // config.scenes_per_shape
    first = 0
    for earlier in SPLITS[config.kind]:
        if earlier == split:
            break
        if set(categories(config.kind, earlier, config.categories)) & set(names):
            shapes = math.ceil(config.splits.get(earlier, 0) / config.scenes_per_shape)
            first += math.ceil(shapes / len(names))
    return names[order[number % len(names)]], first + number // len(names)


def canonical(line: dict) -> str:
    """The one way a plan line is written: sorted keys, no blanks, no NaN."""
    return json.dumps(line, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(line: str) -> str:
    """sha256 of a plan line, as stored with the scene made from it."""
    return hashlib.sha256(line.encode()).hexdigest()


def _shape_seed(config: GenerateConfig, category: str, instance: int) -> int:
    entropy = [config.seed, zlib.crc32(category.encode()), instance]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0] >> 1)


def _draw_objects(rng: np.random.Generator, scene: SceneConfig, odd: OddConfig) -> list[dict]:
    """Normal and odd instances in random order; the odd ones are fewer than half, a pair of normal ones always remains."""
    count = int(rng.integers(scene.min_objects, scene.max_objects + 1))
    most = min((count - 1) // 2, count - 2)
    odd_count = 0 if rng.random() < scene.no_anomaly_share else 1
    while 0 < odd_count < most and rng.random() < scene.second_odd_share:
        odd_count += 1
    is_odd = rng.permutation(np.arange(count) < odd_count)
    shared_rest = float(rng.random())
    objects = []
    for label in is_odd:
        own_rest = float(rng.random())
        drawn = {
            "label": int(label),
            "rest": shared_rest if scene.rest == "shared" else own_rest,
            "yaw_rad": round(float(rng.uniform(-math.pi, math.pi)), 6),
            "direction_rad": round(float(rng.uniform(-math.pi, math.pi)), 6),
        }
        tries = draw_tries(rng, odd)  # drawn for normal objects too: the label shifts no other draw
        objects.append({**drawn, "tries": tries} if label else drawn)
    return objects


def draw_tries(rng: np.random.Generator, odd: OddConfig) -> list[dict]:
    """Anomaly types with seeds in the order they are tried: first one type several times, then the others."""
    types = sorted(odd.weights)
    weights = np.array([odd.weights[name] for name in types], float)
    order = rng.choice(len(types), size=int((weights > 0).sum()), replace=False, p=weights / weights.sum())
    others = [types[order[k % len(order)]] for k in range(1, odd.other_type_tries + 1)]
    wanted = [types[order[0]]] * odd.same_type_tries + others
    return [{"type": name, "seed": int(rng.integers(1 << 31))} for name in wanted]


def _draw_orbit(rng: np.random.Generator, orbit: OrbitConfig) -> dict:
    """One full turn of distinct azimuths with slowly varying elevation and distance."""
    turn = np.arange(orbit.views) / orbit.views
    jitter = rng.uniform(-0.2, 0.2, orbit.views) / orbit.views
    sense = 1 if rng.random() < 0.5 else -1
    azimuth = rng.uniform(-math.pi, math.pi) + sense * 2 * math.pi * (turn + jitter)
    elevation = _wave(rng, turn, orbit.min_elevation_deg, orbit.max_elevation_deg)
    distance = _wave(rng, turn, 1.0, orbit.max_distance_factor)
    return {
        "azimuth_rad": np.round(azimuth, 6).tolist(),
        "elevation_deg": np.round(elevation, 4).tolist(),
        "distance_factor": np.round(distance, 5).tolist(),
    }


def _wave(rng: np.random.Generator, turn: np.ndarray, low: float, high: float) -> np.ndarray:
    """A smooth periodic curve that stays between two bounds."""
    amplitude = rng.uniform(0.2, 1.0) * (high - low) / 2
    middle = rng.uniform(low + amplitude, high - amplitude)
    phase, cycles = rng.uniform(0, 2 * math.pi), rng.integers(1, 4)
    return middle + amplitude * np.sin(2 * math.pi * cycles * turn + phase)
