"""A manifest: one collection of assets, where it comes from, its licence and how to get it."""

from __future__ import annotations

import difflib
import importlib.resources
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from odd_bench.errors import WrongUse
from odd_bench.scene import SPLITS

KINDS = ("shapes", "environments", "floors", "mixed")
OBTAIN = ("procedural", "bundled", "download", "by hand")
KNOWN_SPLITS = frozenset({"any", *(split for splits in SPLITS.values() for split in splits)})
UNPACK = ("", "zip", "tar")
HEX_DIGITS = {"md5": 32, "sha256": 64}


class ManifestError(WrongUse):
    """A manifest that does not exist or says something impossible."""


@dataclass(frozen=True)
class Licence:
    """name: SPDX identifier where there is one. url: of its text. note: what it asks for, or how it varies by asset."""

    name: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class PolyHaven:
    """What to ask the Poly Haven API for. maps: of a texture, as the API calls them; empty for an environment."""

    id: str
    resolution: str = "1k"
    format: str = "exr"
    maps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One asset, or one archive of many.

    split: where its shapes may be used, `any` = the catalogue draws. url, file, size_bytes, md5, sha256: of one download; empty
    where the source gives none. unpack: kind of archive, or empty. licence: if not that of the collection.
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
    """How a folder of the collection is read. match: regular expression over paths in it, with groups `shape` and maybe `category`.

    category: of all shapes, if neither the path nor an entry of the shape's name says. category_file: JSON in the folder that
    lists the shapes of each category, maybe gzipped. up: the axis of its OBJ files that points up.
    """

    match: str
    category: str = ""
    category_file: str = ""
    up: str = "y"


@dataclass(frozen=True)
class Manifest:
    """One collection. steps: how to get it by hand. url: of entries without one, with {name}. api: address of Poly Haven's."""

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
        """The entry of that name. Raises ManifestError, with the nearest name, if there is none."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        near = _nearest(name, [entry.name for entry in self.entries])
        raise ManifestError(f"{self.name}: no entry {name!r} among {len(self.entries)}{near}")

    def licence_of(self, entry: Entry) -> Licence:
        return entry.licence or self.licence


def names() -> list[str]:
    """Names of the manifests that come with the package."""
    folder = importlib.resources.files("assets_manifest")
    return sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))


def load(name: str) -> Manifest:
    """The manifest of that name, or in that .yaml file. Raises ManifestError."""
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            raise ManifestError(f"{path}: no such file; expected a manifest, see docs/assets.md")
        return parse(path.read_text(), path.stem, str(path))
    if name not in names():
        raise ManifestError(f"no manifest {name!r}; expected one of {', '.join(names())}{_nearest(name, names())}")
    file = f"{name}.yaml"
    return parse((importlib.resources.files("assets_manifest") / file).read_text(), name, f"assets_manifest/{file}")


def parse(text: str, name: str, where: str) -> Manifest:
    """A manifest from YAML. Raises ManifestError that names the entry and key at fault."""
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestError(f"{where}: found {str(error).splitlines()[0]}; expected YAML") from error
    if not isinstance(values, dict):
        raise ManifestError(f"{where}: found {type(values).__name__}; expected keys and values, see docs/assets.md")
    values = {
        **values,
        "name": name,
        "licence": _record(Licence, values.get("licence"), f"{where}: licence"),
        "steps": tuple(values.get("steps", ())),
        "layouts": tuple(_layout(layout, f"{where}: layouts") for layout in values.get("layouts", ())),
        "entries": tuple(_entry(entry, values, where) for entry in values.get("entries", ())),
    }
    manifest = _record(Manifest, values, where)
    _check(manifest, where)
    return manifest


def _entry(values: Mapping, collection: Mapping, where: str) -> Entry:
    named = f"{where}: {values.get('name', 'entry without name')}" if isinstance(values, Mapping) else where
    entry = _record(
        Entry,
        values,
        named,
        split=lambda split: tuple([split] if isinstance(split, str) else split),
        licence=lambda licence: _record(Licence, licence, f"{named}: licence"),
        polyhaven=lambda asked: _record(PolyHaven, asked, f"{named}: polyhaven", maps=tuple),
        url=str,
    )
    url = entry.url or ("" if entry.polyhaven else str(collection.get("url", "")).replace("{name}", entry.name))
    entry = Entry(**{**vars(entry), "url": url, "file": entry.file or PurePosixPath(url).name})
    _expect(set(entry.split) <= KNOWN_SPLITS, named, f"split {list(entry.split)}", f"some of {sorted(KNOWN_SPLITS)}")
    _expect(entry.unpack in UNPACK, named, f"unpack {entry.unpack!r}", f"one of {list(UNPACK)}")
    _expect(not url or url.startswith(("https://", "http://")), named, f"url {url!r}", "http or https")
    _expect(is_inside(entry.file) or not entry.file, named, f"file {entry.file!r}", "a path within the folder")
    for field, digits in HEX_DIGITS.items():
        given = getattr(entry, field)
        wanted = f"{digits} lower-case hexadecimal digits, quoted"
        _expect(
            not given or bool(re.fullmatch(f"[0-9a-f]{{{digits}}}", str(given))), named, f"{field} {given!r}", wanted
        )
    return entry


def _layout(values: Mapping, where: str) -> Layout:
    layout = _record(Layout, values, where)
    try:
        groups = re.compile(layout.match).groupindex
    except re.error as error:
        raise ManifestError(
            f"{where}: found match {layout.match!r} ({error}); expected a regular expression"
        ) from error
    _expect("shape" in groups, where, f"match {layout.match!r}", "a group named shape, (?P<shape>...)")
    _expect(layout.up in ("y", "z"), where, f"up {layout.up!r}", "y or z")
    return layout


def _check(manifest: Manifest, where: str) -> None:
    _expect(manifest.kind in KINDS, where, f"kind {manifest.kind!r}", f"one of {list(KINDS)}")
    _expect(manifest.obtain in OBTAIN, where, f"obtain {manifest.obtain!r}", f"one of {list(OBTAIN)}")
    _expect(bool(manifest.steps), where, "no steps", "how to get the collection without this program")
    seen = [entry.name for entry in manifest.entries]
    twice = sorted({name for name in seen if seen.count(name) > 1})
    _expect(not twice, where, f"entries {twice} twice", "one entry a name")


def _record(cls, values: Any, where: str, **read):
    """A dataclass from a mapping; `read` turns the value of a key into what the field holds."""
    _expect(isinstance(values, Mapping), where, f"{values!r}", "keys and values")
    known = [field.name for field in fields(cls)]
    for key in values:
        _expect(key in known, where, f"unknown key {key!r}", f"one of {known}{_nearest(str(key), known)}")
    try:
        return cls(**{key: read[key](value) if key in read else value for key, value in values.items()})
    except TypeError as error:
        raise ManifestError(f"{where}: found {error}; expected all keys without a default") from error


def is_inside(path: str) -> bool:
    """Whether a path with forward slashes stays within the folder that it is joined to."""
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts and not re.search(r"[\\:\0]", path)


def _expect(truth: bool, where: str, found: str, expected: str) -> None:
    if not truth:
        raise ManifestError(f"{where}: found {found}; expected {expected}")


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f". Did you mean {near[0]}?" if near else ""
