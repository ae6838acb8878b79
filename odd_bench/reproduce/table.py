"""A table of results as it is written down: which methods, with which settings and seeds, on which data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from odd_bench.configuration import ConfigError, build, check_choice, check_name, named_texts, read_mapping
from odd_bench.strict_yaml import read_yaml


@dataclass(frozen=True)
class FirstStage:
    """A first stage that rows share, one for each seed: what rows of like settings would each learn alike. settings: as of a row.

    name: None where each run learns its own.
    """

    name: str | None = None
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line of a table. model: name in odd_bench.methods. settings: `key=value` on top of the named configuration.

    first_stage: that its runs start from, if any, learnt with the same seed.
    """

    name: str
    model: str
    settings: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    first_stage: FirstStage = FirstStage()

    @property
    def slug(self) -> str:
        """The name as a folder."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@dataclass(frozen=True)
class Table:
    """datasets: names of folders. The last row is the one that all others are compared with."""

    name: str
    title: str
    datasets: tuple[str, ...]
    rows: tuple[Row, ...]

    def only(self, names: list[str]) -> Table:
        """The table with some of its rows. Raises ConfigError for a name that is none."""
        known = {row.slug: row for row in self.rows}
        for name in names:
            check_choice(name, known, "--only")
        return replace(self, rows=tuple(row for row in self.rows if row.slug in names)) if names else self


def load_table(name: str, beside: Sequence[str] = ()) -> Table:
    """The table of that name, from tables/, or of a YAML file like those. beside: other names that were possible, for messages.

    Raises ConfigError with the names there are, or where the file is none or no table.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        values = read_mapping(path, "a table like odd_bench/reproduce/tables/table1.yaml", "title, datasets and rows")
        return from_mapping({"name": path.stem, **values}, str(path))
    texts = named_texts("odd_bench.reproduce", "tables")
    check_choice(name, texts if name in texts else [*texts, *beside], "reproduce")
    return from_mapping({"name": name, **read_yaml(texts[name])}, f"table {name}")


def from_mapping(values: Mapping[str, Any], where: str) -> Table:
    """A table from plain values. Raises ConfigError for unknown keys or two rows of one folder."""
    table = build(Table, values, where)
    slugs = [row.slug for row in table.rows]
    if len(set(slugs)) < len(slugs):
        raise ConfigError(f"{where}: found rows {slugs}; expected a name of its own for each")
    shared = [row.first_stage.name for row in table.rows if row.first_stage.name is not None]
    for name in (table.name, *table.datasets, *slugs, *shared):  # folders are called so
        check_name(name, where)
    return table
