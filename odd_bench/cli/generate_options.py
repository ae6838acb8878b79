"""The configuration that the options of `odd-bench generate` describe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from odd_bench.configuration import read_mapping
from odd_bench.generate.config import ConfigError, GenerateConfig, from_mapping, load_preset, to_mapping

DIGITS = 6


def chosen_config(kind: str, preset: str) -> GenerateConfig:
    """The preset of this name, or the configuration in this YAML file."""
    if not preset.endswith((".yaml", ".yml")):
        return load_preset(kind, preset)
    path = Path(preset)
    values = read_mapping(
        path, "a YAML configuration", "keys and values, as `odd-bench config show toys-mini` prints them"
    )
    return from_mapping({"kind": kind, **values}, where=str(path))


def named_by_rest(config: GenerateConfig, chosen: GenerateConfig) -> GenerateConfig:
    """The configuration. Its name ends in the mode of its rest poses if options changed the mode and not the name."""
    if config.scene.rest == chosen.scene.rest or config.name != chosen.name:
        return config
    return replace(config, name=f"{config.name}-{config.scene.rest}")


def named_by_change(config: GenerateConfig, chosen: GenerateConfig) -> GenerateConfig:
    """The configuration. Its name shows what options changed, so two data sets of one name hold the same scenes.

    The name contains the mode of the rest poses and the seed; all other changes together give six hex digits.
    Options about where and how fast scenes are made do not count.
    """
    if config.name != chosen.name:
        return config
    named = named_by_rest(config, chosen)
    seed = "" if config.seed == chosen.seed else f"-seed{config.seed}"
    wanted, before = identity(config), identity(chosen)
    changed = {key: value for key, value in wanted.items() if value != before[key]}
    digits = hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()[:DIGITS]
    return replace(named, name=f"{named.name}{seed}{f'-{digits}' if changed else ''}")


def identity(config: GenerateConfig) -> dict[str, Any]:
    """The values by which data sets differ, without the seed and the mode of the rest poses; folders without their parents."""
    values = to_mapping(config)
    for key in ("name", "seed"):
        del values[key]
    for section, key in (("scene", "rest"), ("render", "device"), ("render", "threads")):
        del values[section][key]
    folders = {key: Path(values[key]).name for key in ("assets", "floors", "environments") if values[key]}
    return {**values, **folders}


def plain_overrides(named: Mapping[str, Any]) -> list[str]:
    """The given options as assignments. Values are written as JSON, which is valid YAML, so they do not change."""
    return [f"{key}={json.dumps(value)}" for key, value in named.items() if value is not None]


def parse_slice(text: str) -> tuple[int, int]:
    """`i/n` to (i, n). Raises ConfigError unless 0 <= i < n."""
    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit() and int(index) < int(count)):
        raise ConfigError(f"--slice: found {text!r}; expected i/n with 0 <= i < n, for example 0/8")
    return int(index), int(count)


def refuse_together(finish: bool, slice_: str, retry_quarantined: bool) -> None:
    """Raise ConfigError if an option that makes scenes is combined with --finish, which makes none."""
    if finish and (slice_ != "0/1" or retry_quarantined):
        option = "--retry-quarantined" if retry_quarantined else f"--slice {slice_}"
        raise ConfigError(f"--finish: found it together with {option}; expected it alone, since it makes no scenes")
