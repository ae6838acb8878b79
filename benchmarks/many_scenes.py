"""What a scene of a large data set costs the parent process: planning and finishing; time and memory.

python benchmarks/many_scenes.py make FOLDER --scenes 20000       tiny scenes in real shards, 16 pixels, 20 views
python benchmarks/many_scenes.py plan|finish FOLDER                milliseconds of processor time a scene, peak memory
"""

from __future__ import annotations

import argparse
import io
import resource
import time
from pathlib import Path

import h5py
import numpy as np

from odd_bench.data.codec import CodecConfig
from odd_bench.data.digest import plan_digest
from odd_bench.data.record import SceneRecord
from odd_bench.data.run_folder import RunFolder
from odd_bench.data.shard_work import ShardWork
from odd_bench.data.shards import write_staged
from odd_bench.generate.config import GenerateConfig, from_mapping, load_preset, to_mapping, with_overrides
from odd_bench.generate.finish import finish
from odd_bench.generate.plan import catalogue_of, plan_lines
from odd_bench.generate.plan_file import keep_plan
from odd_bench.plan_line import PlanLine, read_plan_line
from odd_bench.scene import Camera, Scene, SceneObject

VIEWS = 20


def config_of(scenes: int) -> GenerateConfig:
    """The full preset of toys with this many scenes, all in the training part."""
    splits = f"splits={{train: {scenes}, val: 0, test-seen: 0, test-unseen: 0}}"
    return with_overrides(load_preset("toys", "full"), [splits])


def planned(config: GenerateConfig, folder: RunFolder) -> list[ShardWork]:
    """Draw the plan, write it or compare it with the one there."""
    catalogue = catalogue_of(config)
    return keep_plan(lambda: plan_lines(config, catalogue), config, folder)


def tiny_record(line: str, pixels: int) -> SceneRecord:
    """A scene of the planned objects; its labels make no sense."""
    plan = read_plan_line(line, PlanLine)
    rng = np.random.default_rng(plan.render_seed)
    cameras = tuple(Camera(rng.normal(size=(3, 3)), rng.normal(size=(4, 4)), pixels, pixels) for _ in range(VIEWS))
    counts = rng.integers(1, 99, (3, VIEWS))
    objects = tuple(
        SceneObject(i, item.label, "bend" if item.label else None, 0.1 * item.label, rng.normal(size=(4, 4)),
                    rng.uniform(1, 2, 6), rng.uniform(1, 2, 7), counts[0], counts[0] + counts[1], counts[2] * item.label)
        for i, item in enumerate(plan.objects)
    )  # fmt: skip
    scene = Scene(plan.scene, plan.split, plan.category, plan.shape, cameras, objects)
    pictures = rng.integers(0, 255, (VIEWS, pixels, pixels, 3)).astype(np.uint8)
    rows = np.arange(pixels) * (len(objects) + 1) // pixels
    masks = np.broadcast_to(rows[None, :, None], (VIEWS, pixels, pixels)).astype(np.uint8)
    depth_m = np.full(masks.shape, 1.5, np.float32) + rows[None, :, None].astype(np.float32) / 10
    return SceneRecord(scene, pictures, masks, np.zeros_like(masks), depth_m, plan_digest(line))


def make(folder: RunFolder, scenes: int, pixels: int) -> None:
    """Shards of tiny scenes: one of each number of objects is made, the others are its copies under planned names."""
    config = config_of(scenes)
    folder.claim(to_mapping(config))
    templates: dict[int, h5py.File] = {}
    for shard in planned(config, folder):
        shard.path.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            file.create_group("scenes")
            for line in shard.lines.values():
                plan = read_plan_line(line, PlanLine)
                template = templates.get(len(plan.objects)) or _template(line, folder, pixels)
                templates[len(plan.objects)] = template
                template.copy(next(iter(template["scenes"].values())), file["scenes"], plan.scene)
                attributes = file["scenes"][plan.scene].attrs
                for key in ("split", "category", "shape"):
                    attributes[key] = getattr(plan, key)
                attributes["plan_sha256"] = plan_digest(line)
            for key, value in template.attrs.items():
                file.attrs[key] = value
            file.attrs["dataset"], file.attrs["split"] = config.name, shard.split
        shard.path.write_bytes(content.getvalue())


def _template(line: str, folder: RunFolder, pixels: int) -> h5py.File:
    path = folder.work / "template.h5"
    write_staged(path, tiny_record(line, pixels), CodecConfig())
    return h5py.File(io.BytesIO(path.read_bytes()), "r")


def measure(what: str, folder: RunFolder) -> None:
    config = from_mapping(folder.read_config(), str(folder.config))
    scenes = sum(config.splits.values())
    began = time.process_time()
    shards = planned(config, folder)
    if what == "finish":
        began = time.process_time()
        finish(config, folder, shards)
    spent_ms = 1000 * (time.process_time() - began) / scenes
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {spent_ms:.2f} ms of processor time a scene, peak memory {peak_mb:.0f} MB, {scenes} scenes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "plan", "finish"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=20_000)
    parser.add_argument("--pixels", type=int, default=16)
    asked = parser.parse_args()
    if asked.what == "make":
        make(RunFolder(asked.folder), asked.scenes, asked.pixels)
    else:
        measure(asked.what, RunFolder(asked.folder))
