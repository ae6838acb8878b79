"""The configuration of a generated data set: the defaults here, and named presets as YAML files in `presets/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.configuration import ConfigError, Configurations, did_you_mean, to_mapping
from odd_bench.scene import ANOMALY_TYPES, SPLITS

__all__ = ["ConfigError", "GenerateConfig", "from_mapping", "load_preset", "presets", "to_mapping", "with_overrides"]


@dataclass(frozen=True)
class OrbitConfig:
    """The cameras: one orbit around the scene."""

    views: int = 20
    """Number of views of a scene."""
    pixels: int = 256
    """Width and height of a picture, in pixels."""
    min_elevation_deg: float = 25.0
    """Smallest elevation angle of a camera, in degrees."""
    max_elevation_deg: float = 50.0
    """Largest elevation angle of a camera, in degrees."""
    fill: float = 0.94
    """Fraction of the picture's width or height that the objects span from the nearest possible camera."""
    min_distance_factor: float = 1.02
    """Smallest distance of a camera, as a multiple of the nearest possible one."""
    max_distance_factor: float = 1.18
    """Largest distance of a camera, as a multiple of the nearest possible one."""
    min_clearance_m: float = 0.45
    """Smallest distance between a camera and the nearest object along the viewing direction, in metres. A closer object
    would hide the others.
    """
    focal_mm: float = 30.0
    """Focal length in millimetres."""
    sensor_mm: float = 36.0
    """Width of the sensor in millimetres."""


RESTS = ("upright", "shared", "tumbled")


@dataclass(frozen=True)
class SceneConfig:
    """The objects of a scene."""

    min_objects: int = 3
    """Smallest number of objects, at least 3."""
    max_objects: int = 6
    """Largest number of objects."""
    no_anomaly_share: float = 0.1
    """Fraction of scenes without an odd object, in [0, 1]."""
    second_odd_share: float = 0.35
    """Probability of each further odd object, as long as fewer than half of the objects are odd."""
    odd_alike: int | None = None
    """Number of objects of every scene that show the same odd variant, even if they are the majority; null = the number
    of odd objects is drawn, and each shows a variant of its own.
    """
    min_size_m: float = 0.25
    """Smallest length of the shape's largest side, in metres."""
    max_size_m: float = 0.40
    """Largest length of the shape's largest side, in metres."""
    min_gap_m: float = 0.04
    """Smallest gap between neighbours, in metres."""
    max_gap_m: float = 0.10
    """Largest gap between neighbours, in metres."""
    rest: str = "upright"
    """Rest pose of the objects. `upright`: the shape is dropped once from its upright orientation. `shared`: one random
    drop for the whole scene. `tumbled`: one random drop for each instance.
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
    """Number of planned tries of the anomaly type drawn first."""
    other_type_tries: int = 6
    """Number of planned tries of other anomaly types, for use if all tries of the first type are refused."""
    scenes_per_variant: int = 0
    """Number of scenes of a shape that show the same odd variants; 0 = all scenes of the shape."""
    min_patch_pixels: float = 120.0
    """Smallest number of pixels of the largest visible patch that looks different, in a picture of 256 px (other sizes in
    proportion). One of the five test views, and `min_patch_views` of all views, must show such a patch. For cracks,
    `anomalies.crack_patch` scales this number.
    """
    min_patch_views: int = 4
    """Number of views, among all of the scene, that must show such a patch."""


@dataclass(frozen=True)
class RenderSettings:
    """How pictures are rendered. docs/explanation/rendering.md compares the two engines."""

    engine: str = "cycles"
    """Render engine. `cycles`: path tracing in Blender. `draft`: ray casting of direct light and one bounce, at a
    fraction of the cost.
    """
    samples: int = 12
    """Number of samples per pixel of Cycles, before denoising."""
    device: str = "auto"
    """Device of Cycles: `auto`, `cpu` or `gpu`."""
    threads: int = 0
    """Number of render threads of each worker; 0 = all."""


@dataclass(frozen=True)
class GenerateConfig:
    """One data set."""

    name: str
    """Name of the data set, which appears in tables and prediction files."""
    kind: str
    """Kind of shapes: `toys` or `parts`."""
    splits: Mapping[str, int]
    """Number of scenes of each split."""
    version: str = "1.0.0"
    """Version of the data set. Data of another content need another version."""
    seed: int = 0
    """Seed of all random draws."""
    scenes_per_shape: int = 2
    """Number of scenes that show the same base shape, except in test splits."""
    scenes_per_test_shape: int = 2
    """Number of scenes that show the same base shape in test splits, where many shapes matter more than many scenes."""
    categories: tuple[str, ...] = ()
    """Categories to use; empty = all."""
    mesh_faces: int = 50_000
    """Approximate number of faces of a procedural toy. The number of faces of a part depends on its edges."""
    depth: bool = True
    """Whether depth is stored with the pictures."""
    assets: str | None = None
    """Folder of mesh files to use instead of procedural shapes; None = procedural shapes."""
    floors: str | None = None
    """Folder of texture sets for floors; None = built-in floors."""
    environments: str | None = None
    """Folder of HDRI environment maps; None = built-in environments."""
    scene: SceneConfig = SceneConfig()
    """The objects of a scene."""
    odd: OddConfig = OddConfig()
    """How odd objects are made."""
    anomalies: AnomalyConfig = AnomalyConfig()  # noqa: RUF009
    """Parameters of every anomaly type."""
    orbit: OrbitConfig = OrbitConfig()
    """The cameras."""
    render: RenderSettings = RenderSettings()
    """How pictures are rendered."""

    def scenes_a_shape(self, split: str) -> int:
        """Number of scenes of this split that show the same base shape."""
        return self.scenes_per_test_shape if split.startswith("test") else self.scenes_per_shape


def check(config: GenerateConfig, where: str) -> None:
    """Raise ConfigError for the first invalid value."""
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
    """In every scene, at least one object is odd and at least one is not."""
    alike, most = scene.odd_alike, scene.min_objects - 1
    return [] if alike is None else [(1 <= alike <= most, f"scene.odd_alike {alike}", f"null or 1 to {most}")]


def _variant_rules(config: GenerateConfig) -> list[tuple[bool, str, str]]:
    """A variant belongs to one shape, and a shape to one split, so a variant appears in no more scenes than its shape."""
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
    """Load the preset `name` (nano, mini, full, draft, ...) for `kind` (toys, parts).

    Raises ConfigError, with the available presets, if there is no such preset.
    """
    available, key = presets(), f"{kind}-{name}"
    if key not in available:
        named = [preset.removeprefix(f"{kind}-") for preset in available if preset.startswith(f"{kind}-")]
        raise ConfigError(
            f"--preset: found {name!r} for {kind}; expected one of {', '.join(named)}{did_you_mean(name, named)}"
        )
    return CONFIGURATIONS.load(key)
