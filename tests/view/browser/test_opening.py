"""A path is opened as what it is; anything else is reported in one line with where, found, expected and a hint."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from odd_bench.errors import WrongUse
from odd_bench.training.learnt_from import remember_data
from odd_bench.view.browser.opening import Wanted, open_collection
from tests.data.folders import make_scenes, write_dataset
from tests.scoring.worlds import make_truth, oracle_answers, save_truth, write_predictions

ROOT = Path(__file__).parents[3]
ONE_LINE = re.compile(r"^(?P<where>.+): found .+; expected .+\. Hint: .+$")


@pytest.fixture
def run(tmp_path):
    """A run with predictions for two splits, and the folder of their truth."""
    truth = make_truth(scenes=12, splits=("val", "test-seen"))
    data = save_truth(tmp_path / "data", truth)
    (tmp_path / "run").mkdir()
    for split in ("val", "test-seen"):
        answers = {name: given for name, given in oracle_answers(truth).items() if truth.scenes[name].split == split}
        write_predictions(tmp_path / "run" / f"{split}.json", truth, answers, split=split)
    (tmp_path / "run" / "config.json").write_text("{}")
    return tmp_path / "run", data


def test_a_data_set_opens_with_all_its_scenes_or_those_of_a_split(tmp_path):
    folder = write_dataset(tmp_path, make_scenes())
    assert len(open_collection(folder).names) == 4
    assert open_collection(folder, Wanted(split="test-unseen")).names == ("toys-mug-0000-0000",)


def test_a_run_opens_with_its_predictions_for_a_split_it_was_not_trained_on(run):
    folder, data = run
    assert "test-seen" in open_collection(folder, Wanted(data)).title
    assert "val" in open_collection(folder, Wanted(data, "val")).title
    with pytest.raises(WrongUse, match="predictions for test-seen, val; expected predictions for train") as raised:
        open_collection(folder, Wanted(data, "train"))
    assert ONE_LINE.match(str(raised.value))


def test_a_run_finds_the_data_that_it_was_trained_on(run, tmp_path):
    folder, data = run
    other = save_truth(tmp_path / "other", replace(make_truth(scenes=3), name="another"))
    remember_data(folder, [other, data])
    assert open_collection(folder).words == open_collection(folder, Wanted(data)).words != {}


@pytest.mark.parametrize("kind", ["absent", "empty", "foreign", "picture", "untrained"])
def test_any_other_path_is_reported_in_one_line(tmp_path, kind):
    path = tmp_path / kind
    if kind == "picture":
        path = tmp_path / "picture.png"
        path.write_bytes(b"\x89PNG")
    elif kind != "absent":
        path.mkdir()
        if kind == "foreign":
            (path / "notes.json").write_text('{"format": "of somebody else"}')
        if kind == "untrained":
            (path / "checkpoint.pt").write_bytes(b"")
    with pytest.raises(WrongUse) as raised:
        open_collection(path)
    assert ONE_LINE.match(str(raised.value))["where"] == str(path)


def test_the_error_for_a_missing_scene_names_the_nearest(tmp_path):
    collection = open_collection(write_dataset(tmp_path, make_scenes()))
    with pytest.raises(WrongUse, match=r"did you mean toys-mug-0000-0000\?"):
        collection.chosen(["toys-mug-0000-000"], 1)
    assert collection.chosen([], 2) == list(collection.names[:2])


def test_the_code_that_reads_captures_is_loaded_only_for_captures(run):
    """Otherwise it would double the time until a data set or its predictions are shown."""
    folder, data = run
    script = (
        "import sys; from pathlib import Path; from odd_bench.view.browser.opening import Wanted, open_collection;"
        "open_collection(Path(sys.argv[1]), Wanted(Path(sys.argv[2])));"
        "print(*[name for name in ('odd_bench.captures', 'torch', 'pycolmap') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, folder, data], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == []
