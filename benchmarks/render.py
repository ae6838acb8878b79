"""What a picture costs and how good it is: our settings against 128 samples view by view, both against 512 samples.

    python benchmarks/render.py [--pixels 96] [--views 2] [--table] [--engines] [--memory 0]

Prints, from one run: cost of 20 views in one session (the first view uploads the scene), cost of 20 views at 128 samples
with nothing kept between them, and PSNR against 512 undenoised samples. Times are wall clock and processor seconds; on a
busy machine trust the latter. `--table` adds other sample counts and denoiser guides; `--engines` compares
nothing but our settings with the draft engine, in a minute or two; `--memory 50` renders that many
small scenes in this process and prints its memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np
from PIL import Image

from odd_bench.blender_jobs.light import plain_light
from odd_bench.blender_jobs.process import leave
from odd_bench.blender_jobs.render import RenderConfig, RenderJob, render_views
from odd_bench.geometry.cameras import intrinsics, look_at
from odd_bench.render.draft.render import render_draft
from odd_bench.render.surroundings import draw_environment, draw_floor, mean_albedo
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


Engine = Callable[[RenderJob], np.ndarray]  # from a job to its pictures, (views, h, w, 3)


def cycles(config: RenderConfig) -> Engine:
    return lambda job: np.stack(
        [np.asarray(Image.open(path), float) for path in render_views(replace(job, config=config))]
    )


def draft(job: RenderJob) -> np.ndarray:
    light = plain_light(job.environment, mean_albedo(job.floor), None)
    return render_draft(list(job.objects), job.cameras, job.floor, light, job.seed).astype(float)


def timed(job: RenderJob, engine: Engine) -> tuple[np.ndarray, Cost]:
    """(views, h, w, 3) pictures and what they cost, scene set-up included."""
    wall, cpu = time.perf_counter(), sum(os.times()[:2])
    pictures = engine(job)
    return pictures, Cost(time.perf_counter() - wall, sum(os.times()[:2]) - cpu)


def one_session(job: RenderJob, engine: Engine) -> tuple[np.ndarray, Cost]:
    """Pictures, and the cost of VIEWS_A_SCENE views in one session, from one view and from all the job's views."""
    _, first = timed(replace(job, cameras=job.cameras[:1]), engine)
    pictures, together = timed(job, engine)
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
    references = [timed(job, cycles(REFERENCE))[0] for job in jobs]
    naive = sum((timed(job, cycles(NAIVE))[1] * (VIEWS_A_SCENE / len(job.cameras)) for job in jobs), Cost(0, 0))
    print(f"{'128 samples, view by view':28}{naive * (1 / len(jobs))}")
    for name, config in configs.items():
        results = [one_session(job, cycles(config)) for job in jobs]
        cost = sum((cost for _, cost in results), Cost(0, 0))
        quality = np.mean([psnr_db(pictures, ref) for (pictures, _), ref in zip(results, references, strict=True)])
        faster = f"{naive.wall_s / cost.wall_s:5.1f}x wall {naive.cpu_s / cost.cpu_s:5.1f}x processor"
        print(f"{name:28}{cost * (1 / len(jobs))}   {faster}   {quality:.1f} dB", flush=True)


def compare_engines(jobs: list[RenderJob]) -> None:
    """Each scene by both engines, and how far the draft's pictures are from the others."""
    for (category, _), job in zip(SCENES, jobs, strict=True):
        timed(replace(job, cameras=job.cameras[:1]), draft)  # imports are no part of the cost
        (traced, cost), (drafts, draft_cost) = one_session(job, cycles(OURS)), one_session(job, draft)
        cheaper = f"{cost.cpu_s / draft_cost.cpu_s:5.1f}x processor"
        difference = f"{psnr_db(drafts, traced):.1f} dB, {np.abs(drafts - traced).mean():.1f} levels"
        print(f"{category:12}cycles {cost}   draft {draft_cost}   {cheaper}   {difference}", flush=True)


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
    parser.add_argument("--engines", action="store_true")
    parser.add_argument("--memory", type=int, default=0, metavar="SCENES")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        jobs = [scene_job(*scene, options.pixels, options.views, Path(folder)) for scene in SCENES]
        print(
            f"bpy {bpy.app.version_string}, {os.cpu_count()} cores, {options.pixels} px, cost of {VIEWS_A_SCENE} views"
        )
        if options.memory:
            memory(replace(jobs[0], cameras=jobs[0].cameras[:1]), options.memory)
        elif options.engines:
            compare_engines(jobs)
        else:
            compare(jobs, options.table)
    leave(0)


if __name__ == "__main__":
    main()
