"""The whole pipeline on real input: toys, anomalies, Blender, labels, shards, validation, preview."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from odd_bench.data.reader import open_dataset
from odd_bench.plan_line import PlanLine, read_plan_line

pytestmark = pytest.mark.blender

PRESET = """
name: toys-tiny
splits: {train: 1, test-unseen: 1}
scenes_per_shape: 1
categories: [car, mug]
scene: {max_objects: 4}
orbit: {views: 8, pixels: 96}
odd: {min_patch_pixels: 60, min_patch_views: 2}
render: {samples: 4}
"""


def odd_bench(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "odd_bench", *arguments]
    values = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=values, timeout=500, cwd=cwd)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, str]:
    """A data set made by the command line, and the output of the command."""
    folder = tmp_path_factory.mktemp("spine")
    (folder / "tiny.yaml").write_text(PRESET)
    run = odd_bench("generate", "toys", "--preset", str(folder / "tiny.yaml"), "--out", str(folder / "set"))
    assert run.returncode == 0, run.stderr
    return folder / "set", run.stdout


def plan_of(folder: Path) -> list[PlanLine]:
    return [read_plan_line(line, PlanLine) for line in (folder / "plan.jsonl").read_text().splitlines()]


def test_the_run_reports_its_results_and_where_they_are(made):
    folder, printed = made
    assert "2 scenes made" in printed and "render" in printed
    preview = Path(printed.strip().splitlines()[-1].removeprefix("preview: "))
    assert preview.exists() and preview.is_relative_to(folder)


def test_the_data_set_has_no_problem(made):
    run = odd_bench("data", "validate", str(made[0]), "--deep")
    assert run.returncode == 0, run.stdout + run.stderr


def test_pictures_change_at_the_borders_of_the_masks(made):
    """An object differs from the floor around it: the picture changes across the border of its mask, not next to it."""
    dataset = open_dataset(made[0])
    on_border, beside = [], []
    for name in dataset.scene_names():
        record = dataset.record(name)
        for picture, mask in zip(record.images.astype(float), record.instance, strict=True):
            step = np.abs(np.diff(picture, axis=1)).sum(axis=-1)
            border = (mask[:, 1:] > 0) != (mask[:, :-1] > 0)
            floor = (mask[:, 1:] == 0) & (mask[:, :-1] == 0)
            on_border.append(step[border].mean())
            beside.append(step[floor].mean())
    assert np.mean(on_border) > 3 * np.mean(beside)


def test_blender_renders_each_object_where_its_label_is(made, tmp_path):
    """Silhouettes rendered by Blender differ from the ray-cast masks by less than a pixel, and only at the border."""
    from odd_bench.blender_jobs.job import RenderConfig, RenderJob
    from odd_bench.shapes.toys import make_toy
    from tests.blender_jobs.silhouettes import silhouettes

    dataset = open_dataset(made[0])
    planned = {line.scene: line for line in plan_of(made[0])}
    name = dataset.scene_names("train")[0]
    record, plan = dataset.record(name), planned[name]
    shape = make_toy(plan.category, plan.shape_seed).shape()
    normal = [item for item in record.scene.objects if item.label == 0]
    job = RenderJob(
        tuple((shape, item.world_from_object) for item in normal), record.scene.cameras[:4], plan.floor, plan.environment,
        tmp_path, RenderConfig(),
    )  # fmt: skip
    compared = 0
    for view, pictures in enumerate(silhouettes(job)):
        for item, picture in zip(normal, pictures, strict=True):
            if item.visible_pixels[view] == item.amodal_pixels[view]:
                drawn, labelled = picture > 0.5, record.instance[view] == item.id + 1
                border = binary_dilation(labelled) & ~binary_erosion(labelled)
                assert not ((drawn ^ labelled) & ~border).any()
                assert (drawn & labelled).sum() / (drawn | labelled).sum() >= 0.98
                assert np.abs(np.argwhere(drawn).mean(axis=0) - np.argwhere(labelled).mean(axis=0)).max() < 0.1
                compared += 1
    assert compared >= 4


def test_no_object_floats_or_sinks(made):
    from odd_bench.generate.arrange import LEVEL_M
    from odd_bench.geometry.motion import transformed
    from odd_bench.shapes.toys import make_toy

    dataset = open_dataset(made[0])
    for line in plan_of(made[0]):
        shape = make_toy(line.category, line.shape_seed).shape()
        for item in dataset.scene(line.scene).objects:
            assert abs(item.aabb[2] - item.aabb[5] / 2) < LEVEL_M + 5e-4
            if item.label == 0:
                assert abs(transformed(shape.vertices, item.world_from_object)[:, 2].min()) < 5e-4


def test_the_pose_of_an_odd_object_is_one_of_the_intact_shape(made):
    """An odd object stands like its neighbours: its tilt is that of the rest pose of the intact shape."""
    from odd_bench.generate.resting import Rests
    from odd_bench.shapes.toys import make_toy

    dataset = open_dataset(made[0])
    line = next(line for line in plan_of(made[0]) if any(item.label for item in line.objects))
    shape = make_toy(line.category, line.shape_seed).shape()
    rests = Rests(shape, line.shape_seed)
    for item, drawn in zip(dataset.scene(line.scene).objects, line.objects, strict=True):
        up_in_object = item.world_from_object[2, :3] / np.linalg.norm(item.world_from_object[2, :3])
        assert np.allclose(up_in_object, rests.pose(line.rest, drawn.rest)[2], atol=1e-6)


def test_another_number_of_workers_makes_the_same_labels(made, tmp_path):
    source, again = made[0], tmp_path / "again"
    preset = source.parent / "tiny.yaml"
    run = odd_bench("generate", "toys", "--preset", str(preset), "--out", str(again), "--workers", "2")
    assert run.returncode == 0, run.stderr
    assert (again / "plan.jsonl").read_bytes() == (source / "plan.jsonl").read_bytes()
    assert (again / "ground_truth.json.gz").read_bytes() == (source / "ground_truth.json.gz").read_bytes()
    assert _label_digests(again) == _label_digests(source)


def test_wrong_use_is_explained_writes_nothing_and_exits_with_2(made, tmp_path):
    for arguments, message in [
        (["--categories", "mugg"], "Did you mean mug"),
        (["--set", "orbit.pixel=3"], "Did you mean 'pixels'"),
        (["--slice", "4/4"], "0 <= i < n"),
        (["--preset", "micro"], "expected one of"),
        (["--preset", "gone.yaml"], "gone.yaml"),
        (["--out", str(made[0]), "--preset", "nano"], "another configuration"),
    ]:
        run = odd_bench("generate", "toys", *arguments, cwd=tmp_path)
        assert run.returncode == 2 and message in run.stderr and "Traceback" not in run.stderr, (arguments, run.stderr)
        assert not list(tmp_path.iterdir()), arguments


def _label_digests(folder: Path) -> dict[str, str]:
    digests = {}
    for shard in sorted((folder / "shards").glob("*.h5")):
        with h5py.File(shard) as file:
            digests |= {name: group.attrs["label_sha256"] for name, group in file["scenes"].items()}
    return digests


def test_the_quickstart_reads_a_data_set(made):
    page = (Path(__file__).parents[1] / "docs" / "tutorial" / "quickstart.md").read_text()
    code = page.split("```python\n")[1].split("```")[0].replace("data/toys-nano", str(made[0]))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0 and run.stdout.startswith("toys-"), run.stderr
