"""The released splits: a JSON file with lists of scene folders, which the user provides."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.data.damage import read_json
from odd_bench.data.errors import DataError
from odd_bench.names import name_problem

SPLIT_NAMES = {"train": "train", "val": "val", "seen-test": "test-seen", "unseen-test": "test-unseen", "test": "test"}
PUBLISHED_NAMES = {ours: theirs for theirs, ours in SPLIT_NAMES.items()}


def read_splits(path: Path) -> dict[str, str]:
    """The split of each scene folder. Raises DataError if the file cannot be read or puts a scene in two splits.

    A folder may be listed with a path of any system.
    """
    expected = f"an object with lists of folder names under {', '.join(SPLIT_NAMES)}"
    listed = read_json(path, expected, "Give your copy of the released split file")
    if not isinstance(listed, dict):
        raise DataError(path, f"a {type(listed).__name__}", expected)
    pairs = []
    for split, folders in listed.items():
        if split not in SPLIT_NAMES:
            raise DataError(path, f"the key {split[:60]!r}", expected)
        if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
            raise DataError(f"{path}: {split}", "something else than a list of names", expected)
        try:
            pairs += [(_folder_name(folder), SPLIT_NAMES[split]) for folder in folders]
        except ValueError as error:
            raise DataError(f"{path}: {split}", str(error), expected) from error
    twice = [folder for folder, count in Counter(folder for folder, _ in pairs).items() if count > 1]
    if twice:
        raise DataError(path, f"{len(twice)} scenes listed twice, the first is {twice[0]}", "every scene once")
    return dict(pairs)


def _folder_name(listed: str) -> str:
    """The last part of a path. Raises ValueError if that is not a valid name."""
    name = listed.replace("\\", "/").rstrip("/").rpartition("/")[2].strip()
    if problem := name_problem(name):
        raise ValueError(f"{listed[:60]!r} is {problem}")
    return name


def write_splits(path: Path, split_of: Mapping[str, str]) -> None:
    """Write the split of each scene folder, with the split names of the published data."""
    listed = defaultdict(list)
    for folder in sorted(split_of):
        listed[PUBLISHED_NAMES[split_of[folder]]].append(folder)
    write_atomically(path, (json.dumps(listed, indent=1) + "\n").encode())


def straddling_shapes(scenes: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Base shapes that are in two splits or more, with these splits. scenes: pairs of base shape and split."""
    splits = defaultdict(set)
    for shape, split in scenes:
        splits[shape].add(split)
    return {shape: sorted(found) for shape, found in sorted(splits.items()) if len(found) > 1}
