"""A line of `plan.jsonl`: all random decisions about a scene, made before the scene itself.

A plan line holds draws, not outcomes; every stage of generation is a function of it. `read_plan_line` and `plan_text`
are the only conversions from text to values and back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

Color = tuple[float, float, float]


@dataclass(frozen=True)
class PlannedScene:
    """The part of a plan line that generated and imported data sets share.

    scene: its name. index: its position in its split, from 0.
    """

    scene: str
    split: str
    index: int
    category: str
    shape: str


@dataclass(frozen=True)
class Try:
    """One attempt at an odd object. type: one of scene.ANOMALY_TYPES. seed: of every draw of the attempt.

    fragment: whether a wrong material covers a fragment instead of a part; None for all other types.
    """

    type: str
    seed: int
    fragment: bool | None = None


@dataclass(frozen=True)
class PlannedObject:
    """One instance. label: 1 = anomalous. yaw_rad: about +z. direction_rad: in which it is moved until it touches no other object.

    rest: in [0, 1), selects one of the shape's rest poses. tries: in the order in which they are made; None for a normal object.
    """

    label: int
    rest: float
    yaw_rad: float
    direction_rad: float
    tries: tuple[Try, ...] | None = None


@dataclass(frozen=True)
class Orbit:
    """Positions of the cameras, with one value for every view.

    elevation_deg: above the floor. distance_factor: of the smallest distance at which all objects are in the picture.
    """

    azimuth_rad: tuple[float, ...]
    elevation_deg: tuple[float, ...]
    distance_factor: tuple[float, ...]


@dataclass(frozen=True)
class Floor:
    """A procedural floor, or a texture set if kind is `textures`.

    size_m: of the repeated element (plank width, tile side, weave pitch, grain), or of the area of a texture.
    rotation_rad, offset_m (x, y): of the pattern. pattern: a number that varies it.
    Only for procedural floors: colors (sRGB 0..1, most common first), roughness 0..1, relief_m, contrast 0..1.
    Only for textures: name of the set.
    """

    kind: str
    size_m: float
    rotation_rad: float
    offset_m: tuple[float, float]
    pattern: float
    colors: tuple[Color, ...] | None = None
    roughness: float | None = None
    relief_m: float | None = None
    contrast: float | None = None
    name: str | None = None


@dataclass(frozen=True)
class Sun:
    """direction: unit vector towards the sun. size_rad: apparent diameter; a small one gives sharp shadows. color: linear.

    ratio: of its irradiance on the floor to that of the environment.
    """

    direction: Color
    size_rad: float
    ratio: float
    color: Color


@dataclass(frozen=True)
class Environment:
    """The light. file: an equirectangular picture. rotation_rad: about +z.

    strength: brightness of the picture relative to a metered exposure. white_balance: 0 leaves the tint of the environment, 1
    removes it. sun: None if there is none.
    """

    file: str
    rotation_rad: float
    strength: float
    white_balance: float
    sun: Sun | None = None


@dataclass(frozen=True)
class PlanLine(PlannedScene):
    """Every draw of a generated scene.

    shape_seed: of the base shape. size_m: its largest side. gap_m: between neighbours. rest: one of generate.config.RESTS.
    render_seed: seed of the noise of the pictures.
    """

    version: int
    shape_seed: int
    size_m: float
    gap_m: float
    rest: str
    objects: tuple[PlannedObject, ...]
    orbit: Orbit
    floor: Floor
    environment: Environment
    render_seed: int


Line = TypeVar("Line", bound=PlannedScene)


def read_plan_line(text: str | bytes, kind: type[Line] = PlannedScene) -> Line:
    """The values of a line; keys that `kind` does not have are ignored. Raises ValueError, which names the wrong value."""
    return msgspec.convert(
        json.loads(text), kind
    )  # the JSON decoder of msgspec does not accept all foreign folder names


def plan_text(line: PlannedScene) -> str:
    """The canonical text of a plan line: sorted keys, no blanks, no NaN, without values that are None."""
    return json.dumps(_without_none(msgspec.to_builtins(line)), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list | tuple) else value
