"""The demo shows the whole product: scenes, answers of the shipped weights, a score, a report and pictures."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.weights import shipped

pytestmark = [pytest.mark.blender, pytest.mark.skipif("both" not in shipped(), reason="no weights are shipped")]
QUICK = ("render.engine=draft", "splits={test-unseen: 2}", "orbit.pixels=96", "orbit.views=8")


def test_everything_that_the_demo_names_exists(tmp_path):
    settings = [word for setting in QUICK for word in ("--set", setting)]
    done = CliRunner().invoke(app, ["demo", "--out", str(tmp_path / "demo"), *settings], catch_exceptions=False)
    named = re.findall(
        r"^(?:scenes with ground truth|found objects and suspicion|report|predictions): (\S+)$", done.output, re.M
    )
    assert done.exit_code == 0 and len(named) >= 4, done.output
    assert all(Path(path).is_file() for path in named)
    assert "AUC" in done.output
