"""A mesh file of any origin becomes a usable model or is refused with a reason; nothing else happens."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from odd_bench.names import name_problem
from odd_bench.shapes.assembly import Assembly
from odd_bench.shapes.library import MACHINE, ingest
from odd_bench.shapes.limited import TOO_SLOW
from odd_bench.shapes.mesh_file import ShapeRefused, read_mesh
from odd_bench.shapes.wild import model_of_mesh
from tests.damaged_files import alarm, peak_mb
from tests.shapes.wild_meshes import meshes

FILES = dict(meshes())
ALL = "ODD_BENCH_ALL_MESHES" in os.environ  # they take some minutes
SHARE = list(FILES)[:: 1 if ALL else 5]
IN_ONE_FOLDER = SHARE if ALL else SHARE[2::4]  # each costs the start of a process; used and refused ones, an odd name
LONGEST_S = 300  # seconds for one file, by the clock of a busy machine
MOST_MB = 3000.0


@pytest.mark.parametrize("name", FILES)
def test_a_mesh_from_the_wild_is_read_or_refused(tmp_path, name):
    folder = tmp_path / "files"
    folder.mkdir()
    path = FILES[name](folder)
    before = {each.name for each in folder.iterdir()}
    with alarm(LONGEST_S):
        try:
            raw = read_mesh(path)
        except ShapeRefused as refused:
            assert refused.reason and len(str(refused).splitlines()) == 1
        else:
            assert np.isfinite(raw.vertices).all() and len(raw.faces) and all(raw.slot_names)
            assert np.ptp(raw.vertices, axis=0).max() == pytest.approx(1.0)
    assert {each.name for each in folder.iterdir()} == before
    assert peak_mb() < MOST_MB


@pytest.mark.parametrize(
    "name", ["sixty specks as off", "an edge of four faces as stl", "materials with what they lack"]
)
def test_a_mesh_that_is_read_becomes_a_model_or_is_refused(tmp_path, name):
    check_model(FILES[name](tmp_path), tmp_path / "model.npz")


@pytest.mark.slow
@pytest.mark.parametrize("name", SHARE)
def test_every_file_becomes_a_model_or_is_refused(tmp_path, name):
    check_model(FILES[name](tmp_path), tmp_path / "model.npz")


def check_model(path: Path, stored: Path) -> None:
    with alarm(LONGEST_S):
        try:
            model, _ = model_of_mesh(read_mesh(path), "wild", "model")
        except ShapeRefused as refused:
            assert refused.reason and len(str(refused).splitlines()) == 1
        else:
            model.save(stored)
            check_usable(Assembly.load(stored))


def check_usable(model: Assembly) -> None:
    vertices = model.intact.vertices
    assert np.isfinite(vertices).all() and len(model.intact.faces)
    assert np.ptp(vertices, axis=0).max() == pytest.approx(1.0, abs=0.05)


@pytest.mark.slow
def test_a_folder_of_many_wild_meshes_is_read_to_its_end(tmp_path):
    folders = [f"{number:03d}" for number in range(len(IN_ONE_FOLDER))]
    for name, number in zip(IN_ONE_FOLDER, folders, strict=True):
        folder = tmp_path / "files" / number
        folder.mkdir(parents=True)
        FILES[name](folder)
    library = ingest(tmp_path / "files", tmp_path / "store")
    assert len(FILES) >= 63 and {Path(entry.path).parts[0] for entry in library.entries} == set(folders)
    assert len({entry.name for entry in library.used}) == len(library.used) > len(IN_ONE_FOLDER) / 3
    assert not any(map(name_problem, (entry.name for entry in library.entries)))
    assert all("\n" not in entry.detail for entry in library.entries)
    assert not {"failed", TOO_SLOW, *MACHINE} & set(library.refusals)


@pytest.mark.parametrize("name", ["ply cut short", "off with fewer faces than it says"])
def test_a_file_that_declares_more_faces_is_refused_as_cut_short(tmp_path, name):
    with pytest.raises(ShapeRefused, match=r"^cut short"):
        read_mesh(FILES[name](tmp_path))


def test_a_byte_order_mark_costs_no_vertex(tmp_path):
    marked = read_mesh(FILES["obj of other line ends, with a mark"](tmp_path))
    plain = read_mesh(FILES["obj with indices from the end"](tmp_path))
    assert np.array_equal(marked.vertices, plain.vertices) and len(marked.faces) == len(plain.faces) == 4
