"""The examples run as they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def own_code(monkeypatch):
    """An environment in which started programs find this checkout first."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))


@pytest.mark.slow
def test_one_scene_draws_a_sheet_and_leaves_nothing_behind(own_code, tmp_path):
    command = [sys.executable, EXAMPLES / "one_scene.py"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert told.startswith("toys-") and told.endswith("drawn: scene.png\n")
    assert [path.name for path in tmp_path.iterdir()] == ["scene.png"]
    with Image.open(tmp_path / "scene.png") as sheet:
        assert min(sheet.size) > 300


@pytest.mark.slow
def test_an_example_without_its_data_says_how_it_is_called(own_code, tmp_path):
    command = [sys.executable, EXAMPLES / "train_and_score.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 1 and "examples/train_and_score.py data/" in ended.stderr
    assert "Traceback" not in ended.stderr and not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.blender
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("default")  # from the packages of Jupyter
def test_every_cell_of_the_notebook_runs(own_code, tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(EXAMPLES / "quickstart.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=1500, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [one for cell in notebook.cells if cell.cell_type == "code" for one in cell.outputs]
    assert sum("image/png" in one.get("data", {}) for one in shown) == 2
    text = "".join(one.get("text", "") for one in shown)
    assert "2 scenes; complete: True" in text
    assert "suspicion " in text  # share of objects that the shipped weights find


def test_the_notebook_is_stored_without_outputs():
    nbformat = pytest.importorskip("nbformat")
    cells = nbformat.read(EXAMPLES / "quickstart.ipynb", as_version=4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


@pytest.mark.parametrize(
    ("task", "last", "more", "expected"),
    [("3", "159", [], "3/160"), ("7", "12", ["160"], "7/160"), ("0", "0", [], "0/1")],
)
def test_the_script_for_job_arrays_gives_every_task_its_slice(tmp_path, task, last, more, expected):
    said = tmp_path / "odd-bench"
    said.write_text('#!/bin/bash\necho "$@"\n')
    said.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_MAX": last, "SLURM_CPUS_PER_TASK": "4",
    }  # fmt: skip
    command = ["bash", EXAMPLES / "cluster" / "array.sbatch", "toys", "full", "data/toys-full", *more]
    told = subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout.split()
    assert told[:6] == ["generate", "toys", "--preset", "full", "--out", "data/toys-full"]
    assert told[told.index("--slice") + 1] == expected and told[told.index("--workers") + 1] == "4"
