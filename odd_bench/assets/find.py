"""Finds shapes in a foreign folder: their files, names and categories."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from odd_bench.assets.manifest import Layout
from odd_bench.counted import counted
from odd_bench.data.damage import MOST_JSON_BYTES, check_plain, reading
from odd_bench.data.errors import WrongName
from odd_bench.data.walk import walk
from odd_bench.names import component
from odd_bench.plain_file import open_plain


@dataclass(frozen=True)
class Found:
    """A shape in the folder: its file, its layout, its category and its name."""

    file: Path
    layout: Layout
    category: str
    shape: str


def find(
    folder: Path, layouts: tuple[Layout, ...], categories: Mapping[str, str], most: int | None = None, below: str = ""
) -> list[Found]:
    """Every shape of a folder once, in the order of its paths; the first layout that matches any file is used.

    categories: by shape, for layouts whose paths do not contain them. most: the most shapes, evenly spread. below: search only this
    part of the folder. Raises DataError if there is no shape.
    """
    if not (folder / below).is_dir():
        raise WrongName(folder / below, "no such folder", "the unzipped folder", "Check the path given with --from")
    files = walk(folder / below).files
    paths = {path.relative_to(folder).as_posix(): path for path in files}
    for layout in layouts:
        known = {**categories, **_listed_categories(folder, layout)}
        found: dict[tuple[str, str], Found] = {}
        for relative, path in paths.items():
            if match := re.fullmatch(layout.match, relative):
                one = _found(path, layout, match, known)
                found[_unused(one, found)] = one
        if found:
            return _spread([replace(one, shape=shape) for (_, shape), one in found.items()], most)
    patterns = " or ".join(path_pattern(layout.match) for layout in layouts)
    such = f", such as {next(iter(paths))}" if paths else ""
    hint = "Correct `layouts` in the manifest" if below else "Give the unzipped folder"
    raise WrongName(folder, f"{counted(len(paths), 'file')}{such}, none of a shape", f"paths like {patterns}", hint)


def path_pattern(expression: str) -> str:
    """A layout's regular expression as a readable path: `.../CATEGORY/SHAPE.obj`, where * is anything and N a number."""
    text = re.sub(r"\(\?P=(\w+)\)", lambda name: name[1].upper(), expression)
    text = re.sub(r"\(\?:\.\*/\)\?|\(\?:\[\^/\]\+/\)\*", ".../", text)
    text = re.sub(r"\\d(\{\d+\}|\+)?", "N", re.sub(r"\[[^]]*\](\{\d+\}|\+|\*)?", "*", text))
    text = re.sub(r"\(\?P<(\w+)>[^()]*\)", lambda name: name[1].upper(), text)
    return re.sub(r"\\(.)", r"\1", re.sub(r"\(\?:([^()]*)\)", r"\1", text))


def _found(path: Path, layout: Layout, match: re.Match, known: Mapping[str, str]) -> Found:
    groups = match.groupdict()
    shape = groups["shape"]
    category = groups.get("category") or known.get(shape) or layout.category or "asset"
    return Found(path, layout, component(category), component(shape))


def _unused(one: Found, found: Mapping[tuple[str, str], Found]) -> tuple[str, str]:
    """Category and shape; the shape is numbered if its name was found before."""
    shape, number = one.shape, 1
    while (one.category, shape) in found:
        number += 1
        shape = f"{one.shape}-{number}"
    return one.category, shape


def _listed_categories(folder: Path, layout: Layout) -> dict[str, str]:
    if not layout.category_file:
        return {}
    path = folder / layout.category_file
    expected = "JSON with the shapes of each category"
    check_plain(path, expected)
    with reading(path, expected, "Give the unzipped folder"):
        with open_plain(path) as plain, gzip.open(plain) if path.suffix == ".gz" else plain as file:
            data = file.read(MOST_JSON_BYTES)
        return {str(shape): str(category) for category, shapes in json.loads(data).items() for shape in shapes}


def _spread(found: list[Found], most: int | None) -> list[Found]:
    if most is None or most >= len(found):
        return found
    return [found[i] for i in np.linspace(0, len(found) - 1, most).round().astype(int)]
