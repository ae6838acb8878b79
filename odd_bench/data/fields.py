"""Fields of a scene group and attributes, read only after their kind, size and storage have been checked.

A shard may come from anybody. Links, external and virtual storage are refused; a size that a file only declares costs no memory.
"""

from __future__ import annotations

import functools
import math
import zlib

import h5py
import numpy as np

from odd_bench.data.errors import DataError
from odd_bench.names import name_problem

MOST_TEXT_BYTES = 4096
MOST_SCENES = 100_000
SLACK_BYTES = 1 << 12  # gzip makes what cannot be packed this much larger at most
CHUNK_FILTERS = ([], ["shuffle", "deflate"])


def attribute(owner: h5py.Group, name: str, kind: type) -> object:
    """A scalar attribute as `str`, `int` or `bool`; None if there is none. Raises DataError for another kind or size."""
    if name not in owner.attrs:
        return None
    stored = h5py.h5a.open(owner.id, name.encode())
    if stored.get_space().get_simple_extent_ndims() or stored.get_storage_size() > MOST_TEXT_BYTES:
        raise DataError(place(owner, name), f"{stored.get_storage_size():,} bytes", f"one {kind.__name__}")
    value = owner.attrs[name]
    if isinstance(value, bytes):
        value = value.decode()
    number = isinstance(value, np.integer | np.bool_ | int)
    if isinstance(value, str) != (kind is str) or (kind is not str and not number) or len(str(value)) > MOST_TEXT_BYTES:
        raise DataError(place(owner, name), f"{type(value).__name__} {str(value)[:40]!r}", f"one {kind.__name__}")
    return kind(value)


def text(owner: h5py.Group, name: str) -> str:
    """An attribute that must be there."""
    value = attribute(owner, name, str)
    if value is None:
        raise DataError(place(owner), f"no {name}", "every field of a scene")
    return value


def name_text(owner: h5py.Group, name: str) -> str:
    """An attribute that folders and files are called after."""
    value = text(owner, name)
    if problem := name_problem(value):
        raise DataError(place(owner, name), f"{problem}: {value[:60]!r}", "one path component")
    return value


def subgroup(owner: h5py.Group, name: str) -> h5py.Group:
    """A group below another. Raises DataError where there is none or only a link."""
    if not _is_hard(owner, name) or owner.get(name, getclass=True) is not h5py.Group:
        raise DataError(place(owner, name), "no group of its own", "a group in the file")
    return owner[name]


def scene_names(file: h5py.File) -> list[str]:
    """Names of the scenes of a shard, sorted. Raises DataError where one could not be a file name."""
    scenes = subgroup(file, "scenes")
    if len(scenes) > MOST_SCENES:
        raise DataError(place(scenes), f"{len(scenes):,} scenes", f"at most {MOST_SCENES:,}")
    names = list(scenes)
    for name in names:
        if problem := name_problem(name):
            raise DataError(place(scenes), f"{problem}: {name[:60]!r}", "scene names of one path component")
    return names


def has_field(group: h5py.Group, name: str) -> bool:
    """Whether a field is there, linked or not."""
    return group.id.links.exists(name.encode())


def read_field(group: h5py.Group, name: str, dtype: np.dtype, dims: int) -> np.ndarray:
    """The values of a field that all lie in one piece in this file. Raises DataError for any other."""
    stored = _dataset(group, name, dtype, dims)
    plist, offset, size = stored.get_create_plist(), stored.get_offset(), math.prod(stored.shape) * dtype.itemsize
    if plist.get_layout() != h5py.h5d.CONTIGUOUS or offset is None:
        raise DataError(place(group, name), "values stored in another way", "values in one piece")
    if plist.get_external_count() or offset + size > h5py.h5i.get_file_id(group.id).get_filesize():
        raise DataError(place(group, name), f"{size:,} bytes outside the file", "values in the file")
    values = np.empty(stored.shape, dtype)
    stored.read(h5py.h5s.ALL, h5py.h5s.ALL, values, _type(dtype))
    return values


