"""Floors and environments from a user's folder. All files are checked before the first scene uses one."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from odd_bench.data.damage import check_plain, described
from odd_bench.errors import OddBenchError, WrongUse
from odd_bench.names import is_left_by_tools, name_problem
from odd_bench.plain_file import open_plain
from odd_bench.render.texture_set import find_maps

ENVIRONMENTS = (".exr", ".hdr")
PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
MOST_SIDE = 32_768  # pixels
HEADER_BYTES = 1 << 16
EXR_MAGIC = b"\x76\x2f\x31\x01"
LINES = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}  # rows of a chunk by compression method
HDR_SIZE = re.compile(rb"\n[-+]Y (\d{1,6}) [-+]X (\d{1,6})\n")


@dataclass
class Given:
    """The entries of a folder.

    names: sorted names of usable entries. refused: the reason by name for all others. Neither contains files that other tools leave
    behind.
    """

    names: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def floors_in(folder: Path) -> Given:
    """The texture sets in a folder, which are folders themselves. Raises WrongUse if none is usable."""
    return _given(folder, Path.is_dir, _check_floor, "a folder of texture-set folders")


def environments_in(folder: Path) -> Given:
    """The .exr and .hdr files in a folder. Raises WrongUse if none is usable."""
    is_one = lambda path: path.suffix.lower() in ENVIRONMENTS  # noqa: E731
    return _given(folder, is_one, _check_environment, "a folder with .exr or .hdr files")


def _given(folder: Path, is_one: Callable[[Path], bool], check: Callable[[Path], None], expected: str) -> Given:
    try:
        entries = sorted(path for path in Path(folder).iterdir() if not is_left_by_tools(path.name) and is_one(path))
    except OSError as error:
        raise WrongUse(
            f"{folder}: found {described(error)}; expected {expected}. Hint: leave the option out."
        ) from error
    given = Given()
    for path in entries:
        try:
            if problem := name_problem(path.name):
                raise ValueError(problem)
            check(path)
            given.names.append(path.name)
        except (OddBenchError, OSError, ValueError, struct.error) as error:
            given.refused[path.name] = getattr(error, "found", "") or described(error)
    if not given.names:
        found = "; ".join(f"{name}: {reason}" for name, reason in given.refused.items()) or "nothing usable"
        raise WrongUse(f"{folder}: found {found[:500]}; expected {expected}. Hint: leave the option out.")
    return given


def _check_floor(folder: Path) -> None:
    """Raise ValueError, OSError or DataError unless the texture set has a colour map and all its maps are pictures."""
    for path in find_maps(folder).values():
        check_plain(path, "a picture")
        if path.suffix.lower() == ".exr":
            _check_exr(path)
            continue
        with Image.open(path, formats=[PICTURES[path.suffix.lower()]]) as picture:
            _check_size(*picture.size)


def _check_environment(path: Path) -> None:
    check_plain(path, "an environment")
    if path.suffix.lower() == ".exr":
        return _check_exr(path)
    with open_plain(path) as file:
        head = file.read(HEADER_BYTES)
    size = HDR_SIZE.search(head)
    if not head.startswith(b"#?") or size is None:
        raise ValueError("no Radiance picture")
    _check_size(int(size[1]), int(size[2]))


def _check_exr(path: Path) -> None:
    """Raise ValueError unless the file has the header of a picture and, if the picture is stored in rows, all of its rows."""
    size_bytes = path.stat().st_size
    with open_plain(path) as file:
        head = file.read(HEADER_BYTES)
    if not head.startswith(EXR_MAGIC):
        raise ValueError("no OpenEXR picture")
    (version,) = struct.unpack_from("<I", head, 4)
    attributes, place = _exr_attributes(head, 8)
    left, bottom, right, top = struct.unpack("<4i", attributes[b"dataWindow"])
    width, height = right - left + 1, top - bottom + 1
    _check_size(width, height)
    if version & ~0xFF & ~0x400:  # a file of tiles or of several parts, whose chunks are not rows
        return
    chunks = math.ceil(height / LINES.get(attributes[b"compression"][0], 1))
    with open_plain(path) as file:
        file.seek(place)
        table = file.read(8 * chunks)
    if len(table) < 8 * chunks or max(struct.unpack(f"<{chunks}Q", table)) + 8 > size_bytes:
        raise ValueError(f"{size_bytes:,} bytes, which end before the picture does")


def _exr_attributes(head: bytes, place: int) -> tuple[dict[bytes, bytes], int]:
    """The header's attributes by name, and its end. Raises ValueError if the header is incomplete."""
    attributes = {}
    while head[place : place + 1] != b"\0":
        name_end = head.index(b"\0", place)
        kind_end = head.index(b"\0", name_end + 1)
        (length,) = struct.unpack_from("<i", head, kind_end + 1)
        start = kind_end + 5
        if length < 0 or start + length >= len(head):
            raise ValueError("a header that is cut short")
        attributes[head[place:name_end]] = head[start : start + length]
        place = start + length
    if len(attributes.get(b"dataWindow", b"")) != 16 or len(attributes.get(b"compression", b"")) != 1:
        raise ValueError("a header without size and compression")
    return attributes, place + 1


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise ValueError(f"{width:,} x {height:,} pixels")
