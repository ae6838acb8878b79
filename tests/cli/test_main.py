"""`python -m odd_bench` equals the command: the same output, the same exit codes, and hints that can be run."""

import os
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
def test_the_module_has_the_output_and_exit_code_of_the_command(words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["odd-bench", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said, ran = capsys.readouterr(), by_module(*words)
    assert (ran.stdout, ran.stderr, ran.returncode) == (said.out, said.err, ended.value.code or 0)
    assert ran.stdout or ran.stderr


def test_a_program_that_runs_as_a_module_has_a_name_that_can_be_run_again(monkeypatch):
    """If no shell finds odd-bench, a path to __main__.py would not be a command."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr("odd_bench.cli.main", lambda: named.append(program()))
    monkeypatch.setattr("sys.argv", ["replaced by runpy"])
    named = []
    runpy.run_module("odd_bench", run_name="__main__", alter_sys=True)
    assert named == [f"{sys.executable} -m odd_bench"]
    monkeypatch.setattr("sys.argv", [".venv/bin/odd-bench"])
    assert program() == ".venv/bin/odd-bench"


@pytest.mark.parametrize(("wished", "expected"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")])
def test_threads_wait_without_spinning_unless_the_user_says_otherwise(wished, expected):
    """Before torch is loaded, which reads it once."""
    script = (
        "import os, sys\n"
        "from odd_bench import cli\n"
        "cli.app = lambda: print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)\n"
        "cli.main()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"} | wished
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [expected, "False"]
