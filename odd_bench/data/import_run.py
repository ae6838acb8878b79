"""Importing scene folders: one scene at a time into staged files, these into shards; interrupted anywhere, it goes on."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from odd_bench import __version__
from odd_bench.data.atomic import write_atomically
from odd_bench.data.codec import CodecConfig
from odd_bench.data.folder import GROUND_TRUTH, STRADDLING, Description, write_description
from odd_bench.data.import_plan import Listing, list_scenes, scenes_root
from odd_bench.data.published import published_record
from odd_bench.data.refused import Refused
from odd_bench.data.shards import write_staged
from odd_bench.generate.finish import scene_counts, shard_scenes, tidy
from odd_bench.generate.plan import digest
from odd_bench.generate.pool import Outcome
from odd_bench.generate.quarantine import give_up, given_up, take_back
from odd_bench.generate.run_folder import FolderError, RunFolder, check_writable
from odd_bench.generate.shard_work import ShardWork, find_waiting, pack, shards_of
from odd_bench.scoring.ground_truth import truth_scene, write_ground_truth

LIBRARIES = ("numpy", "scipy", "h5py", "pillow", "OpenEXR")
LICENCES = {"scenes": "as stated by the authors of the published data set"}
MALFORMED = (KeyError, ValueError, IndexError, TypeError, AttributeError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class ImportConfig:
    """What makes the imported data what they are. splits_file: None puts every scene into `train`."""

    name: str
    source: Path
    splits_file: Path | None = None
    version: str = "1.0.0"
    codec: CodecConfig = CodecConfig()  # noqa: RUF009

    def as_json(self) -> dict:
        """For dataset.json: base names in place of paths."""
        splits = self.splits_file.name if self.splits_file else None
        codec = {**asdict(self.codec), "name": self.codec.name}
        return {"kind": "imported", "source": self.source.resolve().name, "splits_file": splits, "codec": codec}


@dataclass(frozen=True)
class ImportReport:
    """What is in the data set now. imported: scenes; new: of this call. corrected: how often what was put right.

    refused: kind and message by scene.
    """

    imported: int
    new: int
    corrected: dict[str, int]
    refused: dict[str, tuple[str, str]]
    listing: Listing


@dataclass(frozen=True)
class Imported:
    """What became of one scene. kind: empty, or why it was refused."""

    scene: str
    kind: str = ""
    message: str = ""
    corrected: dict[str, int] = field(default_factory=dict)


def import_folders(
    config: ImportConfig, out: Path, workers: int = 1, retry_refused: bool = False,
    on_scene: Callable[[Imported, int, int], None] = lambda outcome, done, total: None,
) -> ImportReport:  # fmt: skip
    """Import every scene folder, or go on with it.

    workers: processes. retry_refused: try again what an earlier call refused. on_scene: called after each scene with the
    number done and the number wanted. Raises DataError or FolderError; whatever is finished by then is kept.
    """
    listing = list_scenes(config.source, config.splits_file)
    check_writable(out)
    folder = RunFolder(out)
    _claim(config, listing, folder)
    with folder.locked("import"):
        shards = shards_of(listing.lines, out)
        if retry_refused:
            take_back(folder.quarantine, {name for shard in shards for name in shard.lines})
        lost = given_up(folder.quarantine)
        for shard in shards:
            find_waiting(shard, folder, lost)
        new = _import_shards(shards, config, folder, workers, on_scene)
        return _finish(config, folder, listing, shards, new)


def import_scene(root: Path, line: str, staged: Path, codec: CodecConfig) -> Imported:
    """Read one scene folder and stage its record; runs in any process."""
    planned = json.loads(line)
    try:
        record, corrected = published_record(root / planned["folder"], planned, digest(line))
    except Refused as refused:
        return Imported(planned["scene"], refused.kind, refused.detail)
    except MALFORMED as error:  # metadata whose values are of another kind than the layout's
        return Imported(planned["scene"], "damaged metadata", f"{type(error).__name__}: {error}")
    write_staged(staged, record, codec)
    return Imported(planned["scene"], corrected={name: int(count) for name, count in corrected.items() if count})


def _claim(config: ImportConfig, listing: Listing, folder: RunFolder) -> None:
    """Make the folder this import's own, or check that it already is."""
    wanted = {folder.plan: "".join(line + "\n" for line in listing.lines),
              folder.config: json.dumps({"name": config.name, **config.as_json()}, indent=2) + "\n"}  # fmt: skip
    if not folder.plan.exists() and folder.root.exists() and any(folder.root.iterdir()):
        raise FolderError(
            f"{folder.root}: found other files; expected a new or empty folder. Hint: give another --out."
        )
    for path, content in wanted.items():
        if path.exists() and _without_digests(path.read_text()) != _without_digests(content):
            raise FolderError(
                f"{path}: found an import of other scenes, splits or options; expected the same to go on with. "
                "Hint: give another folder with --out, or repeat the options and the folder of the first call."
            )
    for path, content in wanted.items():
        write_atomically(path, content.encode())


