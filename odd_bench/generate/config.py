"""The configuration of a generated data set: defaults here, named presets as YAML beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.configuration import ConfigError, Configurations, did_you_mean, to_mapping
from odd_bench.scene import ANOMALY_TYPES, SPLITS

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
    min_distance_factor: float = 1.02
    max_distance_factor: float = 1.18
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
    assets: folder of mesh files to use instead of procedural shapes, None = procedural. mesh_faces: about how many faces a
    procedural toy has; parts have as many as their edges ask for.
    anomalies: ranges and bounds of every way of being odd.
    """

    name: str
    kind: str
    splits: Mapping[str, int]
    version: str = "1.0.0"
    seed: int = 0
    scenes_per_shape: int = 2
    categories: tuple[str, ...] = ()
    mesh_faces: int = 50_000
    depth: bool = True
    assets: str | None = None
    floors: str | None = None
    environments: str | None = None
    scene: SceneConfig = SceneConfig()
    odd: OddConfig = OddConfig()
    anomalies: AnomalyConfig = AnomalyConfig()  # noqa: RUF009
    orbit: OrbitConfig = OrbitConfig()
    render: RenderSettings = RenderSettings()


def check(config: GenerateConfig, where: str) -> None:
    """Raise ConfigError at the first value that no data set can be made from."""
    splits, weights, rest = dict(config.splits), dict(config.odd.weights), config.scene.rest
    known, counts = SPLITS.get(config.kind, ()), splits.values()
    least, most = config.scene.min_objects, config.scene.max_objects
    views, pixels = config.orbit.views, config.orbit.pixels
    engine, device = config.render.engine, config.render.device
    rules = [
        (config.kind in SPLITS, f"kind {config.kind!r}", f"one of {sorted(SPLITS)}"),
        (set(splits) <= set(known), f"splits {sorted(splits)}", f"some of {known}"),
        (all(type(n) is int and n >= 0 for n in counts), f"splits {splits}", "counts >= 0"),
        (3 <= least <= most <= 84, f"{least} to {most} objects", "3 to 84"),
        (rest in ("distribution", "shared"), f"rest {rest!r}", "distribution or shared"),
        (set(weights) <= set(ANOMALY_TYPES), f"anomaly types {sorted(weights)}", f"some of {ANOMALY_TYPES}"),
        (any(weight > 0 for weight in weights.values()), f"anomaly weights {weights}", "at least one above 0"),
        (engine in ("cycles", "draft"), f"engine {engine!r}", "cycles or draft"),
        (device in ("auto", "cpu", "gpu"), f"device {device!r}", "auto, cpu or gpu"),
        (views >= 2 and pixels >= 16, f"{views} views, {pixels} pixels", ">= 2 views, >= 16 pixels"),
        (config.seed >= 0, f"seed {config.seed}", "a whole number >= 0"),
        (2_000 <= config.mesh_faces <= 200_000, f"mesh_faces {config.mesh_faces}", "2000 to 200000"),
        (config.scenes_per_shape >= 1, f"scenes_per_shape {config.scenes_per_shape}", "at least 1"),
    ]
    for holds, found, expected in rules:
        if not holds:
            raise ConfigError(f"{where}: found {found}; expected {expected}")


CONFIGURATIONS = Configurations(GenerateConfig, "odd_bench.generate", check, folder="presets")
presets, from_mapping, with_overrides = (
    CONFIGURATIONS.named,
    CONFIGURATIONS.from_mapping,
    CONFIGURATIONS.with_overrides,
)


def load_preset(kind: str, name: str) -> GenerateConfig:
    """The preset `name` (nano, mini, full, draft) for `kind` (toys, parts). Raises ConfigError with the presets there are."""
    available, key = presets(), f"{kind}-{name}"
    if key not in available:
        hint = did_you_mean(key, available)
        raise ConfigError(f"preset: found {name!r} for {kind}; expected one of {list(available)}{hint}")
    return CONFIGURATIONS.load(key)
