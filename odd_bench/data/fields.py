"""Reading fields and attributes of HDF5 files, after checks of their type, size and storage.

A shard may come from anyone. The readers refuse links, external storage and virtual storage, and allocate no memory for a size
that a file merely declares.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import h5py
import numpy as np

from odd_bench.data.damage import unreadable
from odd_bench.data.errors import DataError
from odd_bench.data.field_header import address, read_header
from odd_bench.errors import OddBenchError
from odd_bench.names import name_problem

MOST_TEXT_BYTES = 4096
MOST_SCENES = 100_000
TEXT = h5py.string_dtype()
STORED_TEXT = h5py.h5t.py_create(TEXT, logical=True)  # comparing types is faster than converting them
TEXT_BYTES = STORED_TEXT.get_size()  # of a reference to one text, whose letters are stored elsewhere


@dataclass(frozen=True)
class Storage:
    """An open file, for reading values at their offsets.

    file: the open file; this object keeps it open. end: length of the file in bytes. descriptor: file descriptor of the operating
    system, or None if the file is in memory, open for writing, or does not begin with HDF5.
    """

    file: h5py.File
    end: int
    descriptor: int | None

    @classmethod
    def of(cls, file: h5py.File) -> Storage:
        is_read = file.driver == "sec2" and file.mode == "r"  # values just written may not be on the disk yet
        is_plain = is_read and file.userblock_size == 0
        return cls(file, file.id.get_filesize(), file.id.get_vfd_handle() if is_plain else None)


def _checked(read: Callable) -> Callable:
    """Decorate a reader `read(owner, name)`, so that any exception of HDF5 for damaged bytes becomes a DataError."""

    @functools.wraps(read)
    def reader(owner: h5py.Group, *rest):
        try:
            return read(owner, *rest)
        except OddBenchError:
            raise
        except Exception as error:
            raise unreadable(place(owner, *rest[:1]), error, "values that HDF5 can read") from error

    return reader


@_checked
def attribute(owner: h5py.Group, name: str, kind: type) -> object:
    """Read a scalar attribute. kind: str, int or bool. Returns None if there is no such attribute.

    Raises DataError if the attribute has another type or is too large.
    """
    try:
        stored = h5py.h5a.open(owner.id, name.encode())
    except KeyError:  # there is none, or it cannot be opened
        if h5py.h5a.exists(owner.id, name.encode()):
            raise
        return None
    if stored.get_storage_size() == TEXT_BYTES and stored.get_type().equal(STORED_TEXT):
        values = np.zeros((), TEXT)
        stored.read(values, STORED_TEXT)  # refuses what is no scalar
    else:
        is_scalar = stored.get_space().get_simple_extent_type() == h5py.h5s.SCALAR
        if not is_scalar or stored.get_storage_size() > MOST_TEXT_BYTES:
            raise DataError(place(owner, name), f"{stored.get_storage_size():,} bytes", f"one {kind.__name__}")
        values = np.zeros((), stored.dtype)
        stored.read(values)
    value = values[()]
    if isinstance(value, bytes):
        value = value.decode()
    number = isinstance(value, np.integer | np.bool_ | int)
    if isinstance(value, str) != (kind is str) or (kind is not str and not number) or len(str(value)) > MOST_TEXT_BYTES:
        raise DataError(place(owner, name), f"{type(value).__name__} {str(value)[:40]!r}", f"one {kind.__name__}")
    return kind(value)


def text(owner: h5py.Group, name: str) -> str:
    """Read a text attribute. Raises DataError if there is none."""
    value = attribute(owner, name, str)
    if value is None:
        raise DataError(place(owner), f"no {name}", "every field of a scene")
    return value


def name_text(owner: h5py.Group, name: str) -> str:
    """Read a text attribute that serves as the name of a file or folder. Raises DataError unless it is one path component."""
    value = text(owner, name)
    if problem := name_problem(value):
        raise DataError(place(owner, name), f"{problem}: {value[:60]!r}", "one path component")
    return value


@_checked
def subgroup(owner: h5py.Group, name: str) -> h5py.Group:
    """A group within another. Raises DataError if there is none, or only a link."""
    found = h5py.h5o.open(owner.id, name.encode()) if address(owner, name) is not None else None
    if not isinstance(found, h5py.h5g.GroupID):
        raise DataError(place(owner, name), "no group of its own", "a group in the file")
    return h5py.Group(found)


@_checked
def scene_names(file: h5py.File) -> list[str]:
    """The sorted names of the scenes of a shard. Raises DataError if one is not a valid file name."""
    scenes = subgroup(file, "scenes")
    if len(scenes) > MOST_SCENES:
        raise DataError(place(scenes), f"{len(scenes):,} scenes", f"at most {MOST_SCENES:,}")
    names = list(scenes)
    for name in names:
        if problem := name_problem(name):
            raise DataError(place(scenes), f"{problem}: {name[:60]!r}", "scene names of one path component")
    return names


@_checked
def has_field(group: h5py.Group, name: str) -> bool:
    """Whether a group has a field of this name, even if it is a link."""
    return group.id.links.exists(name.encode())


@dataclass(frozen=True)
class Field:
    """A checked field, not yet read, whose values are contiguous in its file.

    stored: the open field, None if its header was enough. shape, dtype: shape and type of its values. start: offset of the first
    value in the file, in bytes.
    """

    stored: h5py.h5d.DatasetID | None
    shape: tuple[int, ...]
    dtype: np.dtype
    start: int
    storage: Storage

    def read(self) -> np.ndarray:
        """Read all values."""
        values = np.empty(self.shape, self.dtype)
        if self.storage.descriptor is None:
            self.stored.read(h5py.h5s.ALL, h5py.h5s.ALL, values, _type(self.dtype))
        elif values.size and os.preadv(self.storage.descriptor, [values], self.start) != values.nbytes:
            raise EOFError(f"the file ends before its {values.nbytes:,} bytes")
        return values

    def pieces(self, bounds: Sequence[tuple[int, int]]) -> list[bytes]:
        """Read some ranges of a field of type uint8. bounds: first index and end of each range."""
        descriptor, start = self.storage.descriptor, self.start
        if descriptor is None:
            values = self.read()
            return [values[first:last].tobytes() for first, last in bounds]
        return [os.pread(descriptor, last - first, start + first) for first, last in bounds]


def find_field(group: h5py.Group, name: str, dtype: np.dtype, dims: int, storage: Storage) -> Field:
    """Find a field of this type and number of dimensions. Raises DataError unless its values are contiguous in this file."""
    if dims == 1 and storage.descriptor is not None:
        header = read_header(group, name, dtype, storage.descriptor)
        if header is not None and header.start + header.count * dtype.itemsize <= storage.end:
            return Field(None, (header.count,), dtype, header.start, storage)
    stored, shape = open_field(group, name, dtype, dims)
    start = stored.get_offset()  # None if the values are not contiguous, or lie in another file
    if start is None:
        raise DataError(place(group, name), "values that are not contiguous in the file", "contiguous values")
    size = math.prod(shape) * dtype.itemsize
    if start + size > storage.end:
        raise DataError(place(group, name), f"{size:,} bytes outside the file", "values in the file")
    return Field(stored, shape, dtype, start, storage)


def read_field(group: h5py.Group, name: str, dtype: np.dtype, dims: int, storage: Storage) -> np.ndarray:
    """Read all values of a field. Raises DataError as `find_field` does."""
    return find_field(group, name, dtype, dims, storage).read()


@dataclass(frozen=True)
class Place:
    """File and path of a field. The string is only built if a message needs it."""

    owner: h5py.Group
    name: str = ""

    def __str__(self) -> str:
        return place(self.owner, self.name)


def place(owner: h5py.Group, name: str = "") -> str:
    """The file and path of a group, or of a field in it, for messages."""
    return f"{owner.file.filename}{owner.name.rstrip('/')}{'/' if name else ''}{name}"


def open_field(group: h5py.Group, name: str, dtype: np.dtype, dims: int) -> tuple[h5py.h5d.DatasetID, tuple[int, ...]]:
    """A field of this type and number of dimensions, and its shape. Raises DataError for any other, and for a link."""
    if address(group, name) is None:
        if has_field(group, name):
            raise DataError(place(group, name), "a link", "values in the file")
        raise DataError(place(group), f"no {name}", "every field of a scene")
    stored = h5py.h5o.open(group.id, name.encode())
    if not isinstance(stored, h5py.h5d.DatasetID):
        raise DataError(place(group, name), "a group", "values in the file")
    shape = stored.shape
    if shape is None or len(shape) != dims or not stored.get_type().equal(_type(dtype)):
        found = f"{stored.rank} dimensions of {str(h5py.Dataset(stored).dtype)[:60]}"
        raise DataError(place(group, name), found, f"{dims} of {str(dtype)[:60]}")
    return stored, shape


@functools.cache
def _type(dtype: np.dtype) -> h5py.h5t.TypeID:
    return h5py.h5t.py_create(dtype, logical=True)