def chunked(group: h5py.Group, name: str, dtype: np.dtype, shape: tuple[int, int, int]) -> h5py.Dataset:
    """A field of one packed chunk a view. Raises DataError for any other, and for another shape."""
    stored = h5py.Dataset(_dataset(group, name, dtype, len(shape)))
    plist = stored.id.get_create_plist()
    if plist.get_layout() != h5py.h5d.CHUNKED or stored.shape != shape or stored.chunks != (1, *shape[1:]):
        raise DataError(place(group, name), f"shape {stored.shape}", f"{shape}, one chunk a view")
    if _filters(plist) not in CHUNK_FILTERS:
        raise DataError(place(group, name), f"filters {_filters(plist)}", "shuffle and gzip")
    return stored


def read_chunk(stored: h5py.Dataset, view: int) -> np.ndarray:
    """(h, w) values of one view of a chunked field, unpacked to no more bytes than they have."""
    start = (view, 0, 0)
    size = math.prod(stored.chunks) * stored.dtype.itemsize
    info = stored.id.get_chunk_info_by_coord(start)
    if info.byte_offset is None or info.size > size + SLACK_BYTES:
        raise DataError(f"{stored.file.filename}{stored.name}[{view}]", f"{info.size:,} bytes", f"at most {size:,}")
    if info.byte_offset + info.size > stored.file.id.get_filesize():
        raise DataError(f"{stored.file.filename}{stored.name}[{view}]", "bytes outside the file", "values in the file")
    skipped, content = stored.id.read_direct_chunk(start)
    names = _filters(stored.id.get_create_plist())
    if names and not skipped & 2:
        content = zlib.decompressobj().decompress(content, size)
    if len(content) != size:
        raise DataError(f"{stored.file.filename}{stored.name}[{view}]", f"{len(content):,} bytes", f"{size:,}")
    if names and not skipped & 1:
        return _unshuffled(np.frombuffer(content, np.uint8), stored.dtype).reshape(stored.chunks[1:])
    return np.frombuffer(content, stored.dtype).reshape(stored.chunks[1:])


def _unshuffled(content: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Values whose lowest bytes stand first, then the next ones, as HDF5's shuffle filter leaves them."""
    planes = content.reshape(dtype.itemsize, -1)
    values = np.zeros(planes.shape[1], dtype)
    for number, plane in enumerate(planes):
        values |= plane.astype(dtype) << dtype.type(8 * number)
    return values


def place(owner: h5py.Group, name: str = "") -> str:
    """File and path of a group or of a field in it."""
    return f"{owner.file.filename}{owner.name.rstrip('/')}{'/' if name else ''}{name}"


def _dataset(group: h5py.Group, name: str, dtype: np.dtype, dims: int) -> h5py.h5d.DatasetID:
    if not has_field(group, name):
        raise DataError(place(group), f"no {name}", "every field of a scene")
    if not _is_hard(group, name):
        raise DataError(place(group, name), "a link", "values in the file")
    stored = h5py.h5o.open(group.id, name.encode())
    if not isinstance(stored, h5py.h5d.DatasetID):
        raise DataError(place(group, name), "a group", "values in the file")
    if stored.rank != dims or not stored.get_type().equal(_type(dtype)):
        found = f"{stored.rank} dimensions of {str(h5py.Dataset(stored).dtype)[:60]}"
        raise DataError(place(group, name), found, f"{dims} of {str(dtype)[:60]}")
    return stored


@functools.cache
def _type(dtype: np.dtype) -> h5py.h5t.TypeID:
    return h5py.h5t.py_create(dtype, logical=True)


def _is_hard(owner: h5py.Group, name: str) -> bool:
    return has_field(owner, name) and owner.id.links.get_info(name.encode()).type == h5py.h5l.TYPE_HARD


def _filters(plist) -> list[str]:
    known = {h5py.h5z.FILTER_SHUFFLE: "shuffle", h5py.h5z.FILTER_DEFLATE: "deflate"}
    return [known.get(plist.get_filter(i)[0], "another") for i in range(plist.get_nfilters())]
