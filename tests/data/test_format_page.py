"""The code on the page about the data format runs as it is."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.data.folders import make_scenes, write_dataset

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "data-format.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scenes = make_scenes()
    write_dataset(tmp_path / "data" / "toys-nano", scenes)
    return scenes


def test_the_five_lines_of_h5py_run(scenes):
    assert len([line for line in BLOCKS[0].splitlines() if line]) == 5
    values = {}
    exec(BLOCKS[0], values)
    first = scenes[0][1]
    assert np.abs(values["picture"].astype(int) - first.images[3]).mean() < 15
    assert values["labels"].tolist() == [one.label for one in first.scene.objects]
    assert np.array_equal(values["boxes"], [one.aabb for one in first.scene.objects])


def test_the_lines_of_the_reader_run(scenes):
    values = {}
    exec(BLOCKS[1], values)
    assert np.array_equal(values["instance"], scenes[0][1].instance[3])
    assert values["record"].scene.name == scenes[0][1].scene.name
