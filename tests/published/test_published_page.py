"""The commands on the page about the published data run as they are."""

import json
import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from odd_bench.cli import app
from tests.published.scene_folder_writer import write_scene_folder

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "published-data.md"


def test_the_commands_of_the_page_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_scene_folder(Path("ToysAD-8K") / "mug_001-scene0", pixels=48, views=6, objects=3)
    Path("toys_split.json").write_text(json.dumps({"train": ["mug_001-scene0"], "seen-test": [], "unseen-test": []}))
    commands = [
        line for block in re.findall(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL) for line in block.splitlines()
    ]
    assert len(commands) == 3
    for command in commands:
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
    assert json.loads(Path("folders/splits.json").read_text()) == {"train": ["mug_001-scene0"]}
