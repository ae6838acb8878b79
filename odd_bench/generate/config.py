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
    """Cameras: one turn around the scene."""

    views: int = 20
    """Number of views of a scene."""
    pixels: int = 256
    """Side of a picture, pixels."""
    min_elevation_deg: float = 25.0
    """Least height of a camera above the floor, degrees seen from the objects."""
    max_elevation_deg: float = 50.0
    """Greatest height of a camera above the floor, degrees."""
    fill: float = 0.94
    """Share of the picture that the objects' outlines span from the nearest place of a camera."""
    min_distance_factor: float = 1.02
    """How much further away than the nearest place a camera stands, at least."""
    max_distance_factor: float = 1.18
    """How much further away than the nearest place a camera stands, at most."""
    min_clearance_m: float = 0.45
    """Least distance of a camera from the nearest object, along its view, metres; closer by, that object would hide
    the others.
    """
    focal_mm: float = 30.0
    """Focal length, millimetres."""
    sensor_mm: float = 36.0
    """Width of the sensor, millimetres."""


RESTS = ("upright", "shared", "tumbled")


@dataclass(frozen=True)
class SceneConfig:
    """What stands on the floor."""

    min_objects: int = 3
    """Fewest objects of a scene, at least 3."""
    max_objects: int = 6
    """Most objects of a scene."""
    no_anomaly_share: float = 0.1
    """Share of scenes without an odd object, in [0, 1]."""
    second_odd_share: float = 0.35
    """Chance that one more object is odd, as long as the odd ones stay fewer than half."""
    odd_alike: int | None = None
    """So many objects of every scene, be they the majority, show one and the same odd variant; null = how many are odd
    is drawn, and each is odd in a way of its own.
    """
    min_size_m: float = 0.25
    """Least length of the largest side of the shape, metres."""
    max_size_m: float = 0.40
    """Greatest length of the largest side of the shape, metres."""
    min_gap_m: float = 0.04
    """Least gap between neighbours, metres."""
    max_gap_m: float = 0.10
    """Greatest gap between neighbours, metres."""
    rest: str = "upright"
    """`upright`: as the shape settles when it is dropped once from its own upright orientation. `shared`: one pose of
    a random drop for the whole scene. `tumbled`: a pose of a random drop for each instance.
    """


@dataclass(frozen=True)
class OddConfig:
    """How odd objects are made."""

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
    """Relative frequency of each anomaly type."""
    same_type_tries: int = 4
    """Tries of the type drawn first that are kept ready."""
    other_type_tries: int = 6
    """Tries of other types that are kept ready."""
    scenes_per_variant: int = 0
    """Scenes of a shape that show the same odd variants, 0 = all of them. A variant never leaves its shape."""
    min_patch_pixels: float = 120.0
    """Least size of the largest visible patch that looks different, pixels of a picture of 256 px (others in
    proportion), in one of the five test views and in `min_patch_views` of all views; cracks have a proportion of
    their own, `anomalies.crack_patch`.
    """
    min_patch_views: int = 4
    """Number of all views of the scene that must show such a patch."""


@dataclass(frozen=True)
class RenderSettings:
    """How pictures are made; docs/explanation/rendering.md compares the two engines."""

    engine: str = "cycles"
    """`cycles` traces paths in Blender, `draft` casts rays for direct light and one bounce at a fraction of the cost."""
    samples: int = 12
    """Samples a pixel of Cycles, denoised."""
    device: str = "auto"
    """`auto`, `cpu` or `gpu`."""
    threads: int = 0
    """Render threads of a worker, 0 = all."""


@dataclass(frozen=True)
class GenerateConfig:
    """One data set."""

    name: str
    """Name of the data set, which tables and prediction files state."""
    kind: str
    """`toys` or `parts`."""
    splits: Mapping[str, int]
    """Number of scenes of each split."""
    version: str = "1.0.0"
    """Version of the data, raised when they are made anew with other content."""
    seed: int = 0
    """Seed of every random draw; 0 is a seed."""
    scenes_per_shape: int = 2
    """Number of scenes that show the same base shape."""
    scenes_per_test_shape: int = 2
    """The same in the test splits, where many shapes are worth more than many scenes."""
    categories: tuple[str, ...] = ()
    """Categories to restrict to, empty = all."""
    mesh_faces: int = 50_000
    """About how many faces a procedural toy has; parts have as many as their edges ask for."""
    depth: bool = True
    """Whether depth is stored with the pictures."""
    assets: str | None = None
    """Folder of mesh files to use instead of procedural shapes, None = procedural."""
    floors: str | None = None
    """Folder of texture sets, None = built in."""
    environments: str | None = None
    """Folder of HDRIs, None = built in."""
    scene: SceneConfig = SceneConfig()
    """What stands on the floor."""
    odd: OddConfig = OddConfig()
    """How odd objects are made."""
    anomalies: AnomalyConfig = AnomalyConfig()  # noqa: RUF009
    """Ranges and bounds of every way of being odd."""
    orbit: OrbitConfig = OrbitConfig()
    """Where the cameras stand."""
    render: RenderSettings = RenderSettings()
    """How pictures are made."""

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
        *_alike_rules(config.scene),
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


def _alike_rules(scene: SceneConfig) -> list[tuple[bool, str, str]]:
    """Some of the objects are odd and some are not."""
    alike, most = scene.odd_alike, scene.min_objects - 1
    return [] if alike is None else [(1 <= alike <= most, f"scene.odd_alike {alike}", f"null or 1 to {most}")]


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
        named = [preset.removeprefix(f"{kind}-") for preset in available if preset.startswith(f"{kind}-")]
        raise ConfigError(
            f"--preset: found {name!r} for {kind}; expected one of {', '.join(named)}{did_you_mean(name, named)}"
        )
    return CONFIGURATIONS.load(key)
