"""Reading a data set: scenes by name, pictures and labels one view at a time, from any process or thread pool worker."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from odd_bench.data.damage import again
from odd_bench.data.errors import DataError
from odd_bench.data.fields import name_text, scene_names
from odd_bench.data.folder import read_description, shard_paths
from odd_bench.data.record import SceneRecord
from odd_bench.data.shards import OpenShard, open_shard, opened, verify_scene
from odd_bench.data.stored_scene import StoredScene
from odd_bench.scene import Scene

OPEN_SHARDS = 48  # open at once; the least recently used is closed for the next. A usual limit is 1,024 files
SCENES_KEPT = 1000  # whose cameras and objects stay in memory, some 60 kB each with what HDF5 keeps of them


def open_dataset(folder: Path | str) -> Dataset:
    """Open the data set in `folder`. Raises DataError where it is not one or a shard is damaged."""
    folder = Path(folder)
    description = read_description(folder)
    shards = {}
    for path in shard_paths(folder):
        with opened(path) as file:
            split = name_text(file, "split")
            shards |= {name: (split, path) for name in scene_names(file)}
    if not shards:
        raise DataError(folder, "no scenes", "shards/*.h5", again(folder))
    return Dataset(folder, description.name, description.digest, shards)


def joined(datasets: Sequence[Dataset]) -> Dataset:
    """Several data sets as one, to train on: the scenes of all, by name. One alone is itself.

    Files kept beside the data, such as features of a teacher, lie in the folder of the first. Raises DataError where
    two of them hold a scene of the same name.
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
    """A folder of shards. Files are opened when first read, once per process, so it can be pickled and forked.

    At most OPEN_SHARDS are open at a time. digest: of its ground truth. shards: scene name to its split and shard. Every reading
    method raises DataError for a name or view that is not there, and for what cannot be read.
    """

    def __init__(self, folder: Path, name: str, digest: str, shards: dict[str, tuple[str, Path]]):
        self.folder, self.name, self.digest = folder, name, digest
        self._shards = shards
        self._opened = _Opened()

    def __len__(self) -> int:
        return len(self._shards)

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_opened": _Opened()}

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
        return self._stored(name).scene

    def record(self, name: str) -> SceneRecord:
        """Everything of one scene, decoded and compared with its digests."""
        stored = self._stored(name)
        labels = stored.labels()
        verify_scene(stored, labels)
        return stored.record(labels)

    def verify(self, name: str) -> None:
        """Compare a scene with its digests, which takes as long as reading all its views. Raises DataError where one differs.

        What only reads some views does not notice a flipped bit that still decodes.
        """
        verify_scene(self._stored(name))

    def images(self, name: str, views: Sequence[int]) -> np.ndarray:
        """(n, h, w, 3) uint8 sRGB pictures of the given views."""
        return self._stored(name).images(views)

    def masks(self, name: str, views: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Instance and change masks of the given views, each (n, h, w) uint8; values as in SceneRecord."""
        return self._stored(name).masks(views)

    def depths(self, name: str, views: Sequence[int]) -> np.ndarray:
        """(n, h, w) float32 planar z in metres, 0 where nothing was hit. DataError where the data set leaves depth out."""
        return self._stored(name).depth(views)

    def has_depth(self, name: str) -> bool:
        """Whether the scene is stored with depth."""
        return self._stored(name).has_depth

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

    def forget_scenes(self) -> None:
        """Drop what is kept of the scenes read last, for example to measure how long reading takes; their shards stay open."""
        self._opened.forget()

    def _stored(self, name: str) -> StoredScene:
        if name not in self._shards:
            raise DataError(self.folder, f"no scene {name!r}", f"one of its {len(self)} scenes")
        return self._opened.scene(self._shards[name][1], name)


class _Opened:
    """What one process has open: a forked child opens its own files. A scene keeps its file open until it is dropped itself."""

    def __init__(self):
        self._process = os.getpid()
        self._shards: OrderedDict[Path, OpenShard] = OrderedDict()
        self._scenes: OrderedDict[tuple[Path, str], StoredScene] = OrderedDict()

    def scene(self, path: Path, name: str) -> StoredScene:
        if self._process != os.getpid():
            self.__init__()
        found = self._scenes.pop((path, name), None) or self._shard(path).scene(name)
        self._scenes[path, name] = found
        while len(self._scenes) > SCENES_KEPT:
            self._scenes.popitem(last=False)
        return found

    def forget(self) -> None:
        self._scenes.clear()

    def _shard(self, path: Path) -> OpenShard:
        shard = self._shards.pop(path, None) or OpenShard(open_shard(path))
        self._shards[path] = shard
        if len(self._shards) > OPEN_SHARDS:
            oldest, _ = self._shards.popitem(last=False)
            for key in [key for key in self._scenes if key[0] == oldest]:
                del self._scenes[key]
        return shard
