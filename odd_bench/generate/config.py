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

    min_clearance_m: from a camera to the nearest object, along its view: closer by, that object would hide the others.
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
    min_clearance_m: float = 0.45
    focal_mm: float = 30.0
    sensor_mm: float = 36.0


RESTS = ("upright", "shared", "tumbled")
USUAL_REST = {"toys": "upright", "parts": "shared"}  # what a data set's name need not say


@dataclass(frozen=True)
class SceneConfig:
    """What stands on the floor.

    rest: `upright` = as the shape settles when it is dropped once from its own upright orientation, `shared` = one pose of a
    random drop for the whole scene, `tumbled` = such a pose for every instance of its own.
    """

    min_objects: int = 3
    max_objects: int = 6
    no_anomaly_share: float = 0.1
    second_odd_share: float = 0.35
    min_size_m: float = 0.25
    max_size_m: float = 0.40
    min_gap_m: float = 0.04
    max_gap_m: float = 0.10
    rest: str = "upright"


@dataclass(frozen=True)
class OddConfig:
    """How odd objects are made. weights: share of each anomaly type. same_type_tries, other_type_tries: draws kept ready.

    scenes_per_variant: scenes of a shape that show the same odd variants, 0 = all of them. A variant never leaves its shape.
    min_patch_pixels: of the largest visible patch that looks different, in pictures of 256 px (of others in proportion), that
    one of the five test views and at least `min_patch_views` views of all must show; cracks in the proportion of their own,
    `anomalies.crack_patch`.
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
    scenes_per_variant: int = 0
    min_patch_pixels: float = 120.0
    min_patch_views: int = 4


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
    """One data set. splits: scenes a split. scenes_per_shape: how many scenes show the same base shape, scenes_per_test_shape: the
    same in the test splits, where many shapes are worth more than many scenes.

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
    scenes_per_test_shape: int = 2
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

    def scenes_a_shape(self, split: str) -> int:
        """How many scenes of this split show the same base shape."""
        return self.scenes_per_test_shape if split.startswith("test") else self.scenes_per_shape


def check(config: GenerateConfig, where: str) -> None:
    """Raise ConfigError at the first value that no data set can be made from."""
    splits, weights = dict(config.splits), dict(config.odd.weights)
    known, counts = SPLITS.get(config.kind, ()), splits.values()
    least, most = config.scene.min_objects, config.scene.max_objects
    views, pixels = config.orbit.views, config.orbit.pixels
    engine, device = config.render.engine, config.render.device
    rules = [
        (config.kind in SPLITS, f"kind {config.kind!r}", f"one of {sorted(SPLITS)}"),
        (set(splits) <= set(known), f"splits {sorted(splits)}", f"some of {known}"),
        (all(type(n) is int and n >= 0 for n in counts), f"splits {splits}", "counts >= 0"),
        (3 <= least <= most <= 84, f"{least} to {most} objects", "3 to 84"),
        *_rest_rules(config.scene.rest),
        (set(weights) <= set(ANOMALY_TYPES), f"anomaly types {sorted(weights)}", f"some of {ANOMALY_TYPES}"),
        (any(weight > 0 for weight in weights.values()), f"anomaly weights {weights}", "at least one above 0"),
        (engine in ("cycles", "draft"), f"engine {engine!r}", "cycles or draft"),
        (device in ("auto", "cpu", "gpu"), f"device {device!r}", "auto, cpu or gpu"),
        (views >= 2 and pixels >= 16, f"{views} views, {pixels} pixels", ">= 2 views, >= 16 pixels"),
        (config.seed >= 0, f"seed {config.seed}", "a whole number >= 0"),
        (2_000 <= config.mesh_faces <= 200_000, f"mesh_faces {config.mesh_faces}", "2000 to 200000"),
        (config.scenes_per_shape >= 1, f"scenes_per_shape {config.scenes_per_shape}", "at least 1"),
        (config.scenes_per_test_shape >= 1, f"scenes_per_test_shape {config.scenes_per_test_shape}", "at least 1"),
        *_variant_rules(config),
    ]
    for holds, found, expected in rules:
        if not holds:
            raise ConfigError(f"{where}: found {found}; expected {expected}")


def _rest_rules(rest: str) -> list[tuple[bool, str, str]]:
    if rest == "distribution":
        return [(False, "scene.rest 'distribution', the old name", "the new one. Hint: --set scene.rest=tumbled")]
    return [(rest in RESTS, f"scene.rest {rest!r}", f"one of {', '.join(RESTS)}{did_you_mean(rest, RESTS)}")]


def _variant_rules(config: GenerateConfig) -> list[tuple[bool, str, str]]:
    """A variant is made from one shape, and a shape stands in one split, so a variant serves no more scenes than its shape."""
    asked, most = config.odd.scenes_per_variant, config.scenes_per_shape
    found = f"odd.scenes_per_variant {asked} with scenes_per_shape {most}"
    expected = f"0 to {most}, since a variant never leaves its shape and split. Hint: --set scenes_per_shape={asked}"
    return [(asked >= 0, f"odd.scenes_per_variant {asked}", "at least 0"), (asked <= most, found, expected)]


CONFIGURATIONS = Configurations(GenerateConfig, "odd_bench.generate", check, folder="presets")
presets, from_mapping, with_overrides = (
    CONFIGURATIONS.named,
    CONFIGURATIONS.from_mapping,
    CONFIGURATIONS.with_overrides,
)


def load_preset(kind: str, name: str) -> GenerateConfig:
    """The preset `name` (nano, mini, full, draft, ...) for `kind` (toys, parts). Raises ConfigError with the presets there are."""
    available, key = presets(), f"{kind}-{name}"
    if key not in available:
        hint = did_you_mean(key, available)
        raise ConfigError(f"preset: found {name!r} for {kind}; expected one of {list(available)}{hint}")
    return CONFIGURATIONS.load(key)
