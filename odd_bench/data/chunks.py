"""Fields of one compressed chunk a view, each unpacked to no more bytes than it declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import h5py
import numpy as np

from odd_bench.data.errors import DataError
from odd_bench.data.fields import Place, Storage, open_field, place
from odd_bench.data.inflate import unpacked_whole

SLACK_BYTES = 1 << 12  # gzip makes incompressible bytes at most this much larger
FILTERS = {h5py.h5z.FILTER_SHUFFLE: "shuffle", h5py.h5z.FILTER_DEFLATE: "deflate"}
PLAIN, PACKED = [], ["shuffle", "deflate"]


@dataclass(frozen=True)
class Chunks:
    """A field of one chunk a view, checked but not yet read.

    stored: the open field. shape: height and width of a view. packed: whether chunks are shuffled and compressed. where: for
    messages.
    """

    stored: h5py.h5d.DatasetID
    shape: tuple[int, int]
    dtype: np.dtype
    packed: bool
    storage: Storage
    where: Place

    def read(self, views: Sequence[int]) -> np.ndarray:
        """(n, h, w) values of the given views."""
        values = np.empty((len(views), *self.shape), self.dtype)
        for into, view in zip(values, views, strict=True):
            self._read_view(view, into.reshape(-1))
        return values

    def _read_view(self, view: int, into: np.ndarray) -> None:
        """into: (h * w,) values of one view."""
        start, size = (view, 0, 0), into.nbytes
        info = self.stored.get_chunk_info_by_coord(start)
        if info.byte_offset is None or info.size > size + SLACK_BYTES:
            raise DataError(f"{self.where}[{view}]", f"{info.size:,} bytes", f"at most {size:,}")
        if info.byte_offset + info.size > self.storage.end:
            raise DataError(f"{self.where}[{view}]", "bytes outside the file", "values in the file")
        skipped, content = self.stored.read_direct_chunk(start)
        if self.packed and not skipped & 2:
            content = unpacked_whole(content, size)
        if len(content) != size:
            raise DataError(f"{self.where}[{view}]", f"{len(content):,} bytes", f"{size:,}")
        if self.packed and not skipped & 1:
            _unshuffle(np.frombuffer(content, np.uint8), into)
        else:
            into[...] = np.frombuffer(content, self.dtype)


def find_chunks(group: h5py.Group, name: str, dtype: np.dtype, shape: tuple[int, int, int], storage: Storage) -> Chunks:
    """A field of one compressed chunk a view. Raises DataError for any other, and for another shape."""
    stored, found = open_field(group, name, dtype, len(shape))
    plist = stored.get_create_plist()
    if plist.get_layout() != h5py.h5d.CHUNKED or found != shape or plist.get_chunk() != (1, *shape[1:]):
        raise DataError(place(group, name), f"shape {found}", f"{shape}, one chunk a view")
    filters = [FILTERS.get(plist.get_filter(i)[0], "another") for i in range(plist.get_nfilters())]
    if filters not in (PLAIN, PACKED):
        raise DataError(place(group, name), f"filters {filters}", "shuffle and gzip")
    return Chunks(stored, shape[1:], dtype, filters == PACKED, storage, Place(group, name))


def _unshuffle(content: np.ndarray, into: np.ndarray) -> None:
    """Undo HDF5's shuffle filter, which puts the lowest bytes of all values first, then the next ones."""
    planes = content.reshape(into.itemsize, -1)
    into[...] = planes[-1]
    for plane in planes[-2::-1]:
        into <<= 8
        into |= plane
