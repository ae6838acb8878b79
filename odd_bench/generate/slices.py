"""The part of a data set that one call makes: whole shards, or a range of scenes if there are more calls than shards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

from odd_bench.data.run_folder import RunFolder
from odd_bench.data.shard_work import ShardWork


@dataclass(frozen=True)
class Slice:
    """The part of a data set that one call makes.

    shards: indices of the shards in the plan. scenes: indices in the plan of the scenes to make; None = all scenes of the shards.
    names: names of the scenes to make. A call that makes only some scenes of a shard stages them; the last call packs them.
    """

    shards: Sequence[int]
    scenes: range | None
    names: frozenset[str]

    @property
    def packs(self) -> bool:
        """Whether the call packs its shards itself."""
        return self.scenes is None

    @contextmanager
    def held(self, folder: RunFolder) -> Iterator[None]:
        """Lock the slice, as a context. Raises FolderError if another call makes the same scenes."""
        if self.scenes is None:
            with folder.shards_locked(self.shards):
                yield
        else:
            with folder.shards_locked(self.shards, shared=True), folder.scenes_locked(self.scenes):
                yield


def slice_of(index: int, count: int, shards: Sequence[ShardWork]) -> Slice:
    """The `index`-th of `count` parts. Every scene of the plan belongs to exactly one part."""
    if count <= len(shards):
        numbers = range(len(shards))[index::count]
        return Slice(numbers, None, frozenset(name for number in numbers for name in shards[number].lines))
    ends = list(accumulate(len(shard.lines) for shard in shards))
    total = ends[-1] if ends else 0
    scenes = range(index * total // count, (index + 1) * total // count)
    numbers, names = [], []
    for number, (shard, end) in enumerate(zip(shards, ends, strict=True)):
        start = end - len(shard.lines)
        own = list(shard.lines)[max(scenes.start - start, 0) : max(scenes.stop - start, 0)]
        numbers += [number] * bool(own)
        names += own
    return Slice(numbers, scenes, frozenset(names))
