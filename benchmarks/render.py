"""What a picture costs and how good it is: our settings against 128 samples view by view, both against 512 samples.

    python benchmarks/render.py [--pixels 96] [--views 2] [--table] [--memory 0]

Prints, from one run: cost of 20 views in one session (the first view uploads the scene), cost of 20 views at 128 samples
with nothing kept between them, and PSNR against 512 undenoised samples. Times are wall clock and processor seconds; on a
busy machine trust the latter. `--table` adds other sample counts and denoiser guides; `--memory 50` renders that many
small scenes in this process and prints its memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np
from PIL import Image

from blender_jobs.process import leave
from blender_jobs.render import RenderConfig, RenderJob, render_views
from odd_bench.cameras import intrinsics, look_at
from odd_bench.generate.surroundings import draw_environment, draw_floor
from odd_bench.scene import Camera
from odd_bench.shapes.toys import make_toy

OURS = RenderConfig(device="cpu")
NAIVE = replace(OURS, samples=128, persistent=False)
REFERENCE = replace(OURS, samples=512, denoise=False)
SCENES = (("mug", 1), ("elephant", 2))
VIEWS_A_SCENE = 20


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and by the processors."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __mul__(self, factor: float) -> Cost:
        return Cost(self.wall_s * factor, self.cpu_s * factor)

    def __str__(self) -> str:
        return f"{self.wall_s:7.1f} s wall {self.cpu_s:7.1f} s processor"


def scene_job(category: str, seed: int, pixels: int, views: int, out_dir: Path) -> RenderJob:
    """Four instances of one toy on a drawn floor in drawn light."""
    rng = np.random.default_rng(seed)
    shape = make_toy(category, seed).shape()
    objects = []
    for x_m, y_m in ((-0.25, -0.2), (0.2, -0.25), (0.25, 0.2), (-0.2, 0.25)):
        pose = np.diag([0.3, 0.3, 0.3, 1.0])
        pose[:3, 3] = x_m, y_m, -0.3 * shape.vertices[:, 2].min()
        objects.append((shape, pose))
    turns = 2 * np.pi * np.arange(views) / views
    eyes = 1.2 * np.stack([np.cos(turns), np.sin(turns), np.full(views, 0.6)], axis=1)
    K = intrinsics(pixels, pixels)
    cameras = tuple(Camera(K, look_at(eye, np.array([0.0, 0.0, 0.1])), pixels, pixels) for eye in eyes)
    return RenderJob(tuple(objects), cameras, draw_floor(rng), draw_environment(rng), out_dir)


def timed(job: RenderJob, config: RenderConfig) -> tuple[np.ndarray, Cost]:
    """(views, h, w, 3) pictures and what they cost, scene set-up included."""
    wall, cpu = time.perf_counter(), sum(os.times()[:2])
    paths = render_views(replace(job, config=config))
    cost = Cost(time.perf_counter() - wall, sum(os.times()[:2]) - cpu)
    return np.stack([np.asarray(Image.open(path), float) for path in paths]), cost


def one_session(job: RenderJob, config: RenderConfig) -> tuple[np.ndarray, Cost]:
    """Pictures, and the cost of VIEWS_A_SCENE views in one session, from one view and from all the job's views."""
    _, first = timed(replace(job, cameras=job.cameras[:1]), config)
    pictures, together = timed(job, config)
    further = (together + first * -1) * (1 / (len(job.cameras) - 1))
    return pictures, first + further * (VIEWS_A_SCENE - 1)


def psnr_db(pictures: np.ndarray, reference: np.ndarray) -> float:
    """Mean over the views of the peak signal-to-noise ratio."""
    return float(np.mean(10 * np.log10(255**2 / ((pictures - reference) ** 2).mean(axis=(1, 2, 3)))))


def compare(jobs: list[RenderJob], table: bool) -> None:
    configs = {f"ours, {OURS.samples} samples": OURS}
    if table:
        configs |= {f"{n} samples": replace(OURS, samples=n) for n in (4, 8, 12, 16, 24, 32) if n != OURS.samples}
        configs |= {f"guides {p}": replace(OURS, prefilter=p) for p in ("FAST", "NONE")}
        configs |= {"not denoised": replace(OURS, denoise=False)}
    references = [timed(job, REFERENCE)[0] for job in jobs]
    naive = sum((timed(job, NAIVE)[1] * (VIEWS_A_SCENE / len(job.cameras)) for job in jobs), Cost(0, 0))
    print(f"{'128 samples, view by view':28}{naive * (1 / len(jobs))}")
    for name, config in configs.items():
        results = [one_session(job, config) for job in jobs]
        cost = sum((cost for _, cost in results), Cost(0, 0))
        quality = np.mean([psnr_db(pictures, ref) for (pictures, _), ref in zip(results, references, strict=True)])
        faster = f"{naive.wall_s / cost.wall_s:5.1f}x wall {naive.cpu_s / cost.cpu_s:5.1f}x processor"
        print(f"{name:28}{cost * (1 / len(jobs))}   {faster}   {quality:.1f} dB", flush=True)


def memory(job: RenderJob, scenes: int) -> None:
    """Render the job again and again in this process; the resident set should stay where it was after a few scenes."""
    page_mb = resource.getpagesize() / 2**20
    for i in range(scenes):
        render_views(replace(job, config=replace(OURS, samples=1, denoise=False)))
        if i % 5 == 4:
            print(
                f"scene {i + 1:3}: {int(Path('/proc/self/statm').read_text().split()[1]) * page_mb:.0f} MB", flush=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pixels", type=int, default=96)
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--memory", type=int, default=0, metavar="SCENES")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        jobs = [scene_job(*scene, options.pixels, options.views, Path(folder)) for scene in SCENES]
        print(
            f"bpy {bpy.app.version_string}, {os.cpu_count()} cores, {options.pixels} px, cost of {VIEWS_A_SCENE} views"
        )
        if options.memory:
            memory(replace(jobs[0], cameras=jobs[0].cameras[:1]), options.memory)
        else:
            compare(jobs, options.table)
    leave(0)


if __name__ == "__main__":
    main()
