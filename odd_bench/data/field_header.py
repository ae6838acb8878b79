"""The number and offset of a field's values, read from its header without opening the field in HDF5.

HDF5 takes four times as long to open and describe a field. Only headers that odd-bench writes are read here: all bytes except
the two numbers must equal those of a header that HDF5 has written. All other headers are left to HDF5.
"""

from __future__ import annotations

import functools
import io
import os
import struct
from dataclasses import dataclass

import h5py
import numpy as np

COUNTS = slice(32, 48)  # current and maximal number of values, in the first message
VALUES = slice(-22, -6)  # offset and length of the values, in the last message; six unused bytes follow
TWO_NUMBERS = struct.Struct("<QQ")


@dataclass(frozen=True)
class Header:
    """count: number of values. start: offset of the first value in the file, in bytes."""

    count: int
    start: int


def read_header(owner: h5py.Group, name: str, dtype: np.dtype, descriptor: int) -> Header | None:
    """Read the header of a one-dimensional field. Returns None for any other field, for a link, and if there is none.

    descriptor: file descriptor of the operating system; the file must begin with HDF5. The caller checks that the values lie
    within the file.
    """
    start = address(owner, name)
    if start is None:
        return None
    expected = _header(dtype)
    found = os.pread(descriptor, len(expected), start)
    if _fixed(found) != _fixed(expected):
        return None
    (count, most), (start, size) = TWO_NUMBERS.unpack(found[COUNTS]), TWO_NUMBERS.unpack(found[VALUES])
    return Header(count, start) if count == most and size == count * dtype.itemsize else None


def address(owner: h5py.Group, name: str) -> int | None:
    """Offset of the header of a field or group within a group. Returns None for a link, and if there is none."""
    try:
        link = owner.id.links.get_info(name.encode())
    except (KeyError, RuntimeError):  # HDF5 has two ways to report that there is none
        return None
    return link.u if link.type == h5py.h5l.TYPE_HARD else None


def _fixed(header: bytes) -> tuple[bytes, bytes]:
    """The bytes that all headers of fields of one type have in common."""
    return header[: COUNTS.start], header[COUNTS.stop : VALUES.start]


@functools.cache
def _header(dtype: np.dtype) -> bytes:
    """The header of a field of one value, copied from another file as scenes are copied into shards."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("staged", data=np.zeros(1, dtype), track_times=False)
        file.copy("staged", "packed")
        start = address(file, "packed")
    length = 16 + int.from_bytes(content.getvalue()[start + 8 : start + 12], "little")
    return content.getvalue()[start : start + length]
