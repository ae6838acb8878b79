"""The configuration of a generated data set: defaults here, named presets as YAML beside this file."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from importlib import resources
from typing import Any

import yaml

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.errors import WrongUse


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
    """samples: Cycles samples a pixel, denoised. device: auto, cpu or gpu. threads: a worker's render threads, 0 = all."""

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


class ConfigError(WrongUse):
    """A configuration that cannot be used; the message says where, found, expected and a hint."""


def presets() -> dict[str, str]:
    """Name of each preset and its YAML text."""
    folder = resources.files("odd_bench.generate") / "presets"
    return {
        file.name.removesuffix(".yaml"): file.read_text() for file in folder.iterdir() if file.name.endswith(".yaml")
    }


def load_preset(kind: str, name: str) -> GenerateConfig:
    """The preset `name` (nano, mini, full) for `kind` (toys, parts)."""
    available = presets()
    key = f"{kind}-{name}"
    if key not in available:
        names = sorted(available)
        raise ConfigError(f"preset: found {name!r} for {kind}; expected one of {names}{_hint(key, names)}")
    return from_mapping(yaml.safe_load(available[key]), where=f"preset {key}")


def from_mapping(values: Mapping[str, Any], where: str) -> GenerateConfig:
    """Build a config from plain values; an unknown key or a value of the wrong type raises ConfigError naming it."""
    config = _build(GenerateConfig, values, where)
    _check(config, where)
    return config


def with_overrides(config: GenerateConfig, assignments: list[str]) -> GenerateConfig:
    """Apply `key.sub=value` assignments, values read as YAML."""
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--set: found {assignment!r}; expected key=value, for example orbit.pixels=128")
        config = _assigned(config, path.split("."), yaml.safe_load(text), path)
    _check(config, "--set")
    return config


def to_mapping(config: GenerateConfig) -> dict[str, Any]:
    """The resolved configuration as plain JSON values."""
    return json.loads(json.dumps(asdict(config)))


def _build(cls: type, values: Mapping[str, Any], where: str):
    known = {f.name: f for f in fields(cls)}
    made = {}
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{where}: found unknown key {key!r}; expected one of {sorted(known)}{_hint(key, known)}")
        made[key] = _value(known[key].default, value, f"{where}: {key}")
    missing = [name for name in ("name", "kind", "splits") if cls is GenerateConfig and name not in made]
    if missing:
        raise ConfigError(f"{where}: found no {missing}; expected these keys in every data set configuration")
    return cls(**made)


def _assigned(config, path: list[str], value: Any, where: str):
    known = {f.name for f in fields(config)}
    if path[0] not in known:
        raise ConfigError(
            f"--set {where}: found unknown key {path[0]!r}; expected one of {sorted(known)}{_hint(path[0], known)}"
        )
    current = getattr(config, path[0])
    if len(path) == 1:
        return replace(config, **{path[0]: _value(current, value, f"--set {where}")})
    if isinstance(current, Mapping):
        return replace(config, **{path[0]: {**current, path[1]: value}})
    if not is_dataclass(current):
        raise ConfigError(f"--set {where}: {path[0]!r} holds one value; expected no further key after it")
    return replace(config, **{path[0]: _assigned(current, path[1:], value, where)})


def _value(default: Any, value: Any, where: str) -> Any:
    if is_dataclass(default):
        return _build(type(default), value, where)
    if isinstance(default, tuple):
        return tuple(value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(default, (bool, int, float, str)) and type(value) is not type(default):
        raise ConfigError(f"{where}: found {value!r}; expected a value like {default!r}")
    return value


def _check(config: GenerateConfig, where: str) -> None:
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


def _hint(key: str, known) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    return f". Did you mean {near[0]!r}?" if near else ""
