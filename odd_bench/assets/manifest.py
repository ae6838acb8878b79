"""A manifest: one collection of assets, its source, its licence and how to get it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from odd_bench.errors import WrongUse


class ManifestError(WrongUse):
    """A manifest that does not exist or is not valid."""


@dataclass(frozen=True)
class Licence:
    """name: SPDX identifier, if there is one. url: of its text. note: its conditions, or how it varies by asset."""

    name: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class PolyHaven:
    """A request to the Poly Haven API. maps: of a texture, as named in the API; empty for an environment."""

    id: str
    resolution: str = "1k"
    format: str = "exr"
    maps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One asset, or one archive of many.

    split: splits in which its shapes may be used; `any` = the catalogue draws. url, file, size_bytes, md5, sha256: of one download;
    empty if the source states none. unpack: kind of archive, or empty. licence: if it differs from that of the collection.
    """

    name: str
    category: str = ""
    split: tuple[str, ...] = ("any",)
    url: str = ""
    file: str = ""
    size_bytes: int | None = None
    md5: str = ""
    sha256: str = ""
    unpack: str = ""
    licence: Licence | None = None
    polyhaven: PolyHaven | None = None


@dataclass(frozen=True)
class Layout:
    """How a folder of the collection is read. match: regular expression for paths in it, with a group `shape` and optionally
    `category`.

    category: of all shapes, if neither the path nor an entry of the shape's name states it. category_file: JSON in the folder that
    lists the shapes of each category; it may be gzipped. up: the up axis of its OBJ files.
    """

    match: str
    category: str = ""
    category_file: str = ""
    up: str = "y"


@dataclass(frozen=True)
class Manifest:
    """One collection. steps: how to get it by hand. url: of entries without one, with {name}. api: address of Poly Haven's API."""

    name: str
    title: str
    kind: str
    source: str
    licence: Licence
    obtain: str
    steps: tuple[str, ...]
    entries: tuple[Entry, ...] = ()
    layouts: tuple[Layout, ...] = ()
    url: str = ""
    api: str = ""
    note: str = ""

    def entry(self, name: str) -> Entry:
        """The entry of this name. Raises ManifestError, which suggests the nearest name, if there is none."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        near = nearest_name(name, [entry.name for entry in self.entries])
        hint = near or f". `odd-bench assets list {self.name}` shows them"
        raise ManifestError(
            f"{self.name}: found no entry {name!r}; expected one of its {len(self.entries)} entries{hint}"
        )

    def licence_of(self, entry: Entry) -> Licence:
        return entry.licence or self.licence


def is_inside(path: str) -> bool:
    """Whether a path with forward slashes stays within the folder that it is joined to."""
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts and not re.search(r"[\\:\0]", path)


def nearest_name(name: str, known: list[str]) -> str:
    """A suggestion such as `. Did you mean abc?`; empty if no name is similar."""
    near = difflib.get_close_matches(name, known, n=1)
    return f". Did you mean {near[0]}?" if near else ""
