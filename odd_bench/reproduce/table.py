"""The definition of a table of results: methods with settings and seeds, and data sets."""

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
    """A first stage that rows with the same settings share, one for each seed. settings: as those of a row.

    name: None if each run trains its own.
    """

    name: str | None = None
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line of a table. model: name in odd_bench.methods. settings: `key=value` on top of the named configuration.

    first_stage: from which its runs start, if any, trained with the same seed.
    """

    name: str
    model: str
    settings: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    first_stage: FirstStage = FirstStage()

    @property
    def slug(self) -> str:
        """The name in the form of a folder name."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@dataclass(frozen=True)
class Table:
    """datasets: names of folders. All other rows are compared with the last one."""

    name: str
    title: str
    datasets: tuple[str, ...]
    rows: tuple[Row, ...]

    def only(self, names: list[str]) -> Table:
        """The table with some of its rows. Raises ConfigError for an unknown name."""
        known = {row.slug: row for row in self.rows}
        for name in names:
            check_choice(name, known, "--only")
        return replace(self, rows=tuple(row for row in self.rows if row.slug in names)) if names else self


def load_table(name: str, beside: Sequence[str] = ()) -> Table:
    """The table of this name in tables/, or in a YAML file like those. beside: other valid names, for messages.

    Raises ConfigError, which lists the names, or if the file does not exist or is not a table.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        values = read_mapping(path, "a table like odd_bench/reproduce/tables/table1.yaml", "title, datasets and rows")
        return from_mapping({"name": path.stem, **values}, str(path))
    texts = named_texts("odd_bench.reproduce", "tables")
    check_choice(name, texts if name in texts else [*texts, *beside], "reproduce")
    return from_mapping({"name": name, **read_yaml(texts[name])}, f"table {name}")


def from_mapping(values: Mapping[str, Any], where: str) -> Table:
    """A table from plain values. Raises ConfigError for unknown keys, or if two rows have the same folder."""
    table = build(Table, values, where)
    slugs = [row.slug for row in table.rows]
    if len(set(slugs)) < len(slugs):
        raise ConfigError(f"{where}: found rows {', '.join(slugs)}; expected a different name for each")
    shared = [row.first_stage.name for row in table.rows if row.first_stage.name is not None]
    for name in (table.name, *table.datasets, *slugs, *shared):  # names of folders
        check_name(name, where)
    return table
