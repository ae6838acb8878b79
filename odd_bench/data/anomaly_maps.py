"""Anomaly maps: for every pixel, how suspicious a method finds it. They lie in one HDF5 file beside a prediction file.

Each scene is a group `/scenes/<name>` with two attributes, height and width of its maps, and two fields:

    views   (n,)               int32   indices of the views, each once
    maps    (n, height, width) uint8   higher = more suspicious; one compressed chunk per view

A map has the size of the picture, or both sides of the picture divided by the same integer; each value then stands for a square
of pixels. Scores compare the values across the whole split, so a value must mean the same in every scene.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import h5py
import numpy as np

from odd_bench.atomic import prove_file, storage_errors, write_atomically
from odd_bench.data.chunks import find_chunks
from odd_bench.data.damage import check_plain, reading
from odd_bench.data.errors import DataError
from odd_bench.data.fields import Storage, attribute, place, read_field, scene_names, subgroup
from odd_bench.data.stored_scene import MOST_PIXELS, MOST_VIEWS
from odd_bench.names import name_problem

FORMAT, VERSION = "odd-bench/anomaly-maps", 1
VIEW_NUMBERS, LEVELS = np.dtype("<i4"), np.dtype("u1")
EXPECTED = f"maps of the format {FORMAT}"
HINT = "Write the maps again"
PIECE_BYTES = 1 << 22


class MapWriter:
    """Writes maps scene by scene. The file appears when the writer is closed; if an error occurs before, it never appears.

        with MapWriter("predictions.maps.h5") as out:
            out.add("toys-banana-0003-0017", 4, suspicion)  # (h, w) uint8

    Raises StorageError if the file cannot be written, and ValueError if an array is not a map.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        prove_file(self.path)
        self._spool = tempfile.TemporaryFile(dir=self.path.absolute().parent)  # noqa: SIM115 - closed by close
        self._file = h5py.File(self._spool, "w")
        self._scenes = self._file.create_group("scenes")
        self._name, self._maps = "", {}

    def add(self, scene: str, view: int, suspicion: np.ndarray) -> None:
        """Add the map of one view. suspicion: (h, w) uint8, higher = more suspicious.

        Add all views of a scene before the next scene, each once and with the same size. Otherwise raises ValueError.
        """
        suspicion = np.asarray(suspicion)
        if suspicion.dtype != LEVELS or suspicion.ndim != 2 or not suspicion.size:
            raise ValueError(
                f"scene {scene!r}: found {suspicion.dtype} of shape {suspicion.shape}; expected (h, w) uint8"
            )
        if scene != self._name:
            if problem := name_problem(scene):
                raise ValueError(f"scene {scene!r}: found {problem}; expected a scene of the data set")
            if scene in self._scenes:
                raise ValueError(f"scene {scene!r}: found more views after another scene; expected all views together")
            self._finish_scene()
            self._name = scene
        if view in self._maps or int(view) < 0:
            raise ValueError(
                f"scene {scene!r}: found view {view} {'twice' if view in self._maps else ''}; expected each once"
            )
        if self._maps and next(iter(self._maps.values())).shape != suspicion.shape:
            raise ValueError(f"scene {scene!r}: found maps of different sizes; expected one size")
        self._maps[int(view)] = suspicion

    def close(self) -> None:
        """Write the complete file, or none."""
        self._finish_scene()
        self._file.attrs["format"], self._file.attrs["version"], self._file.attrs["complete"] = FORMAT, VERSION, True
        self._file.close()
        self._spool.seek(0)
        write_atomically(self.path, _pieces(self._spool))
        self._spool.close()

    def _finish_scene(self) -> None:
        if not self._maps:
            return
        maps = np.stack(list(self._maps.values()))
        group = self._scenes.create_group(self._name)
        group.attrs["height"], group.attrs["width"] = maps.shape[1:]
        group.create_dataset("views", data=np.array(list(self._maps), VIEW_NUMBERS), track_times=False)
        chunk = (1, *maps.shape[1:])
        with storage_errors(self.path, "room for it"):
            group.create_dataset(
                "maps", data=maps, chunks=chunk, compression="gzip", compression_opts=1, shuffle=True, track_times=False
            )
        self._maps = {}

    def __enter__(self) -> MapWriter:
        return self

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()
            self._spool.close()