def _without_digests(text: str) -> str:
    """Scenes whose files were exchanged since are imported again: that makes no other import of it."""
    return re.sub(r'"source_sha256":"[0-9a-f]*"', "", text)


def _import_shards(shards: list[ShardWork], config: ImportConfig, folder: RunFolder, workers: int, on_scene) -> int:
    """Import what is waiting, pack every shard once its last scene is in; returns how many scenes were imported."""
    total, done, new = sum(len(shard.waiting) for shard in shards), 0, 0
    root = scenes_root(config.source)
    with _mapper(workers) as in_parallel, folder.reports.open("a") as reports:
        for shard in shards:
            if not shard.waiting and shard.path.exists():
                continue
            names = [name for name in shard.lines if name in shard.waiting]
            lines, staged = [shard.lines[name] for name in names], [folder.staged(name) for name in names]
            for outcome in in_parallel(import_scene, [root] * len(names), lines, staged, [config.codec] * len(names)):
                reports.write(json.dumps(asdict(outcome)) + "\n")
                reports.flush()
                if outcome.kind:
                    give_up(folder.quarantine, Outcome(outcome.scene, outcome.kind, outcome.message))
                done, new = done + 1, new + (not outcome.kind)
                on_scene(outcome, done, total)
            pack(shard, folder, config.name)
    return new


@contextmanager
def _mapper(workers: int) -> Iterator[Callable[..., Iterable[Imported]]]:
    """`map`, in this process or in several."""
    if workers == 1:
        yield map
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        yield executor.map


def _finish(
    config: ImportConfig, folder: RunFolder, listing: Listing, shards: list[ShardWork], new: int
) -> ImportReport:
    """Describe the data set: its ground truth, and what was corrected and refused."""
    refused = _refused(folder.quarantine)
    scenes = [scene for shard in shards if shard.path.exists() for scene in shard_scenes(shard.path)]
    corrected = _corrected(folder.reports, {scene.name for scene in scenes})
    report = ImportReport(len(scenes), new, corrected, refused, listing)
    if scenes:
        truth = [truth_scene(scene) for scene in scenes]
        stated = write_ground_truth(folder.root / GROUND_TRUTH, config.name, config.version, truth)
        write_description(folder.root, _description(config, stated, scenes, report))
        tidy(folder.work)
    return report


def _description(config: ImportConfig, stated: str, scenes: list, report: ImportReport) -> Description:
    return Description(
        name=config.name,
        version=config.version,
        digest=stated,
        config=config.as_json(),
        libraries={"odd-bench": __version__, **{name: metadata.version(name) for name in LIBRARIES}},
        licences=LICENCES,
        counts=scene_counts(scenes),
        quality={
            "quarantined": dict(Counter(kind for kind, _ in report.refused.values())),
            "corrected": report.corrected,
            STRADDLING: list(report.listing.straddling),
            "not in the split file": len(report.listing.unlisted),
            "in the split file alone": len(report.listing.absent),
        },
    )


def _refused(quarantine: Path) -> dict[str, tuple[str, str]]:
    """Kind and message by scene."""
    if not quarantine.exists():
        return {}
    entries = [json.loads(line) for line in quarantine.read_text().splitlines()]
    return {entry["scene"]: (entry["kind"], entry["message"]) for entry in entries}


def _corrected(reports: Path, names: set[str]) -> dict[str, int]:
    """Counts over the scenes that are in the data set, however many calls it took."""
    last = {entry["scene"]: entry["corrected"] for entry in map(json.loads, reports.read_text().splitlines())}
    total: Counter = Counter()
    for name in sorted(names & set(last)):
        total.update(last[name])
    return dict(sorted(total.items()))
