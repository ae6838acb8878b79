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
from odd_bench.data.inflate import unpacked_whole
from odd_bench.errors import OddBenchError
from odd_bench.names import name_problem

MOST_TEXT_BYTES = 4096
MOST_SCENES = 100_000
SLACK_BYTES = 1 << 12  # incompressible bytes grow by at most this much in gzip
CHUNK_FILTERS = ([], ["shuffle", "deflate"])
TEXT = h5py.string_dtype()
STORED_TEXT = h5py.h5t.py_create(TEXT, logical=True)  # comparing types is faster than converting them


@dataclass(frozen=True)
class Storage:
    """An open file, for reading values at their offsets.

    file: the open file; this object keeps it open. end: length of the file in bytes. descriptor: file descriptor of the operating
    system, or None if the file is in memory or open for writing.
    """

    file: h5py.File
    end: int
    descriptor: int | None

    @classmethod
    def of(cls, file: h5py.File) -> Storage:
        is_plain = file.driver == "sec2" and file.mode == "r"  # values just written may not be on the disk yet
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
    if not h5py.h5a.exists(owner.id, name.encode()):
        return None
    stored = h5py.h5a.open(owner.id, name.encode())
    is_scalar = stored.get_space().get_simple_extent_type() == h5py.h5s.SCALAR
    if not is_scalar or stored.get_storage_size() > MOST_TEXT_BYTES:
        raise DataError(place(owner, name), f"{stored.get_storage_size():,} bytes", f"one {kind.__name__}")
    values = np.zeros((), TEXT if stored.get_type().equal(STORED_TEXT) else stored.dtype)
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
    found = h5py.h5o.open(owner.id, name.encode()) if _is_hard(owner, name) else None
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

    stored: the open field. shape, dtype: shape and type of its values. start: offset of the first value in the file, in bytes.
    """

    stored: h5py.h5d.DatasetID
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
    stored, shape = _dataset(group, name, dtype, dims)
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


def chunked(group: h5py.Group, name: str, dtype: np.dtype, shape: tuple[int, int, int]) -> h5py.Dataset:
    """Find a field that has one compressed chunk per view. Raises DataError for any other layout, type or shape."""
    stored = h5py.Dataset(_dataset(group, name, dtype, len(shape))[0])
    plist = stored.id.get_create_plist()
    if plist.get_layout() != h5py.h5d.CHUNKED or stored.shape != shape or stored.chunks != (1, *shape[1:]):
        raise DataError(place(group, name), f"shape {stored.shape}", f"{shape}, one chunk a view")
    if _filters(plist) not in CHUNK_FILTERS:
        raise DataError(place(group, name), f"filters {_filters(plist)}", "shuffle and gzip")
    return stored


def read_chunks(stored: h5py.Dataset, views: Sequence[int]) -> np.ndarray:
    """Read some views (n, h, w) of a chunked field. No chunk is decompressed beyond the size of a view."""
    chunk, dtype, filters = stored.chunks, stored.dtype, _filters(stored.id.get_create_plist())
    end, where = stored.file.id.get_filesize(), place(stored)
    values = np.empty((len(views), *chunk[1:]), dtype)
    for into, view in zip(values, views, strict=True):
        into[...] = _chunk(stored.id, view, chunk, dtype, filters, end, where)
    return values


def _chunk(
    stored: h5py.h5d.DatasetID,
    view: int,
    chunk: tuple[int, ...],
    dtype: np.dtype,
    filters: list[str],
    end: int,
    where: str,
) -> np.ndarray:
    """Read one view (h, w). end: length of the file in bytes. where: path of the field, for messages."""
    start, size = (view, 0, 0), math.prod(chunk) * dtype.itemsize
    info = stored.get_chunk_info_by_coord(start)
    if info.byte_offset is None or info.size > size + SLACK_BYTES:
        raise DataError(f"{where}[{view}]", f"{info.size:,} bytes", f"at most {size:,}")
    if info.byte_offset + info.size > end:
        raise DataError(f"{where}[{view}]", "bytes outside the file", "values in the file")
    skipped, content = stored.read_direct_chunk(start)
    if filters and not skipped & 2:
        content = unpacked_whole(content, size)
    if len(content) != size:
        raise DataError(f"{where}[{view}]", f"{len(content):,} bytes", f"{size:,}")
    if filters and not skipped & 1:
        return _unshuffled(np.frombuffer(content, np.uint8), dtype).reshape(chunk[1:])
    return np.frombuffer(content, dtype).reshape(chunk[1:])


def _unshuffled(content: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Undo HDF5's shuffle filter, which stores the lowest bytes of all values first, then the next ones."""
    planes = content.reshape(dtype.itemsize, -1)
    values = planes[-1].astype(dtype)
    for plane in planes[-2::-1]:
        values <<= 8
        values |= plane
    return values


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


def _dataset(group: h5py.Group, name: str, dtype: np.dtype, dims: int) -> tuple[h5py.h5d.DatasetID, tuple[int, ...]]:
    """A field of this type and number of dimensions, and its shape. Raises DataError for any other."""
    if not _is_hard(group, name):
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


def _is_hard(owner: h5py.Group, name: str) -> bool:
    try:
        return owner.id.links.get_info(name.encode()).type == h5py.h5l.TYPE_HARD
    except KeyError:  # there is no object of this name
        return False


def _filters(plist) -> list[str]:
    known = {h5py.h5z.FILTER_SHUFFLE: "shuffle", h5py.h5z.FILTER_DEFLATE: "deflate"}
    return [known.get(plist.get_filter(i)[0], "another") for i in range(plist.get_nfilters())]
