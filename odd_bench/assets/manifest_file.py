"""Finds and reads manifest files, and checks them key by key."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from odd_bench.assets.manifest import Entry, Layout, Licence, Manifest, ManifestError, PolyHaven, nearest_name
from odd_bench.data.damage import reading
from odd_bench.names import name_problem, path_problem
from odd_bench.plain_file import read_plain_text
from odd_bench.scene import SPLITS
from odd_bench.strict_yaml import one_line, read_yaml

KINDS = ("shapes", "environments", "floors", "mixed")
OBTAIN = ("procedural", "bundled", "download", "by hand")
KNOWN_SPLITS = frozenset({"any", *(split for splits in SPLITS.values() for split in splits)})
UNPACK = ("", "zip", "tar")
HEX_DIGITS = {"md5": 32, "sha256": 64}


def names() -> list[str]:
    """Names of the manifests in the package."""
    folder = importlib.resources.files("odd_bench.assets_manifest")
    return sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))


def example() -> str:
    """A manifest file of the package, as an example."""
    return str(importlib.resources.files("odd_bench.assets_manifest") / "polyhaven.yaml")


def load(name: str) -> Manifest:
    """The manifest of this name, or in this .yaml file. Raises ManifestError."""
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            raise ManifestError(f"{path}: no such file; expected a manifest such as {example()}")
        with reading(path, f"a manifest such as {example()}", "Save it as UTF-8"):
            text = read_plain_text(path, "utf-8-sig")
        return parse(text, path.stem, str(path))
    if name not in names():
        raise ManifestError(
            f"collection: found {name!r}; expected one of {', '.join(names())}{nearest_name(name, names())}"
        )
    file = f"{name}.yaml"
    return parse(
        (importlib.resources.files("odd_bench.assets_manifest") / file).read_text(), name, f"assets_manifest/{file}"
    )


def parse(text: str, name: str, where: str) -> Manifest:
    """A manifest from YAML. Raises ManifestError, which names the faulty entry and key."""
    try:
        values = read_yaml(text)
        _expect(isinstance(values, dict), where, type(values).__name__, f"keys and values, as in {example()}")
        values = {
            **values,
            "name": name,
            "licence": _record(Licence, values.get("licence"), f"{where}: licence"),
            "steps": tuple(map(str, values.get("steps", ()))),
            "layouts": tuple(_layout(layout, f"{where}: layouts") for layout in values.get("layouts", ())),
            "entries": tuple(_entry(entry, values, where) for entry in values.get("entries", ())),
        }
        manifest = _record(Manifest, values, where)
        _check(manifest, where)
    except yaml.YAMLError as error:
        raise ManifestError(f"{where}: found {one_line(error)}; expected YAML") from error
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        found = f"{type(error).__name__}: {error}"[:200]
        raise ManifestError(f"{where}: found {found}; expected values of the same types as in {example()}") from error
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
    for key, value in (("name", entry.name), ("category", entry.category or "asset")):
        _expect(
            not name_problem(value), named, f"{key} {str(value)[:60]!r}, {name_problem(value)}", "one path component"
        )
    if entry.polyhaven:
        for key in ("id", "resolution", "format"):
            value = getattr(entry.polyhaven, key)
            _expect(not name_problem(value), named, f"polyhaven {key} {str(value)[:60]!r}", "one path component")
    _expect(set(entry.split) <= KNOWN_SPLITS, named, f"split {list(entry.split)}", f"some of {sorted(KNOWN_SPLITS)}")
    _expect(entry.unpack in UNPACK, named, f"unpack {entry.unpack!r}", f"one of {list(UNPACK)}")
    _expect(not url or url.startswith(("https://", "http://")), named, f"url {url!r}", "http or https")
    outside = bool(entry.file) and path_problem(entry.file)
    _expect(not outside, named, f"file {str(entry.file)[:60]!r}", "a path within the folder")
    unfinished = str(entry.file).endswith((".part", ".part.tag"))
    _expect(
        not unfinished, named, f"file {str(entry.file)[:60]!r}", "an extension that unfinished downloads do not use"
    )
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
    _expect("shape" in groups, where, f"match {layout.match!r}", "a group (?P<shape>...)")
    _expect(layout.up in ("y", "z"), where, f"up {layout.up!r}", "y or z")
    outside = bool(layout.category_file) and path_problem(layout.category_file)
    _expect(not outside, where, f"category_file {str(layout.category_file)[:60]!r}", "a path within the folder")
    return layout


def _check(manifest: Manifest, where: str) -> None:
    _expect(
        not name_problem(manifest.name),
        where,
        f"name {manifest.name[:60]!r}",
        "a file name that can be that of a folder",
    )
    _expect(manifest.kind in KINDS, where, f"kind {manifest.kind!r}", f"one of {list(KINDS)}")
    _expect(manifest.obtain in OBTAIN, where, f"obtain {manifest.obtain!r}", f"one of {list(OBTAIN)}")
    _expect(bool(manifest.steps), where, "no steps", "how to get the collection without this program")
    seen = [entry.name for entry in manifest.entries]
    twice = sorted({name for name in seen if seen.count(name) > 1})
    _expect(not twice, where, f"entries {twice} twice", "one entry for each name")


def _record(cls, values: Any, where: str, **read):
    """A dataclass from a mapping; `read` converts the values of some keys."""
    _expect(isinstance(values, Mapping), where, f"{values!r}", "keys and values")
    known = [field.name for field in fields(cls)]
    for key in values:
        _expect(key in known, where, f"unknown key {key!r}", f"one of {known}{nearest_name(str(key), known)}")
    try:
        return cls(**{key: read[key](value) if key in read else value for key, value in values.items()})
    except TypeError as error:
        raise ManifestError(f"{where}: found {error}; expected all keys without a default") from error


def _expect(truth: bool, where: str, found: str, expected: str) -> None:
    if not truth:
        raise ManifestError(f"{where}: found {found}; expected {expected}")
