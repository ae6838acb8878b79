"""The part of a data set that one call makes: whole shards, or where there are more calls than shards, neighbouring scenes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

from odd_bench.data.run_folder import RunFolder
from odd_bench.data.shard_work import ShardWork


@dataclass(frozen=True)
class Slice:
    """shards: their numbers in the plan. scenes: numbers in the plan of the scenes to make, None for all of these shards.

    names: of the scenes to make. A call that makes some scenes of a shard stages them; whoever finishes packs them.
    """

    shards: Sequence[int]
    scenes: range | None
    names: frozenset[str]

    @property
    def packs(self) -> bool:
        return self.scenes is None

    @contextmanager
    def held(self, folder: RunFolder) -> Iterator[None]:
        """Keep out whoever would make the same scenes. Raises FolderError if somebody does."""
        if self.scenes is None:
            with folder.shards_locked(self.shards):
                yield
        else:
            with folder.shards_locked(self.shards, shared=True), folder.scenes_locked(self.scenes):
                yield


def slice_of(index: int, count: int, shards: Sequence[ShardWork]) -> Slice:
    """The `index`-th of `count` parts; all parts together are the plan, each scene in one of them."""
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
