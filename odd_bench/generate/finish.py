"""The end of a run: ground truth, description, and the work folder tidied away once every shard is there."""

from __future__ import annotations

import json
from collections import Counter
from importlib import metadata
from pathlib import Path

from odd_bench import __version__
from odd_bench.data.folder import GROUND_TRUTH, SHARDS, Description, shard_path, write_description
from odd_bench.data.layout import read_scene
from odd_bench.data.shards import open_shard
from odd_bench.generate.config import GenerateConfig, to_mapping
from odd_bench.generate.quarantine import given_up
from odd_bench.generate.run_folder import RunFolder
from odd_bench.scene import Scene
from odd_bench.scoring.ground_truth import truth_scene, write_ground_truth

LIBRARIES = ("bpy", "numpy", "scipy", "open3d", "trimesh", "scikit-image", "manifold3d", "h5py", "pillow")
LICENCES = {
    "scenes": "CC0-1.0",
    "procedural shapes and floors": "CC0-1.0",
    "bundled environments": "CC0-1.0 (Blender's studio lights)",
}


def finish(config: GenerateConfig, folder: RunFolder, lines: list[str]) -> bool:
    """Describe the data set if all its shards are there; whether it is complete."""
    planned = [json.loads(line) for line in lines]
    lost = given_up(folder.quarantine)
    wanted = {shard_path(folder.root, s["split"], s["index"]) for s in planned if s["scene"] not in lost}
    if not all(path.exists() for path in wanted):
        return False
    scenes = [scene for path in sorted(wanted) for scene in shard_scenes(path)]
    truth = [truth_scene(scene) for scene in scenes]
    stated = write_ground_truth(folder.root / GROUND_TRUTH, config.name, config.version, truth)
    reports = [json.loads(line) for line in folder.reports.read_text().splitlines()] if folder.reports.exists() else []
    write_description(folder.root, _description(config, stated, scenes, reports, lost))
    tidy(folder)
    return True


def _description(config, digest: str, scenes: list[Scene], reports: list[dict], lost: dict[str, str]) -> Description:
    refusals, seconds = Counter(), Counter()
    for report in reports:
        refusals.update(report["refusals"])
        seconds.update(report["seconds"])
    return Description(
        name=config.name,
        version=config.version,
        digest=digest,
        config=_without_paths(to_mapping(config)),
        libraries={"odd-bench": __version__, **{name: metadata.version(name) for name in LIBRARIES}},
        licences=LICENCES,
        counts=scene_counts(scenes),
        quality={
            "quarantined": dict(Counter(lost.values())),
            "second attempts": sum(r["attempts"] > 1 for r in reports),
            "refusals": dict(sorted(refusals.items())),
        },
        seconds={stage: round(value, 1) for stage, value in sorted(seconds.items())},
    )


def scene_counts(scenes: list[Scene]) -> dict:
    """What dataset.json counts."""
    objects = [item for scene in scenes for item in scene.objects]
    return {
        "scenes": dict(Counter(scene.split for scene in scenes)),
        "objects": len(objects),
        "odd objects": sum(item.label for item in objects),
        "scenes without anomaly": sum(not any(item.label for item in scene.objects) for scene in scenes),
        "anomaly types": dict(sorted(Counter(item.type for item in objects if item.type).items())),
        "categories": dict(sorted(Counter(scene.category for scene in scenes).items())),
        "shapes": len({scene.shape for scene in scenes}),
    }


def _without_paths(mapping: dict) -> dict:
    """Folders by their last name alone: where they lay on one machine means nothing on another."""
    return {**mapping, **{k: Path(mapping[k]).name for k in ("assets", "floors", "environments") if mapping[k]}}


def shard_scenes(shard: Path) -> list[Scene]:
    """Cameras and objects of every scene of a shard."""
    with open_shard(shard) as file:
        return [read_scene(group) for group in file["scenes"].values()]


def tidy(folder: RunFolder) -> None:
    """Remove what only the run needed, and what a killed worker left half written; anything else is left alone."""
    for path in folder.root.glob(f"{SHARDS}/*.h5.*.part"):
        path.unlink()
    for pattern in ("staged/*.h5", "staged/*.part", "modes/*", "variants/*/*", "logs/child-*.log"):
        for path in folder.work.glob(pattern):
            path.unlink()
    for path in (
        *folder.work.glob("variants/*"),
        *(folder.work / name for name in ("staged", "modes", "variants", "logs")),
    ):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
