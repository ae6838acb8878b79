"""The configuration of a run: defaults in the file of each block, named set-ups as YAML in configs/."""

# ruff: noqa: RUF009 - the defaults are frozen dataclasses

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from importlib import resources
from typing import Any

import yaml

from odd_bench.data.augment import AugmentConfig
from odd_bench.detector.attention import AttentionConfig
from odd_bench.detector.backbone import BackboneConfig
from odd_bench.detector.boxes import BoxConfig
from odd_bench.detector.canonical import CanonicalConfig
from odd_bench.detector.classifier import ClassifierConfig
from odd_bench.detector.grid import VoxelGrid
from odd_bench.detector.heads import HeadsConfig
from odd_bench.detector.losses import LossConfig
from odd_bench.detector.matching import MatchingConfig
from odd_bench.detector.render import RenderConfig
from odd_bench.detector.roi import RoiConfig
from odd_bench.detector.teacher import TeacherConfig
from odd_bench.detector.unet3d import Unet3dConfig
from odd_bench.errors import WrongUse
from odd_bench.training_config import TrainConfig

CHOICES = {
    "attention.kind": ("none", "dense", "sparse"),
    "teacher.kind": ("none", "dinov2", "efficientnet-lite0", "canonical"),
    "boxes.source": ("predicted", "oracle-count", "oracle-box"),
    "volume.norm": ("batch", "group"),
    "interpolation": ("bilinear", "nearest"),
}


@dataclass(frozen=True)
class DetectorConfig:
    """One detector, block by block. interpolation: of backprojection, `bilinear` or `nearest`."""

    grid: VoxelGrid = VoxelGrid()
    interpolation: str = "bilinear"
    backbone: BackboneConfig = BackboneConfig()
    volume: Unet3dConfig = Unet3dConfig()
    heads: HeadsConfig = HeadsConfig()
    render: RenderConfig = RenderConfig()
    teacher: TeacherConfig = TeacherConfig()
    canonical: CanonicalConfig = CanonicalConfig()
    boxes: BoxConfig = BoxConfig()
    roi: RoiConfig = RoiConfig()
    matching: MatchingConfig = MatchingConfig()
    attention: AttentionConfig = AttentionConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    loss: LossConfig = LossConfig()


@dataclass(frozen=True)
class RunConfig:
    """A detector and how it is trained."""

    name: str = "paper"
    model: DetectorConfig = DetectorConfig()
    train: TrainConfig = TrainConfig()
    augment: AugmentConfig = AugmentConfig()


def named_configs() -> dict[str, str]:
    """Name of each configuration and its YAML text."""
    folder = resources.files("odd_bench.detector") / "configs"
    files = [file for file in folder.iterdir() if file.name.endswith(".yaml")]
    return {file.name.removesuffix(".yaml"): file.read_text() for file in sorted(files, key=lambda file: file.name)}


def load_config(name: str) -> RunConfig:
    """The named configuration. Raises WrongUse with the names there are."""
    available = named_configs()
    if name not in available:
        raise WrongUse(f"--config: found {name!r}; expected one of {', '.join(available)}{_near(name, available)}")
    return from_mapping({"name": name, **yaml.safe_load(available[name])}, f"configuration {name}")


def from_mapping(values: Mapping[str, Any], where: str) -> RunConfig:
    """Build a configuration from plain values; WrongUse names an unknown key, with its nearest, or a wrong value."""
    config = _built(RunConfig, values, where)
    check(config, where)
    return config


def to_mapping(config: RunConfig) -> dict[str, Any]:
    """The resolved configuration as plain JSON values."""
    return json.loads(json.dumps(asdict(config)))


def with_overrides(config: RunConfig, assignments: list[str]) -> RunConfig:
    """Apply `model.attention.kind=dense` assignments, values read as YAML."""
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise WrongUse(f"--set: found {assignment!r}; expected key=value, for example train.batch=2")
        config = _assigned(config, path.split("."), yaml.safe_load(text), f"--set {path}")
    check(config, "--set")
    return config


def check(config: RunConfig, where: str) -> None:
    """Raise WrongUse at the first value that no detector can be built from."""
    for path, choices in CHOICES.items():
        value = config.model
        for name in path.split("."):
            value = getattr(value, name)
        if value not in choices:
            found = f"{where}: model.{path}: found {value!r}; expected one of {', '.join(choices)}"
            raise WrongUse(f"{found}{_near(str(value), choices)}")
    model = config.model
    divisor = 2 ** (len(model.volume.channels) - 1)
    if any(count % divisor for count in model.grid.counts):
        raise WrongUse(f"{where}: model.grid.counts: found {model.grid.counts}; expected multiples of {divisor}")
    if model.volume.channels[0] != model.backbone.width:
        found = f"{model.volume.channels[0]} and {model.backbone.width}"
        raise WrongUse(f"{where}: model.volume.channels[0], model.backbone.width: found {found}; expected equal widths")
    if model.attention.width % model.attention.heads:
        found = f"{model.attention.width} for {model.attention.heads} heads"
        raise WrongUse(f"{where}: model.attention.width: found {found}; expected a multiple")


def _built(cls: type, values: Any, where: str):
    if not isinstance(values, Mapping):
        raise WrongUse(f"{where}: found {values!r}; expected keys of {cls.__name__}")
    known = {field.name: field.default for field in fields(cls)}
    made = {}
    for key, value in values.items():
        if key not in known:
            raise WrongUse(f"{where}: found unknown key {key!r}; expected one of {sorted(known)}{_near(key, known)}")
        made[key] = _value(known[key], value, f"{where}: {key}")
    return cls(**made)


def _assigned(config: Any, path: list[str], value: Any, where: str):
    known = {field.name for field in fields(config)}
    if path[0] not in known:
        raise WrongUse(
            f"{where}: found unknown key {path[0]!r}; expected one of {sorted(known)}{_near(path[0], known)}"
        )
    current = getattr(config, path[0])
    if len(path) == 1:
        return replace(config, **{path[0]: _value(current, value, where)})
    if not is_dataclass(current):
        raise WrongUse(f"{where}: {path[0]!r} holds one value; expected no further key after it")
    return replace(config, **{path[0]: _assigned(current, path[1:], value, where)})


def _value(default: Any, value: Any, where: str) -> Any:
    if is_dataclass(default):
        return _built(type(default), value, where)
    if isinstance(default, tuple):
        if not isinstance(value, (list, tuple)):
            raise WrongUse(f"{where}: found {value!r}; expected a list like {list(default)}")
        return tuple(_value(default[0], item, where) for item in value)
    if default is None or value is None:
        return tuple(value) if isinstance(value, list) else value
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise WrongUse(f"{where}: found {value!r}; expected a value like {default!r}")
    return value


def _near(key: str, known) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    return f". Did you mean {near[0]!r}?" if near else ""
