"""Reading a data set: scenes by name, and pictures and labels view by view, from any process."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from odd_bench.counted import counted
from odd_bench.data.damage import again
from odd_bench.data.errors import DataError, WrongName
from odd_bench.data.fields import name_text, scene_names
from odd_bench.data.folder import QUARANTINE, read_description, shard_paths
from odd_bench.data.quarantine import given_up
from odd_bench.data.record import SceneRecord
from odd_bench.data.shards import OpenShard, open_shard, opened, verify_scene
from odd_bench.data.stored_scene import StoredScene
from odd_bench.scene import Scene

OPEN_SHARDS = 48  # files open at once, of 1,024 that systems usually allow; the least recently used is closed first
SCENES_KEPT = 1000  # scenes whose cameras and objects stay in memory: about 60 kB each, with the buffers of HDF5


def open_dataset(folder: Path | str) -> Dataset:
    """Open the data set in `folder`. Raises DataError if the folder is not a data set or a shard is damaged."""
    folder = Path(folder)
    description = read_description(folder)
    shards = {}
    for path in shard_paths(folder):
        with opened(path) as file:
            split = name_text(file, "split")
            shards |= {name: (split, path) for name in scene_names(file)}
    if not shards:
        lost = given_up(folder / QUARANTINE)
        if lost:
            hint = f"The reasons are in {folder / QUARANTINE}"
            raise DataError(folder, f"no scenes: {counted(len(lost), 'scene')} given up", "one or more", hint)
        raise DataError(folder, "no scenes", "shards/*.h5", again(folder))
    return Dataset(folder, description.name, description.digest, shards)


def joined(datasets: Sequence[Dataset]) -> Dataset:
    """Join several data sets into one for training. A single data set is returned as it is.

    The folder of the joint data set is that of the first; files beside the data, such as features of a teacher, lie there.
    Raises DataError if two of the data sets have a scene of the same name.
    """
    first, *others = datasets
    if not others:
        return first
    shards: dict[str, tuple[str, Path]] = {}
    for one in datasets:
        if twice := shards.keys() & one._shards.keys():
            expected = "scenes of different names to train on together"
            raise DataError(one.folder, f"scene {min(twice)!r} of another data set", expected)
        shards |= one._shards
    digest = hashlib.sha256("\n".join(one.digest for one in datasets).encode()).hexdigest()
    return Dataset(first.folder, "+".join(one.name for one in datasets), f"sha256:{digest}", shards)


class Dataset:
    """A data set: a folder of shards.

    Each process opens files when it first reads them, at most OPEN_SHARDS at a time, so a Dataset can be pickled and forked.
    digest: digest of the ground truth. shards: split and path of the shard by scene name. All methods that read raise DataError if
    a scene or view does not exist or cannot be read.
    """

    def __init__(self, folder: Path, name: str, digest: str, shards: dict[str, tuple[str, Path]]):
        self.folder, self.name, self.digest = folder, name, digest
        self._shards = shards
        self._opened = _Opened()

    def __len__(self) -> int:
        return len(self._shards)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have scenes."""
        return tuple(dict.fromkeys(split for split, _ in self._shards.values()))

    def scene_names(self, split: str | None = None) -> list[str]:
        """The sorted names of the scenes of one split, or of all. Raises DataError if there is no such split."""
        if split is not None and split not in self.splits:
            raise WrongName(self.folder, f"no split {split!r}", f"one of {', '.join(self.splits)}")
        return sorted(name for name, (of, _) in self._shards.items() if split in (None, of))

    def scene(self, name: str) -> Scene:
        """The cameras and objects of a scene."""
        return self._stored(name).scene

    def record(self, name: str) -> SceneRecord:
        """The complete decoded scene. Raises DataError if it differs from its digests."""
        stored = self._stored(name)
        labels = stored.labels()
        verify_scene(stored, labels)
        return stored.record(labels)

    def verify(self, name: str) -> None:
        """Compare a scene with its digests, which takes as long as reading all its views. Raises DataError if one differs.

        The other methods do not compare digests, so they do not detect a wrong bit that can still be decoded.
        """
        verify_scene(self._stored(name))

    def images(self, name: str, views: Sequence[int]) -> np.ndarray:
        """Pictures (n, h, w, 3) uint8 sRGB of the given views."""
        return self._stored(name).images(views)

    def masks(self, name: str, views: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Instance and change masks of the given views, each (n, h, w) uint8; values as in SceneRecord."""
        return self._stored(name).masks(views)

    def depths(self, name: str, views: Sequence[int]) -> np.ndarray:
        """Planar depth (n, h, w) float32 in metres, 0 where nothing was hit. Raises DataError if depth is not stored."""
        return self._stored(name).depth(views)

    def has_depth(self, name: str) -> bool:
        """Whether the scene is stored with depth."""
        return self._stored(name).has_depth

    def image(self, name: str, view: int) -> np.ndarray:
        """The picture (h, w, 3) uint8 sRGB of one view."""
        return self.images(name, [view])[0]

    def instance(self, name: str, view: int) -> np.ndarray:
        """The instance mask (h, w) uint8 of one view: 0 = background, i + 1 = object i."""
        return self.masks(name, [view])[0][0]

    def change(self, name: str, view: int) -> np.ndarray:
        """The change mask (h, w) uint8 of one view: UNCHANGED, CHANGED or LOST."""
        return self.masks(name, [view])[1][0]

    def depth(self, name: str, view: int) -> np.ndarray:
        """Planar depth (h, w) float32 in metres of one view, as in `depths`."""
        return self.depths(name, [view])[0]

    def forget_scenes(self) -> None:
        """Drop cached cameras and objects, for example to measure the time of reading. Shards stay open."""
        self._opened.forget()

    def _stored(self, name: str) -> StoredScene:
        if name not in self._shards:
            raise WrongName(self.folder, f"no scene {name!r}", f"one of its {len(self)} scenes")
        return self._opened.scene(self._shards[name][1], name)


class _Opened:
    """The open shards and cached scenes of one process. A forked child opens its own files.

    A scene keeps its file open until the scene itself is dropped. Threads open scenes one at a time and read them in parallel.
    """

    def __init__(self):
        self._process, self._turn = os.getpid(), threading.Lock()
        self._shards: OrderedDict[Path, OpenShard] = OrderedDict()
        self._scenes: OrderedDict[tuple[Path, str], StoredScene] = OrderedDict()

    def __reduce__(self):
        return _Opened, ()  # whoever unpickles it has nothing open

    def scene(self, path: Path, name: str) -> StoredScene:
        if self._process != os.getpid():
            self.__init__()
        with self._turn:
            found = self._scenes.pop((path, name), None) or self._shard(path).scene(name)
            self._scenes[path, name] = found
            while len(self._scenes) > SCENES_KEPT:
                self._scenes.popitem(last=False)
            return found

    def forget(self) -> None:
        with self._turn:
            self._scenes.clear()

    def _shard(self, path: Path) -> OpenShard:
        shard = self._shards.pop(path, None) or OpenShard(open_shard(path))
        self._shards[path] = shard
        if len(self._shards) > OPEN_SHARDS:
            oldest, _ = self._shards.popitem(last=False)
            for key in [key for key in self._scenes if key[0] == oldest]:
                del self._scenes[key]
        return shard
