"""Shapes that could be mistaken for one another: found as nearest by features, then measured surface to surface.

A pair is accepted if its Chamfer distance (the mean distance between the surfaces, both ways) lies within bounds and enough of
the shape looks different from some side. The description of a shape is stored under the shape's digest, so that only the new
shapes of a library have to be described. The index is stored under the digest of everything that it depends on.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from odd_bench.atomic import write_atomically
from odd_bench.geometry.shape import Shape
from odd_bench.kept import read_or_make
from odd_bench.plain_file import open_plain
from odd_bench.shapes.features import DINOV2_SIDE, DinoV2, view_features
from odd_bench.shapes.fixed_views import Surface, seen_difference, shades, surface_points
from odd_bench.shapes.library import Library
from odd_bench.shapes.similar_config import SimilarConfig, SimilarError

VERSION = 1  # of the features and of the measurements
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Description:
    """The stored description of a shape.

    features: (d,) float32. points: (p, 3) float32 on its surface, canonical frame. shades: (views, h, w) uint8.
    """

    features: np.ndarray
    points: np.ndarray
    shades: np.ndarray


@dataclass(frozen=True)
class SimilarIndex:
    """Shapes and their nearest neighbours.

    names: (n,) sorted. coordinates: (n, c) float32, principal components of the features. neighbors: (n, k) int, nearest first,
    -1 where there is none. chamfer, seen: (n, k), as bounded by SimilarConfig. config: the bounds of similarity.
    """

    names: tuple[str, ...]
    coordinates: np.ndarray
    neighbors: np.ndarray
    chamfer: np.ndarray
    seen: np.ndarray
    config: SimilarConfig

    @property
    def accepted(self) -> np.ndarray:
        """(n, k) bool: the neighbours that are near enough to be mistaken for the shape and different enough to be seen."""
        near = (self.chamfer >= self.config.least_chamfer) & (self.chamfer <= self.config.most_chamfer)
        return (self.neighbors >= 0) & near & (self.seen >= self.config.least_seen)

    @property
    def matched(self) -> int:
        """How many shapes have at least one similar shape."""
        return int(self.accepted.any(axis=1).sum())

    @property
    def pairs(self) -> int:
        """How many pairs are similar, each counted once."""
        rows, columns = np.nonzero(self.accepted)
        ends = np.sort(np.column_stack([rows, self.neighbors[rows, columns]]), axis=1)
        return len(np.unique(ends, axis=0))

    def nearest_similar(self, name: str) -> list[str]:
        """The names of the shapes similar to the named one, nearest first. Raises SimilarError for an unknown name."""
        row = int(np.searchsorted(self.names, name))
        if row == len(self.names) or self.names[row] != name:
            raise SimilarError(f"similar shapes: found no {name!r} among the {len(self.names)} of the index")
        return [self.names[i] for i in self.neighbors[row][self.accepted[row]]]


def index_library(
    library: Library,
    config: SimilarConfig,
    names: Sequence[str] | None = None,
    progress: Progress = lambda what, done, total: None,
) -> SimilarIndex:
    """The index of a library, or of some of its shapes; it is stored in the library's folder.

    names: the shapes to index, None = all. With the names of one split, no shape gets a neighbour from another split.
    """
    names = [entry.name for entry in library.used] if names is None else names
    digests = {name: _file_digest(library.store / f"{name}.npz") for name in names}
    return index_shapes(digests, lambda name: library.model(name).shape(), config, library.store / "similar", progress)


def index_shapes(
    digests: Mapping[str, str],
    shape_of: Callable[[str], Shape],
    config: SimilarConfig,
    cache: Path,
    progress: Progress = lambda what, done, total: None,
) -> SimilarIndex:
    """The index of named shapes, read from the cache folder if the same shapes were indexed in the same way.

    digests: the digest of each shape's content, by name. progress: called with the stage, how much of it is done, and how much in
    all. Raises SimilarError for fewer than two shapes.
    """
    names = tuple(sorted(digests))
    if len(names) < 2:
        raise SimilarError(f"similar shapes: found {len(names)} shapes; expected at least 2")
    measured_by = {key: value for key, value in config.as_dict().items() if not key.startswith(("least", "most"))}
    key = _digest([VERSION, measured_by, [(name, digests[name]) for name in names]])
    path = cache / f"index-{key[:16]}.npz"

    def make() -> SimilarIndex:
        descriptions = _descriptions(digests, shape_of, config, cache, progress)
        coordinates = main_coordinates(np.stack([one.features for one in descriptions]), config.components)
        neighbors = nearest(coordinates, config.candidates)
        chamfer, seen = _measure(
            descriptions, neighbors, lambda row: Surface(shape_of(names[row])), config.contrast, progress
        )
        return SimilarIndex(names, coordinates, neighbors, chamfer, seen, config)

    return read_or_make(path, lambda path: SimilarIndex(names, *_read(path, INDEXED), config), make, _write_index)


INDEXED = ("coordinates", "neighbors", "chamfer", "seen")  # fields of a stored index
DESCRIBED = ("features", "points", "shades")  # fields of a stored description


def _read(path: Path, names: Sequence[str]) -> list[np.ndarray]:
    """The arrays of these names in an .npz file."""
    with open_plain(path) as file, np.load(file, allow_pickle=False) as stored:
        return [stored[name] for name in names]


def _write_index(path: Path, index: SimilarIndex) -> None:
    write_atomically(path, _packed(**{name: getattr(index, name) for name in INDEXED}))


def main_coordinates(features: np.ndarray, components: int) -> np.ndarray:
    """(n, c) float32: the first principal components of features (n, d), at most `components`."""
    centered = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    if len(centered) <= centered.shape[1]:  # the smaller of the two Gram matrices
        _, vectors = np.linalg.eigh(centered @ centered.T)
        directions = centered.T @ vectors[:, ::-1][:, :components]
        directions /= np.maximum(np.linalg.norm(directions, axis=0), 1e-12)
    else:
        _, vectors = np.linalg.eigh(centered.T @ centered)
        directions = vectors[:, ::-1][:, :components]
    directions *= np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return (centered @ directions).astype(np.float32)


def query(coordinates: np.ndarray, point: np.ndarray, count: int) -> np.ndarray:
    """(count,) int: the rows of coordinates (n, c) that are nearest to a point (c,), nearest first."""
    distances = ((coordinates - point) ** 2).sum(axis=1)
    near = np.argpartition(distances, min(count, len(distances) - 1))[:count]
    return near[np.lexsort((near, distances[near]))]


def nearest(coordinates: np.ndarray, count: int) -> np.ndarray:
    """(n, count) int32: for each row the nearest other rows, nearest first, padded with -1."""
    found = np.full((len(coordinates), count), -1, np.int32)
    for row, point in enumerate(coordinates):
        near = query(coordinates, point, min(count + 1, len(coordinates)))
        near = near[near != row][:count]
        found[row, : len(near)] = near
    return found


def _descriptions(
    digests: Mapping[str, str], shape_of: Callable[[str], Shape], config: SimilarConfig, cache: Path, progress: Progress
) -> list[Description]:
    """The descriptions of all shapes, sorted by name. Missing ones are computed and stored first."""
    how = _digest([VERSION, config.features, config.weights_sha256, config.pixels, config.points])[:8]
    paths = {name: cache / f"look-{digests[name][:32]}-{how}.npz" for name in sorted(digests)}
    missing = [name for name, path in paths.items() if not path.exists()]
    describe = lru_cache(maxsize=1)(lambda: _describer(config))  # a teacher is loaded only if a description is missing

    def make(name: str) -> Description:
        description = describe()(shape_of(name))
        if name in missing:
            progress("looking", missing.index(name) + 1, len(missing))
        return description

    return [
        read_or_make(
            path,
            lambda path: Description(*_read(path, DESCRIBED)),
            partial(make, name),
            lambda path, description: write_atomically(path, _packed(**vars(description))),
        )
        for name, path in paths.items()
    ]


def _describer(config: SimilarConfig) -> Callable[[Shape], Description]:
    teacher = DinoV2(config.weights) if config.features == "dinov2" else None

    def describe(shape: Shape) -> Description:
        surface = Surface(shape)
        views = surface.views(config.pixels)
        points = surface_points(shape, config.points, np.random.default_rng(0)).astype(np.float32)
        features = teacher.features(surface.views(DINOV2_SIDE)) if teacher else view_features(views, points)
        return Description(features, points, shades(views))

    return describe


def _measure(
    descriptions: Sequence[Description],
    neighbors: np.ndarray,
    surface_of: Callable[[int], Surface],
    least_contrast: float,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) Chamfer distances and (n, k) seen differences of every row's neighbours. Each surface is built only once."""
    measured_to: dict[int, set[int]] = {}
    for row, near in _pairs(neighbors):
        measured_to.setdefault(near, set()).add(row)
        measured_to.setdefault(row, set()).add(near)
    one_way: dict[tuple[int, int], float] = {}
    for done, (target, sources) in enumerate(sorted(measured_to.items()), 1):
        surface = surface_of(target)
        for source in sources:
            one_way[source, target] = float(surface.distances(descriptions[source].points).mean())
        progress("measuring", done, len(measured_to))
    chamfer = np.full(neighbors.shape, np.inf, np.float32)
    seen = np.zeros(neighbors.shape, np.float32)
    for row, column in zip(*np.nonzero(neighbors >= 0), strict=True):
        near = int(neighbors[row, column])
        chamfer[row, column] = (one_way[row, near] + one_way[near, row]) / 2
        seen[row, column] = seen_difference(descriptions[row].shades, descriptions[near].shades, least_contrast)[0]
    return chamfer, seen


def _pairs(neighbors: np.ndarray) -> list[tuple[int, int]]:
    return [(row, int(near)) for row, nears in enumerate(neighbors) for near in nears if near >= 0]


def _packed(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _file_digest(path: Path) -> str:
    with open_plain(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
