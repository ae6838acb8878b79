"""A summary of a data set: counts by split and anomaly type, sizes, and the counters of the run that made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from odd_bench.data.fields import text
from odd_bench.data.folder import Description, read_description, shard_paths, split_of
from odd_bench.data.shards import opened, stored_scenes
from odd_bench.data.views import TEST_VIEWS, spread_views
from odd_bench.scene import SceneObject

STEPS = (1, 20, 50, 100, 200, 500, 1000)  # lower bounds, in changed pixels, of the histogram's bins
UNKNOWN = "unknown"


@dataclass
class SplitCounts:
    """Counts over the shards of one split.

    size_bytes: size of the shard files. seen: histogram of odd objects by changed pixels; a key is the lower bound of a bin, or
    UNKNOWN.
    """

    scenes: int = 0
    views: int = 0
    objects: int = 0
    without_odd: int = 0
    shapes: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    types: Counter[str] = field(default_factory=Counter)
    seen: Counter[int | str] = field(default_factory=Counter)
    size_bytes: int = 0


@dataclass(frozen=True)
class Info:
    """A summary of a data set. splits: counts by split. pictures: every combination of codec, size and depth that occurs."""

    description: Description
    splits: dict[str, SplitCounts]
    pictures: tuple[str, ...]


def gather(folder: Path) -> Info:
    """Summarise a data set. Raises DataError if the folder is not a data set or a shard is damaged."""
    description = read_description(folder)
    splits: dict[str, SplitCounts] = {}
    pictures = set()
    for path in shard_paths(folder):
        with opened(path) as file:
            counts = splits.setdefault(split_of(path), SplitCounts())
            counts.size_bytes += path.stat().st_size
            codec = text(file, "codec")
            for stored in stored_scenes(file):
                depth, scene = "with" if stored.has_depth else "without", stored.scene
                size = f"{scene.cameras[0].width} x {scene.cameras[0].height} px"
                pictures.add(f"{codec}, {size}, {depth} depth")
                _add(counts, scene)
    return Info(description, splits, tuple(sorted(pictures)))


def _add(counts: SplitCounts, scene) -> None:
    counts.scenes += 1
    counts.views += len(scene.cameras)
    counts.objects += len(scene.objects)
    counts.shapes.add(scene.shape)
    counts.categories.add(scene.category)
    counts.types.update(one.type for one in scene.objects if one.label)
    counts.seen.update(_seen_step(one) for one in scene.objects if one.label)
    counts.without_odd += not any(one.label for one in scene.objects)


def _seen_step(one: SceneObject) -> int | str:
    """The bin of an odd object in the histogram, by its changed pixels in the best test view."""
    test = one.changed_pixels[spread_views(len(one.changed_pixels), TEST_VIEWS)]
    if (test < 0).any():
        return UNKNOWN
    return max((step for step in STEPS if step <= test.max()), default=0)


def tables(info: Info) -> Group:
    """The summary as tables for the terminal."""
    about = info.description
    known = f" {about.version}  {about.digest[:19]}\n{'; '.join(info.pictures)}"
    heading = Text.assemble((about.name, "bold"), known)
    parts = [heading, _split_table(info.splits)]
    if any(counts.types for counts in info.splits.values()):
        parts.append(_type_table(info.splits))
    if any(counts.seen for counts in info.splits.values()):
        parts += [f"odd objects by changed pixels, best of {TEST_VIEWS} test views", _seen_table(info.splits)]
    if about.quality or about.seconds:
        parts.append(_counter_table(about))
    return Group(*parts)


def _split_table(splits: dict[str, SplitCounts]) -> Table:
    """Counts with one column per split, so that the table fits into 80 characters."""
    table = Table("")
    for split in splits:
        table.add_column(split, justify="right")
    rows: dict[str, Callable[[SplitCounts], str]] = {
        "scenes": lambda one: f"{one.scenes:,}",
        "without odd objects": lambda one: f"{one.without_odd:,}",
        "objects": lambda one: f"{one.objects:,}",
        "odd": lambda one: f"{one.types.total():,}",
        "shapes": lambda one: f"{len(one.shapes):,}",
        "categories": lambda one: f"{len(one.categories):,}",
        "views": lambda one: f"{one.views:,}",
        "MB": lambda one: f"{one.size_bytes / 1e6:,.1f}",
        "kB a scene": lambda one: f"{one.size_bytes / 1e3 / max(one.scenes, 1):,.0f}",
    }
    for name, described in rows.items():
        table.add_row(name, *map(described, splits.values()))
    return table


def _type_table(splits: dict[str, SplitCounts]) -> Table:
    table = Table("anomaly")
    for split in splits:
        table.add_column(split, justify="right")
    for name in sorted(set().union(*(counts.types for counts in splits.values()))):
        table.add_row(name.replace("_", " "), *(f"{counts.types[name]:,}" for counts in splits.values()))
    return table


def _seen_table(splits: dict[str, SplitCounts]) -> Table:
    """The histogram of odd objects by their changed pixels in the best test view."""
    table = Table("pixels")
    for split in splits:
        table.add_column(split, justify="right")
    ends = {low: f"{low} - {high - 1}" for low, high in zip((0, *STEPS), STEPS, strict=False)}
    names = {**ends, 0: "none", STEPS[-1]: f"{STEPS[-1]:,} or more", UNKNOWN: UNKNOWN}
    for step, name in names.items():
        if any(counts.seen[step] for counts in splits.values()):
            table.add_row(name, *(f"{counts.seen[step]:,}" for counts in splits.values()))
    return table


def _shown(value: object) -> str:
    """A counter, or one line a counter where there are several."""
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_shown(one)}" for key, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _counter_table(about: Description) -> Table:
    table = Table("counter", "value")
    for name, value in about.quality.items():
        table.add_row(name, _shown(value))
    for stage, seconds in about.seconds.items():
        table.add_row(f"seconds: {stage}", f"{seconds:,.0f}")
    return table
