"""The end of an import: writes ground truth and description, and reports what was corrected and refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from odd_bench import __version__
from odd_bench.data.counts import SceneCounts
from odd_bench.data.folder import GROUND_TRUTH, STRADDLING, Description, write_description
from odd_bench.data.quarantine import read_quarantine
from odd_bench.data.run_folder import RunFolder
from odd_bench.data.shard_work import ShardWork
from odd_bench.data.shards import read_scenes
from odd_bench.json_lines import read_lines
from odd_bench.published.plan import ImportConfig, Listing
from odd_bench.scoring.ground_truth import truth_scene, write_ground_truth

LIBRARIES = ("numpy", "scipy", "h5py", "pillow", "OpenEXR")
LICENCES = {"scenes": "as stated by the authors of the published data set"}


@dataclass(frozen=True)
class ImportReport:
    """The state of the data set. imported: number of scenes; new: of this call. corrected: number of corrections by kind.

    refused: kind and message by scene.
    """

    imported: int
    new: int
    corrected: dict[str, int]
    refused: dict[str, tuple[str, str]]
    listing: Listing


def finish(
    config: ImportConfig, folder: RunFolder, listing: Listing, shards: list[ShardWork], new: int
) -> ImportReport:
    """Write ground truth and description of the data set, and return the report."""
    refused = {name: (one["kind"], one["message"]) for name, one in read_quarantine(folder.quarantine).items()}
    made = {name for shard in shards if shard.path.exists() for name in shard.wanted}
    report = ImportReport(len(made), new, _corrected(folder.reports, made), refused, listing)
    if made:
        counts = SceneCounts()
        scenes = (scene for shard in shards if shard.path.exists() for scene in read_scenes(shard.path))
        truth = (truth_scene(counts.noted(scene)) for scene in scenes)
        stated = write_ground_truth(folder.root / GROUND_TRUTH, config.name, config.version, truth)
        write_description(folder.root, _description(config, stated, counts, report))
        folder.tidy()
    return report


def _description(config: ImportConfig, stated: str, counts: SceneCounts, report: ImportReport) -> Description:
    return Description(
        name=config.name,
        version=config.version,
        digest=stated,
        config=config.as_json(),
        libraries={"odd-bench": __version__, **{name: metadata.version(name) for name in LIBRARIES}},
        licences=LICENCES,
        counts=counts.as_dict(),
        quality={
            "quarantined": dict(Counter(kind for kind, _ in report.refused.values())),
            "corrected": report.corrected,
            STRADDLING: list(report.listing.straddling),
            "not in the split file": len(report.listing.unlisted),
            "only in the split file": len(report.listing.absent),
        },
    )


def _corrected(reports: Path, names: set[str]) -> dict[str, int]:
    """Counts over all scenes in the data set, from all calls."""
    last = {entry["scene"]: entry["corrected"] for entry in read_lines(reports) if {"scene", "corrected"} <= set(entry)}
    total: Counter = Counter()
    for name in sorted(names & set(last)):
        total.update(last[name])
    return dict(sorted(total.items()))
