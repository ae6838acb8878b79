"""Every kind of bad file gets its exact message: the corpus in bad_files/ holds each file next to its message."""

from pathlib import Path

import pytest

from odd_bench.scoring.problems import errors_in, problem_report
from odd_bench.scoring.score import Options, check_file

FOLDER = Path(__file__).parent / "bad_files"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix != ".txt" and path.name != "ground_truth.json")


def outcome(path: Path) -> str:
    """The report as a user sees it, without the folder, and the exit code."""
    problems = check_file(path, Options(FOLDER / "ground_truth.json")).problems
    report = problem_report(problems).replace(f"{FOLDER}/", "")
    return f"{report}\nexit code {2 if errors_in(problems) else 0}\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_bad_file_gets_its_message(path):
    assert outcome(path) == path.with_name(path.name + ".txt").read_text()


def test_every_file_has_a_problem():
    for path in FILES:
        assert check_file(path, Options(FOLDER / "ground_truth.json")).problems, path.name
