"""Reading a data set: scenes by name, pictures and labels one view at a time, from any process or thread pool worker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from odd_bench.data import layout
from odd_bench.data.errors import DataError
from odd_bench.data.folder import read_description, shard_paths
from odd_bench.data.record import SceneRecord
from odd_bench.data.shards import open_shard
from odd_bench.scene import Scene


def open_dataset(folder: Path | str) -> Dataset:
    """Open the data set in `folder`. Raises DataError where it is not one or a shard is damaged."""
    folder = Path(folder)
    description = read_description(folder)
    shards = {}
    for path in shard_paths(folder):
        with open_shard(path) as file:
            shards |= {name: (file.attrs["split"], path) for name in file["scenes"]}
    if not shards:
        raise DataError(folder, "no scenes", "shards/*.h5", "Run the same generate command again")
    return Dataset(folder, description.name, shards)


class Dataset:
    """A folder of shards. Files are opened when first read and once a process, so it can be pickled and forked.

    shards: scene name to its split and shard. Every reading method raises DataError for a name or view that is not there.
    """

    def __init__(self, folder: Path, name: str, shards: dict[str, tuple[str, Path]]):
        self.folder, self.name = folder, name
        self._shards = shards
        self._files: dict[tuple[int, Path], h5py.File] = {}

    def __len__(self) -> int:
        return len(self._shards)

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_files": {}}

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have scenes."""
        return tuple(dict.fromkeys(split for split, _ in self._shards.values()))

    def scene_names(self, split: str | None = None) -> list[str]:
        """Sorted names of one split's scenes, or of all."""
        if split is not None and split not in self.splits:
            raise DataError(self.folder, f"no split {split!r}", f"one of {', '.join(self.splits)}")
        return sorted(name for name, (of, _) in self._shards.items() if split in (None, of))

    def scene(self, name: str) -> Scene:
        """Cameras and objects."""
        return layout.read_scene(self._group(name))

    def record(self, name: str) -> SceneRecord:
        """Everything of one scene, decoded."""
        return layout.read_record(self._group(name))

    def images(self, name: str, views: Sequence[int]) -> np.ndarray:
        """(n, h, w, 3) uint8 sRGB pictures of the given views."""
        return layout.read_images(self._group(name), views)

    def masks(self, name: str, views: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Instance and change masks of the given views, each (n, h, w) uint8; values as in SceneRecord."""
        return layout.read_masks(self._group(name), views)

    def depths(self, name: str, views: Sequence[int]) -> np.ndarray:
        """(n, h, w) float32 planar z in metres, 0 where nothing was hit. DataError where the data set leaves depth out."""
        return layout.read_depth(self._group(name), views)

    def image(self, name: str, view: int) -> np.ndarray:
        """(h, w, 3) uint8 sRGB."""
        return self.images(name, [view])[0]

    def instance(self, name: str, view: int) -> np.ndarray:
        """(h, w) uint8, 0 = background, i + 1 = object i."""
        return self.masks(name, [view])[0][0]

    def change(self, name: str, view: int) -> np.ndarray:
        """(h, w) uint8: UNCHANGED, CHANGED or LOST."""
        return self.masks(name, [view])[1][0]

    def depth(self, name: str, view: int) -> np.ndarray:
        """(h, w) float32 metres, as in `depths`."""
        return self.depths(name, [view])[0]

    def _group(self, name: str) -> h5py.Group:
        if name not in self._shards:
            raise DataError(self.folder, f"no scene {name!r}", f"one of its {len(self)} scenes")
        return self._file(self._shards[name][1])["scenes"][name]

    def _file(self, path: Path) -> h5py.File:
        key = (os.getpid(), path)
        if key not in self._files:
            self._files[key] = open_shard(path)
        return self._files[key]
