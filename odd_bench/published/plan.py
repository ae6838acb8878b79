"""The plan of an import: one line for each scene folder with its split and position, as for generated data."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from odd_bench.counted import counted
from odd_bench.data.codec import CodecConfig
from odd_bench.data.errors import WrongName
from odd_bench.names import component, is_left_by_tools, name_problem
from odd_bench.plain_file import open_plain
from odd_bench.plan_line import PlannedScene, plan_text
from odd_bench.published import sidecar
from odd_bench.published.names import PART, category_of, shape_of
from odd_bench.published.refused import Refused
from odd_bench.published.scene_folder import MOST_METADATA_BYTES, PICTURES, SCENE_2D, SCENE_3D
from odd_bench.published.splits import read_splits, straddling_shapes

SPLITS_FILE = "splits.json"  # written by the exporter next to its scene folders
ALL_IN = "train"


@dataclass(frozen=True)
class ImportConfig:
    """All settings that determine the imported data. splits_file: None puts every scene into `train`."""

    name: str
    source: Path
    splits_file: Path | None = None
    version: str = "1.0.0"
    codec: CodecConfig = CodecConfig()  # noqa: RUF009

    def __post_init__(self):
        if problem := name_problem(self.name):
            raise WrongName(f"--name {self.name[:60]!r}", problem, "a name of one path component")

    def as_json(self) -> dict:
        """The configuration for dataset.json, with base names instead of paths."""
        splits = self.splits_file.name if self.splits_file else None
        codec = {**asdict(self.codec), "name": self.codec.name}
        return {
            "kind": "imported",
            "source": os.path.basename(os.path.realpath(self.source)),
            "splits_file": splits,
            "codec": codec,
        }


@dataclass(frozen=True)
class FoundScene(PlannedScene):
    """A scene folder to import. folder: its name. source_sha256: see the function. refused: why its names cannot be used."""

    folder: str
    source_sha256: str
    refused: str | None = None


@dataclass(frozen=True)
class Listing:
    """lines: the plan, with a line for each FoundScene, in order.

    straddling: base shapes in two splits or more, with these splits. unlisted: folders that the split file does not name.
    absent: folders in the split file that do not exist.
    """

    lines: list[str]
    straddling: dict[str, list[str]]
    unlisted: list[str]
    absent: list[str]


def list_scenes(source: Path, splits_file: Path | None) -> Listing:
    """Find the scene folders in `source`, or in its only folder. Without a split file, all of them are for training.

    Raises DataError if there are none, or if the split file cannot be used.
    """
    folders = _folders(source)
    split_of = dict.fromkeys(folders, ALL_IN) if splits_file is None else read_splits(splits_file)
    wanted = [name for name in folders if name in split_of]
    if not wanted:
        raise WrongName(
            source,
            f"none of its {counted(len(folders), 'folder')} in {splits_file}",
            f"the split file of scenes such as {next(iter(folders))}",
        )
    scenes, index, taken = [], Counter(), set()
    for name in wanted:
        split = split_of[name]
        names, digest = _names(folders[name], taken), source_sha256(folders[name])
        scenes.append(FoundScene(folder=name, split=split, index=index[split], source_sha256=digest, **names))
        taken.add(names["scene"])
        index[split] += 1
    straddling = straddling_shapes((scene.shape, scene.split) for scene in scenes)
    lines = [plan_text(scene) for scene in scenes]
    unlisted = [name for name in folders if name not in split_of]
    return Listing(lines, straddling, unlisted, sorted(set(split_of) - set(folders)))


def scenes_root(source: Path) -> Path:
    """The folder that holds the scene folders; an archive may have been unpacked with an additional folder around them."""
    inner = [path for path in source.iterdir() if path.is_dir() and not is_left_by_tools(path.name)]
    alone = len(inner) == 1 and not _looks_like_scene(inner[0])
    return inner[0] if alone and any(map(_looks_like_scene, inner[0].iterdir())) else source


def source_sha256(folder: Path) -> str:
    """Digest of the names and sizes of a folder's files and of its metadata: quick to compute, and different if files change."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(os.fsencode(path.relative_to(folder)) + f" {path.stat().st_size}\n".encode())
        if path.name in (SCENE_2D, SCENE_3D, sidecar.FILE):
            try:
                with open_plain(path) as file:
                    digest.update(file.read(MOST_METADATA_BYTES))
            except OSError as error:
                digest.update(str(error.errno).encode())  # refused later, with its scene
    return digest.hexdigest()


def _folders(source: Path) -> dict[str, Path]:
    if not source.is_dir():
        raise WrongName(source, "no such folder", "the folder of scene folders", "Unpack the archive first")
    paths = sorted(path for path in scenes_root(source).iterdir() if path.is_dir())
    folders = {path.name: path for path in paths if not is_left_by_tools(path.name)}
    if not any(map(_looks_like_scene, folders.values())):
        raise WrongName(source, *_at_another_level(source))
    return folders


def _at_another_level(source: Path) -> tuple[str, str, str]:
    """What was found and expected, and a hint, if the folder holds no scene folders: they may be above or below it."""
    expected = f"a folder of scene folders, each with {PICTURES}/ and {SCENE_3D}"
    above = [path for path in (source, *source.absolute().parents) if _looks_like_scene(path)]
    if above:
        whole = above[0].absolute().parent
        return "one scene, or a part of one", expected, f"Give the folder that contains the scene, {whole}"
    below = [path.parent for path in sorted(source.glob("*/*/*")) if path.is_dir() and _looks_like_scene(path)]
    if below:
        return "no scene folders", expected, f"Give the folder that contains them, {below[0]}"
    return "no scene folders", expected, "Unpack the archive first"


def _looks_like_scene(path: Path) -> bool:
    return (path / SCENE_3D).is_file() or (path / PICTURES).is_dir()


def _names(folder: Path, taken: Collection[str]) -> dict[str, str]:
    """Scene, category and shape, and the reason under `refused` if a name cannot be used. A damaged sidecar is refused later.

    taken: names of earlier scenes.
    """
    try:
        own = sidecar.read_names(folder)
    except Refused:
        own = None
    names = own or {"name": folder.name, "category": category_of(folder.name), "shape": shape_of(folder.name)}
    problem = next(filter(None, map(name_problem, (folder.name, *names.values()))), "")
    if names["name"] in taken:
        problem = f"the name {names['name']}, which another scene has"
    if not problem:
        return {"scene": names["name"], "category": names["category"], "shape": names["shape"]}
    digest = hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:8]
    scene = f"{component(folder.name)}-{digest}"
    return {"scene": scene, "category": PART, "shape": scene, "refused": problem}