def _pieces(spool: BinaryIO) -> Iterator[bytes]:
    while piece := spool.read(PIECE_BYTES):
        yield piece


class AnomalyMaps:
    """A file of maps that is open for reading. scenes: names of the scenes that have maps."""

    def __init__(self, file: h5py.File):
        self._file, self._scenes, self._storage = file, subgroup(file, "scenes"), Storage.of(file)
        self.scenes = frozenset(scene_names(file))

    def views(self, scene: str) -> np.ndarray:
        """Indices (n,) of the views that have a map, in the order of the file; none for a scene without maps."""
        if scene not in self.scenes:
            return np.zeros(0, VIEW_NUMBERS)
        with self._reading(scene):
            group = subgroup(self._scenes, scene)
            views = read_field(group, "views", VIEW_NUMBERS, 1, self._storage)
            if len(views) > MOST_VIEWS or len(np.unique(views)) != len(views) or (views < 0).any():
                raise DataError(place(group, "views"), f"{len(views)} numbers", "numbers of views, each once", HINT)
            return views

    def maps(self, scene: str, wanted: tuple[int, ...], size: tuple[int, int]) -> dict[int, np.ndarray]:
        """The maps (h, w) uint8 of those wanted views that have one, by view, enlarged to the size of the picture.

        size: height and width of the picture. Raises DataError if a map does not fit it, before any map is read.
        """
        views = self.views(scene)
        if not len(views):
            return {}
        with self._reading(scene):
            group = subgroup(self._scenes, scene)
            height, width = (attribute(group, name, int) or 0 for name in ("height", "width"))
            factor = _whole_factor(size, (height, width))
            if not factor:
                expected = f"{size[0]} x {size[1]}, or both divided by one whole number"
                raise DataError(place(group), f"maps of {height} x {width}", expected, HINT)
            stored = find_chunks(group, "maps", LEVELS, (len(views), height, width), self._storage)
            rows = {int(view): row for row, view in enumerate(views)}
            there = [view for view in wanted if view in rows]
            maps = stored.read([rows[view] for view in there])
            return {view: enlarged(one, factor) for view, one in zip(there, maps, strict=True)}

    def _reading(self, scene: str):
        return reading(f"{self._file.filename}/scenes/{scene}", EXPECTED, HINT)


@contextmanager
def open_maps(path: Path) -> Iterator[AnomalyMaps]:
    """Open a file of maps for reading. Raises DataError if it is missing, damaged, unfinished or of another format."""
    check_plain(path, EXPECTED)
    with reading(path, EXPECTED, HINT):
        file = h5py.File(path, "r")
    with file:
        with reading(path, EXPECTED, HINT):
            stated = attribute(file, "format", str), attribute(file, "version", int)
            if stated != (FORMAT, VERSION) or not attribute(file, "complete", bool):
                found = (
                    "an unfinished file"
                    if stated == (FORMAT, VERSION)
                    else f"format {stated[0]!r}, version {stated[1]}"
                )
                raise DataError(path, found, f"{FORMAT}, version {VERSION}", HINT)
            maps = AnomalyMaps(file)
        yield maps


def _whole_factor(size: tuple[int, int], inner: tuple[int, int]) -> int:
    """The integer factor by which both sides of a picture are larger than those of a map, or 0 if there is none."""
    if min(inner) < 1 or size[0] * size[1] > MOST_PIXELS:
        return 0
    factor = size[0] // inner[0]
    return factor if (inner[0] * factor, inner[1] * factor) == tuple(size) else 0


def enlarged(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Enlarge (h, w) to (factor h, factor w): every value becomes a square of pixels."""
    return pixels if factor == 1 else pixels.repeat(factor, axis=0).repeat(factor, axis=1)
