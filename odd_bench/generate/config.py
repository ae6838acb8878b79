"""The configuration of a generated data set: defaults here, named presets as YAML beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.configuration import ConfigError, assign, build, did_you_mean, named_texts, to_mapping

__all__ = ["ConfigError", "GenerateConfig", "from_mapping", "load_preset", "presets", "to_mapping", "with_overrides"]


@dataclass(frozen=True)
class OrbitConfig:
    """Cameras: one turn around the scene.

    fill: share of the picture that the objects' outlines span from the nearest place. distance factors: how much further away
    a camera stands; close by, the nearest object hides the others.
    """

    views: int = 20
    pixels: int = 256
    min_elevation_deg: float = 25.0
    max_elevation_deg: float = 50.0
    fill: float = 0.94
    min_distance_factor: float = 1.05
    max_distance_factor: float = 1.3
    focal_mm: float = 30.0
    sensor_mm: float = 36.0


@dataclass(frozen=True)
class SceneConfig:
    """What stands on the floor. rest: `distribution` = each instance draws its own rest pose, `shared` = one for all."""

    min_objects: int = 3
    max_objects: int = 6
    no_anomaly_share: float = 0.1
    second_odd_share: float = 0.35
    min_size_m: float = 0.25
    max_size_m: float = 0.40
    min_gap_m: float = 0.04
    max_gap_m: float = 0.10
    rest: str = "distribution"


@dataclass(frozen=True)
class OddConfig:
    """How odd objects are made. weights: share of each anomaly type. same_type_tries, other_type_tries: draws kept ready.

    min_changed_pixels: visible changed pixels that at least `min_changed_views` views must show.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "crack": 1.2,
            "fracture": 1.2,
            "bump": 0.8,
            "bend": 0.8,
            "twist": 0.8,
            "part_translation": 1.0,
            "part_rotation": 1.0,
            "missing_part": 1.0,
            "material_mismatch": 1.2,
        }
    )
    same_type_tries: int = 4
    other_type_tries: int = 6
    min_changed_pixels: int = 100
    min_changed_views: int = 4


@dataclass(frozen=True)
class RenderSettings:
    """How pictures are made; docs/rendering.md compares the two engines.

    engine: `cycles` traces paths in Blender, `draft` casts rays for direct light and one bounce at a fraction of the cost.
    samples: Cycles samples a pixel, denoised. device: auto, cpu or gpu. threads: a worker's render threads, 0 = all.
    """

    engine: str = "cycles"
    samples: int = 12
    device: str = "auto"
    threads: int = 0


@dataclass(frozen=True)
class GenerateConfig:
    """One data set. splits: scenes a split. scenes_per_shape: how many scenes show the same base shape.

    categories: restrict to these, empty = all. floors, environments: folders of texture sets and HDRIs, None = built in.
    assets: folder of mesh files to use instead of procedural shapes, None = procedural.
    anomalies: ranges and bounds of every way of being odd.
    """

    name: str
    kind: str
    splits: Mapping[str, int]
    version: str = "1.0.0"
    seed: int = 0
    scenes_per_shape: int = 2
    categories: tuple[str, ...] = ()
    depth: bool = True
    assets: str | None = None
    floors: str | None = None
    environments: str | None = None
    scene: SceneConfig = SceneConfig()
    odd: OddConfig = OddConfig()
    anomalies: AnomalyConfig = AnomalyConfig()  # noqa: RUF009
    orbit: OrbitConfig = OrbitConfig()
    render: RenderSettings = RenderSettings()


def presets() -> dict[str, str]:
    """Name of each preset and its YAML text."""
    return named_texts("odd_bench.generate", "presets")


def load_preset(kind: str, name: str) -> GenerateConfig:
    """The preset `name` (nano, mini, full) for `kind` (toys, parts)."""
    available, key = presets(), f"{kind}-{name}"
    if key not in available:
        hint = did_you_mean(key, available)
        raise ConfigError(f"preset: found {name!r} for {kind}; expected one of {list(available)}{hint}")
    return from_mapping(yaml.safe_load(available[key]), where=f"preset {key}")


def from_mapping(values: Mapping[str, Any], where: str) -> GenerateConfig:
    """Build a config from plain values; an unknown key or a value of the wrong type raises ConfigError naming it."""
    return _checked(build(GenerateConfig, values, where), where)


def with_overrides(config: GenerateConfig, assignments: list[str]) -> GenerateConfig:
    """Apply `key.sub=value` assignments, values read as YAML."""
    return _checked(assign(config, assignments), "--set")


def _checked(config: GenerateConfig, where: str) -> GenerateConfig:
    from odd_bench.scene import ANOMALY_TYPES, SPLITS

    scene, orbit, weights = config.scene, config.orbit, config.odd.weights
    splits = SPLITS.get(config.kind, ())
    rules = [
        (config.kind in SPLITS, f"kind {config.kind!r}", f"one of {sorted(SPLITS)}"),
        (set(config.splits) <= set(splits), f"splits {sorted(config.splits)}", f"some of {splits}"),
        (
            all(type(n) is int and n >= 0 for n in config.splits.values()),
            f"splits {dict(config.splits)}",
            "counts >= 0",
        ),
        (
            3 <= scene.min_objects <= scene.max_objects <= 84,
            f"{scene.min_objects} to {scene.max_objects} objects",
            "3 to 84",
        ),
        (scene.rest in ("distribution", "shared"), f"rest {scene.rest!r}", "distribution or shared"),
        (set(weights) <= set(ANOMALY_TYPES), f"anomaly types {sorted(weights)}", f"some of {ANOMALY_TYPES}"),
        (any(w > 0 for w in weights.values()), f"anomaly weights {dict(weights)}", "at least one above 0"),
        (config.render.engine in ("cycles", "draft"), f"engine {config.render.engine!r}", "cycles or draft"),
        (config.render.device in ("auto", "cpu", "gpu"), f"device {config.render.device!r}", "auto, cpu or gpu"),
        (
            orbit.views >= 2 and orbit.pixels >= 16,
            f"{orbit.views} views, {orbit.pixels} pixels",
            ">= 2 views, >= 16 pixels",
        ),
        (config.seed >= 0, f"seed {config.seed}", "a whole number >= 0"),
        (config.scenes_per_shape >= 1, f"scenes_per_shape {config.scenes_per_shape}", "at least 1"),
    ]
    for holds, found, expected in rules:
        if not holds:
            raise ConfigError(f"{where}: found {found}; expected {expected}")
    return config
