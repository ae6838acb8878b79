"""The files next to the shards are compared with them: plan, quarantine, configuration and previews."""

import json
import shutil

import pytest
from PIL import Image

from odd_bench.data.validate import validate
from tests.data.folders import make_scenes, write_dataset


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("whole"), make_scenes()[:2])


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "set")


def found(folder):
    return {(problem.kind, problem.path): problem.found for problem in validate(folder).problems}


def test_a_deleted_plan_is_noticed(folder):
    (folder / "plan.jsonl").unlink()
    assert found(folder) == {("plan", "plan.jsonl"): "no such file"}


@pytest.mark.parametrize("content", [b"{", b"[]", b"[" * 200_000, b"\xff"])
def test_a_damaged_configuration_is_noticed(folder, content):
    (folder / "config.json").write_bytes(content)
    assert set(found(folder)) == {("description", "config.json")}


def test_a_configuration_of_another_run_is_noticed(folder):
    (folder / "config.json").write_text(json.dumps({"seed": 1, "floors": "/elsewhere"}))
    assert found(folder) == {("description", "config.json: seed"): "1"}
    (folder / "config.json").write_text(json.dumps({"seed": 0}))
    assert found(folder) == {}


def test_damaged_previews_are_noticed(folder):
    (folder / "preview").mkdir()
    picture = folder / "preview" / "page.png"
    Image.new("RGB", (20, 20), (200, 10, 10)).save(picture)
    assert found(folder) == {}
    picture.write_bytes(picture.read_bytes()[:40])
    (folder / "preview" / "eps.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    assert set(found(folder)) == {("previews", "preview/page.png"), ("previews", "preview/eps.png")}


@pytest.mark.parametrize(
    "change",
    [
        {"scene": "../../victim"}, {"scene": 3}, {"split": "../x"}, {"index": "0"}, {"index": None}, {"split": None},
        {"category": []}, {"shape": {"a": 1}},
    ],
)  # fmt: skip
def test_plan_lines_of_other_kinds_are_reported(folder, change):
    lines = (folder / "plan.jsonl").read_text().splitlines()
    (folder / "plan.jsonl").write_text("\n".join([*lines, json.dumps({**json.loads(lines[0]), **change})]) + "\n")
    assert ("plan", "plan.jsonl:3") in found(folder)


@pytest.mark.parametrize("line", [b"[" * 100_000, b"\xff\xfe", b"null", b"{}", b'{"scene": "x"'])
def test_unreadable_plan_lines_are_reported(folder, line):
    with (folder / "plan.jsonl").open("ab") as file:
        file.write(line + b"\n")
    assert ("plan", "plan.jsonl:3") in found(folder)


@pytest.mark.parametrize("counts", [{"scenes": []}, {"scenes": {"train": "two"}}, {"scenes": None}])
def test_counts_of_other_kinds_are_reported(folder, counts):
    document = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps({**document, "counts": counts}))
    assert any(kind == "description" for kind, _ in found(folder))


def test_the_number_of_processes_changes_nothing(folder):
    lines = (folder / "plan.jsonl").read_text()
    (folder / "plan.jsonl").write_text(lines.replace("banana-0000", "banana-0001"))
    assert validate(folder, workers=2) == validate(folder)
