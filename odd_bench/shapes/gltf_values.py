"""The values of a glTF file's accessors, including those whose bytes are not the values: sparse and normalised accessors.

Source: glTF 2.0 specification, sections 3.6.2.2 (normalised integers) and 3.6.2.3 (sparse accessors).
"""

from __future__ import annotations

import base64
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np

KINDS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
MOST_VALUES = 100_000_000  # that all accessors declare together
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}


def buffer_bytes(tree: dict, binary: bytes, fetch: Callable[[str], bytes]) -> list[Callable[[], bytes]]:
    """For every buffer a function that returns its content, which is read only once.

    binary: the binary chunk of a GLB. fetch: returns the content of a file that this file refers to.
    """
    return [functools.cache(lambda one=one: _content(one.get("uri"), binary, fetch)) for one in tree.get("buffers", ())]


def _content(uri: str | None, binary: bytes, fetch: Callable[[str], bytes]) -> bytes:
    if uri is None:
        return binary
    if uri.startswith("data:"):
        head, _, body = uri.partition(",")
        return base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
    return fetch(uri)


def is_plain(accessor: dict) -> bool:
    """Whether the stored numbers are the values: the accessor is neither sparse nor normalised."""
    return "sparse" not in accessor and not accessor.get("normalized", False)


def values(tree: dict, number: int, buffers: Sequence[Callable[[], bytes]]) -> np.ndarray:
    """(count, width) values of an accessor, with sparse values filled in and normalised integers as floats.

    Raises ValueError if it declares too many values or its buffer is too short.
    """
    accessor = tree["accessors"][number]
    kind, width, count = np.dtype(KINDS[accessor["componentType"]]), WIDTHS[accessor["type"]], int(accessor["count"])
    if not 0 <= count * width <= MOST_VALUES:
        raise ValueError(f"{count:,} values declared")
    if "bufferView" in accessor:
        found = _rows(tree, accessor["bufferView"], accessor.get("byteOffset", 0), kind, width, count, buffers)
    else:
        found = np.zeros((count, width), kind)
    if sparse := accessor.get("sparse"):
        places, other, some = sparse["indices"], sparse["values"], int(sparse["count"])
        index = np.dtype(KINDS[places["componentType"]])
        rows = _rows(tree, places["bufferView"], places.get("byteOffset", 0), index, 1, some, buffers)[:, 0]
        found = found.copy()
        found[rows] = _rows(tree, other["bufferView"], other.get("byteOffset", 0), kind, width, some, buffers)
    if accessor.get("normalized", False) and kind.kind in "iu":
        return np.maximum(found.astype(np.float32) / np.iinfo(kind).max, -1.0).astype("<f4")
    return found


def _rows(
    tree: dict, view: int, start: int, kind: np.dtype, width: int, count: int, buffers: Sequence[Callable[[], bytes]]
) -> np.ndarray:
    """(count, width) numbers of a buffer view, from byte `start` of it. Raises ValueError if the buffer is too short."""
    stored = tree["bufferViews"][view]
    content, row = buffers[stored["buffer"]](), width * kind.itemsize
    stride = stored.get("byteStride") or row
    first = stored.get("byteOffset", 0) + start
    end = first + stride * (count - 1) + row if count else first
    if min(first, count, stride - row) < 0 or end > len(content):
        raise ValueError(f"values up to byte {end:,} of a buffer of {len(content):,} bytes")
    shape, strides = (count, width), (stride, kind.itemsize)
    return np.ndarray(shape, kind, content, first, strides).copy()


def transformed(places: np.ndarray, transform: dict[str, Any]) -> np.ndarray:
    """(v, 2) texture coordinates after KHR_texture_transform: scaled, rotated counter-clockwise as the picture is seen, moved."""
    angle = float(transform.get("rotation", 0.0))
    cos, sin = math.cos(angle), math.sin(angle)
    scaled = places * np.array(transform.get("scale", (1, 1)), float)
    return scaled @ np.array([[cos, -sin], [sin, cos]]) + np.array(transform.get("offset", (0, 0)), float)


def appended(tree: dict, binary: bytes, array: np.ndarray) -> tuple[int, bytes]:
    """The number of a new accessor for an array, (count, width) floats or (count, 1) integers, and the new binary chunk."""
    content = np.ascontiguousarray(array).tobytes()
    code = next(code for code, kind in KINDS.items() if np.dtype(kind) == array.dtype)
    width = next(name for name, count in WIDTHS.items() if count == array.shape[1])
    if binary and "uri" not in tree["buffers"][0]:
        start = len(binary) + -len(binary) % 4
        binary = binary.ljust(start, b"\0") + content + bytes(-len(content) % 4)
        tree["buffers"][0] = {"byteLength": len(binary)}
        view = {"buffer": 0, "byteOffset": start, "byteLength": len(content)}
    else:
        uri = "data:application/octet-stream;base64," + base64.b64encode(content).decode()
        tree.setdefault("buffers", []).append({"byteLength": len(content), "uri": uri})
        view = {"buffer": len(tree["buffers"]) - 1, "byteLength": len(content)}
    tree.setdefault("bufferViews", []).append(view)
    tree["accessors"].append(
        {"bufferView": len(tree["bufferViews"]) - 1, "componentType": code, "type": width, "count": len(array)}
    )
    return len(tree["accessors"]) - 1, binary
