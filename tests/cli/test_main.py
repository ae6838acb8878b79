"""`python -m odd_bench` is the command: the same words, the same exit codes, and what it tells to run can be run."""

import runpy
import shutil
import subprocess
import sys

import pytest

from odd_bench.cli import main
from odd_bench.cli.demo import program


def by_module(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "odd_bench", *words], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("words", [("--version",), ("config", "show", "no-such-name")])
def test_the_module_says_and_returns_what_the_command_does(words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["odd-bench", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said, ran = capsys.readouterr(), by_module(*words)
    assert (ran.stdout, ran.stderr, ran.returncode) == (said.out, said.err, ended.value.code or 0)
    assert ran.stdout or ran.stderr


def test_a_program_run_as_a_module_is_named_so_that_it_can_be_run_again(monkeypatch):
    """Where no shell finds odd-bench, a path to __main__.py would be no command."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr("odd_bench.cli.main", lambda: named.append(program()))
    monkeypatch.setattr("sys.argv", ["replaced by runpy"])
    named = []
    runpy.run_module("odd_bench", run_name="__main__", alter_sys=True)
    assert named == [f"{sys.executable} -m odd_bench"]
    monkeypatch.setattr("sys.argv", [".venv/bin/odd-bench"])
    assert program() == ".venv/bin/odd-bench"
