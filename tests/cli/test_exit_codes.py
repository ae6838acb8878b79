"""Every command exits with 0 after its work, with 2 and one line after wrong use, and never with a traceback."""

import errno
import os
import sys

import pytest
import typer

from odd_bench.cli import app, main
from odd_bench.cli.reproduce import FIGURES, table_names

NOWHERE = "no-such-place"


def leaves(command, words=()):
    """All commands that do something, with the words that call them."""
    if not hasattr(command, "commands"):
        yield words
    else:
        for name, one in command.commands.items():
            yield from leaves(one, (*words, name))


COMMANDS = sorted(leaves(typer.main.get_command(app)))
ABSENT = [  # calls with a path that does not exist
    ("data", "info", NOWHERE),
    ("data", "validate", NOWHERE),
    ("data", "preview", NOWHERE),
    ("data", "import", NOWHERE, "--name", "x"),
    ("data", "export", NOWHERE, "--out", "out"),
    ("assets", "preview", NOWHERE, "--sheet", "sheet.png"),
    ("assets", "similar", NOWHERE, "--sheet", "sheet.png"),
    ("assets", "list", NOWHERE),
    ("assets", "fetch", NOWHERE),
    ("assets", "verify", NOWHERE),
    ("generate", "toys", "--preset", NOWHERE),
    ("generate", "toys", "--preset", f"{NOWHERE}.yaml"),
    ("generate", "parts", "--preset", "nano", "--assets", NOWHERE),
    ("generate", "parts", "--preset", "nano", "--floors", NOWHERE),
    ("generate", "parts", "--preset", "nano", "--environments", NOWHERE),
    ("demo", "--set", "no.such.key=1"),
    ("train", "--data", NOWHERE),
    ("train", "--model", NOWHERE),
    ("train", "--config", NOWHERE),
    ("predict", NOWHERE),
    ("predict",),
    ("predict", "--weights", "both"),
    ("predict", "--weights", "both", "--data", NOWHERE),
    ("detect", NOWHERE),
    ("detect", NOWHERE, "--reconstruct"),
    ("detect", NOWHERE, "--weights", NOWHERE),
    ("detect", NOWHERE, "--matching", NOWHERE),
    ("weights", "export", NOWHERE, "--name", "x"),
    ("score", NOWHERE),
    ("score", f"{NOWHERE}.json", "--data", NOWHERE),
    ("leaderboard", NOWHERE),
    ("reproduce", NOWHERE),
    ("reproduce", f"{NOWHERE}.yaml"),
    *(("reproduce", table, "--data", NOWHERE) for table in table_names()),
    *(("reproduce", figure) for figure in FIGURES),
    *(("reproduce", figure, "--weights", NOWHERE) for figure in FIGURES),
    *(("reproduce", figure, "--run", NOWHERE) for figure in FIGURES),
    *(("reproduce", figure, "--weights", "both", "--run", NOWHERE) for figure in FIGURES),
    *(("reproduce", figure, "--weights", "both", "--data", NOWHERE) for figure in FIGURES if figure != "minority"),
    ("reproduce", "views", "--weights", "both"),
    ("view", NOWHERE),
    ("view", f"{NOWHERE}.json"),
    ("config", "show", NOWHERE),
    ("config", "show", "--of", NOWHERE),
    ("config", "explain", NOWHERE),
]
WITHOUT_A_PLACE = {("doctor",), ("weights", "list")}


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Call `odd-bench` in an empty folder; returns the exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ODD_BENCH_DATA", raising=False)

    def called(*words):
        monkeypatch.setattr(sys, "argv", ["odd-bench", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return (0 if code is None else code, *capsys.readouterr())

    return called


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(run, words):
    code, told, _ = run(*words, "--help")
    assert code == 0 and "Usage" in told


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_unknown_option_is_wrong_use(run, words):
    code, _, told = run(*words, "--no-such-option")
    assert code == 2 and "--no-such-option" in told


def test_there_is_a_call_with_a_missing_path_for_every_command():
    assert {words for words in COMMANDS if not any(call[: len(words)] == words for call in ABSENT)} == WITHOUT_A_PLACE


@pytest.mark.parametrize("call", ABSENT, ids=" ".join)
def test_a_missing_path_is_wrong_use_and_reported_in_one_line(run, call, tmp_path):
    code, _, told = run(*call)
    lines = told.splitlines()
    assert code == 2, told
    assert lines[0].startswith("error: ")
    if call[0] in ("score", "leaderboard"):  # the scorer lists all problems of a file
        assert lines[0] == "error: 1 problem, nothing scored" and " -> " in lines[-1]
    else:
        assert len(lines) == 1 and "found" in told and "expected" in told
    assert "generate toys --preset" not in told or call[0] in ("train", "reproduce")
    assert list(tmp_path.iterdir()) == []  # nothing is left behind


NAMING = [call for call in ABSENT if any(NOWHERE in word for word in call)]
PLACES = (
    "n" * 300,
    "loop",
    "file/below",
    "a\nb",
)  # too long a name, a link to itself, a file taken for a folder, two lines


@pytest.mark.parametrize("number", range(len(NAMING)), ids=lambda number: " ".join(NAMING[number]))
def test_an_impossible_path_is_wrong_use_and_reported_in_one_line(run, number, tmp_path):
    """Every call is given one of the paths in turn."""
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("x")
    code, _, told = run(*(word.replace(NOWHERE, PLACES[number % len(PLACES)]) for word in NAMING[number]))
    assert code == 2 and told.startswith("error: ")
    assert len(told.splitlines()) == 1 or told.startswith("error: 1 problem, nothing scored")
    assert {path.name for path in tmp_path.iterdir()} == {"loop", "file"}


def test_a_full_disk_is_reported_in_one_line_wherever_it_occurs(run, monkeypatch):
    def full():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere/a.bin")

    monkeypatch.setattr("odd_bench.cli.needs.report", full)
    code, _, told = run("doctor")
    assert code == 1 and told.startswith("error: somewhere/a.bin: found No space left on device, expected space for it")
    assert len(told.splitlines()) == 1


def test_other_system_errors_are_not_taken_for_a_full_disk(monkeypatch):
    def absent():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a.bin")

    monkeypatch.setattr("odd_bench.cli.needs.report", absent)
    monkeypatch.setattr(sys, "argv", ["odd-bench", "doctor"])
    with pytest.raises(FileNotFoundError):
        main()
