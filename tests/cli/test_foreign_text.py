"""Names with control characters or markup are printed literally by every command, and stop none."""

import io
import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from odd_bench.assets.listing import details, overview
from odd_bench.assets.manifest_file import load
from odd_bench.assets.progress import library_with_progress
from odd_bench.cli import app
from odd_bench.data.outcome import Outcome
from odd_bench.errors import OddBenchError
from odd_bench.generate import progress as generate_progress
from odd_bench.generate.run import RunSummary
from odd_bench.published.report import watched as watched_import
from odd_bench.terminal import Told, make_bar, make_console, tracked
from tests.short_training import write_small_scenes

NAME = "[red]x[/red] [/] :cake: [bold 1.5e3]"  # a colour, a closing tag without an opening one, an emoji, a number
COLORS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SHORT = [f"train.{key}" for key in ("steps=[1,1]", "report_every=1", "save_every=1", "picture_every=100", "views=2")]
TINY = [word for value in [*SHORT, "model.attention.kind=relations"] for word in ("--set", value)]
WATCHED = {"COLUMNS": "400", "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}  # rich renders as for a terminal


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder of that name with a data set, a run, its predictions and exported scenes."""
    place = tmp_path_factory.mktemp("work") / NAME
    write_small_scenes(place / "set", pixels=32, views=4, depth=True)
    for call in ("train", "predict", "export"):
        said(place, call)
    return place


def calls(place: Path) -> dict[str, list[str]]:
    data, run, out = f"{place}/set", f"{place}/run", f"{place}/p.json"
    return {
        "info": ["data", "info", data],
        "validate": ["data", "validate", data, "--workers", "1"],
        "preview": ["data", "preview", data, "--scenes", "2"],
        "export": ["data", "export", data, "--out", f"{place}/folders"],
        "coco": ["data", "export", data, "--out", f"{place}/coco", "--format", "coco"],
        "import": ["data", "import", f"{place}/folders", "--name", "x", "--out", f"{place}/imported"],
        "train": ["train", "--config", "tiny", "--data", data, "--out", run, *TINY],
        "predict": ["predict", run, "--data", data, "--split", "test-seen", "--out", out, "--maps", "--report", f"{place}/r"],
        "pictures": ["predict", run, "--data", data, "--split", "test-seen", "--out", out, "--pictures", f"{place}/pictures"],
        "score": ["score", out, "--data", data, "--report", f"{place}/report"],
        "check": ["score", out, "--data", data, "--check"],
        "weights": ["weights", "export", run, "--name", "x", "--out", f"{place}/w"],
        "page": ["view", data, "--record", f"{place}/page"],
    }  # fmt: skip


NAMES_NOTHING = ("info", "check")  # they print only counts
HERE = Path("here")


def said(place: Path, call: str, env: dict[str, str] | None = None) -> str:
    """The output of a command, without colours."""
    result = CliRunner().invoke(app, calls(place)[call], env={"COLUMNS": "400", **(env or {})}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return COLORS.sub("", result.output)


@pytest.mark.parametrize("call", [name for name in calls(HERE) if name not in ("train", "page")])
def test_the_name_of_a_folder_is_printed_literally(place, call):
    assert call in NAMES_NOTHING or str(place) in said(place, call)


def test_training_prints_its_folder_and_its_predictions_literally(place):
    assert f"run: {place}/run" in said(place, "train") and f"{place}/run/test-seen.json" in said(place, "train")


@pytest.mark.parametrize("call", ["validate", "export", "predict"])
def test_names_are_printed_literally_next_to_a_progress_bar(place, call):
    assert str(place) in said(place, call, WATCHED)


@pytest.mark.parametrize(
    "call", [*calls(HERE), "generate", "list", "fetch", "similar", "leaderboard", "reproduce", "detect"]
)
def test_a_missing_path_is_printed_literally(tmp_path, call):
    nowhere = f"{tmp_path}/{NAME}"
    more = {
        "generate": ["generate", "toys", "--preset", f"{nowhere}.yaml"],
        "list": ["assets", "list", f"{nowhere}.yaml"],
        "fetch": ["assets", "fetch", f"{nowhere}.yaml"],
        "similar": ["assets", "similar", nowhere, "--sheet", "x.png"],
        "leaderboard": ["leaderboard", f"{nowhere}.json"],
        "reproduce": ["reproduce", f"{nowhere}.yaml"],
        "detect": ["detect", nowhere],
    }
    result = CliRunner().invoke(app, {**calls(Path(nowhere)), **more}[call], env={"COLUMNS": "400"})
    if not isinstance(result.exception, SystemExit):
        assert isinstance(result.exception, OddBenchError), result.exception
    assert NAME in str(result.exception) + result.output


def test_a_wrong_value_of_an_option_is_printed_literally():
    result = CliRunner().invoke(app, ["data", "export", ".", "--out", "x", "--format", NAME], env={"COLUMNS": "400"})
    assert result.exit_code == 2 and NAME in result.output


@contextmanager
def printed(monkeypatch, *modules):
    """Everything that the consoles of the modules are asked to print."""
    shown = io.StringIO()
    for module in modules:
        monkeypatch.setattr(f"{module}.make_console", lambda: make_console(file=shown, width=400))
    yield shown


def test_generate_prints_names_literally(monkeypatch, tmp_path):
    from odd_bench.generate.config import load_preset
    from odd_bench.shapes.library import Entry

    config, entry = load_preset("toys", "nano"), Entry(NAME, "", "", "", reason=NAME, detail=NAME)
    with printed(monkeypatch, "odd_bench.generate.progress") as shown:
        with generate_progress.watched(config, tmp_path / NAME) as watcher:
            watcher.asset(entry)
            watcher.stage(NAME, 0, 1)
            watcher.notice(NAME)
            watcher.scene(Outcome(NAME, NAME, NAME), 1, 1)
        seconds, refusals = Counter({NAME: 1.0}), Counter({NAME: 1})
        generate_progress.print_summary(RunSummary(tmp_path / NAME, 1, 0, 1, 1, False, 1.0, seconds, refusals))
    assert shown.getvalue().count(NAME) >= 11 and f"-> {tmp_path / NAME}\n" in shown.getvalue()


def test_the_name_of_a_refused_scene_is_printed_literally(monkeypatch, tmp_path):
    with printed(monkeypatch, "odd_bench.published.report") as shown, watched_import(tmp_path) as show:
        show(Outcome(NAME, NAME, NAME), 1, 1)
    assert f"refused {NAME}: {NAME}: {NAME}\n" in shown.getvalue()


def test_the_name_of_an_unused_mesh_is_printed_literally(monkeypatch, tmp_path):
    (tmp_path / "in" / NAME.replace("/", "-")).mkdir(parents=True)
    (tmp_path / "in" / NAME.replace("/", "-") / f"{NAME.replace('/', '-')}.ply").write_bytes(b"ply")
    with printed(monkeypatch, "odd_bench.terminal") as shown:
        library_with_progress(tmp_path / "in", tmp_path / "store")
    assert shown.getvalue().count(NAME.replace("/", "-")) >= 2


def test_tables_and_progress_bars_show_names_literally(tmp_path):
    sold = {
        "name": "x",
        "title": NAME,
        "kind": "shapes",
        "obtain": "by hand",
        "source": NAME,
        "steps": [NAME],
        "note": NAME,
    }
    (tmp_path / "x.yaml").write_text(json.dumps({**sold, "licence": {"name": NAME, "url": NAME}}))
    manifest = load(str(tmp_path / "x.yaml"))
    shown = io.StringIO()
    make_console(file=shown, width=400).print(overview([manifest]), details(manifest))
    with make_bar(Told(), Told("what"), console=make_console(file=shown, width=400, force_terminal=True)) as bar:
        bar.add_task(NAME, what=NAME)
    assert list(tracked([1, 2], NAME, make_console(file=shown, width=400, force_terminal=True))) == [1, 2]
    assert COLORS.sub("", shown.getvalue()).count(NAME) >= 9


PRINTS = """
import sys, typer
from odd_bench import cli
from odd_bench.terminal import make_console

def app():
    make_console().print("console set\\udcff")
    typer.echo("echo set\\udcff")
    raise cli.OddBenchError("error set\\udcff")

cli.app = app
cli.main()
"""


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_name_that_is_not_valid_text_stops_no_command(encoding):
    ran = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, env={"PYTHONIOENCODING": encoding})
    assert ran.returncode == 1 and ran.stderr == b"error: error set\\udcff\n", ran.stderr
    assert ran.stdout.startswith(b"console set\\udcff\necho set"), ran.stdout
