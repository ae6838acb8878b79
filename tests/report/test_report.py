"""The report as a user sees it: on the command line, in a terminal, in a browser and in a paper."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from odd_bench.report.html_report import html_report
from odd_bench.report.svg import histogram_plot, interval_plot, map_plot, roc_plot
from odd_bench.report.tables import cell, latex, latex_table, markdown_report
from odd_bench.scoring.locate import find_ground_truth
from odd_bench.scoring.predictions import DatasetRef
from odd_bench.scoring.problems import ScoringError
from tests.scoring.worlds import make_truth, noisy_answers, oracle_answers, save_truth, write_predictions


def odd_bench(*arguments, cwd):
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "odd_bench", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


class Tags(HTMLParser):
    """Checks that tags are closed in order, and collects everything that the page would load."""

    def __init__(self, page):
        super().__init__()
        self.open, self.loads = [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href")]

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def work(tmp_path_factory, truth):
    folder = tmp_path_factory.mktemp("work")
    save_truth(folder / "data" / "toys-test", truth)
    write_predictions(folder / "p.json", truth, noisy_answers(truth))
    write_predictions(folder / "q.json", truth, noisy_answers(truth, 2))
    return folder


def test_score_compares_and_writes_a_report(work):
    done = odd_bench("score", "p.json", "--against", "q.json", "--report", "out/a", cwd=work)
    assert done.returncode == 0, done.stderr
    assert "AUC_detect = recall(anomalous)" in done.stdout
    assert "weakest group: " in done.stdout
    assert "the split resolves" in done.stdout
    assert "the report shows no pictures of failures: " in done.stdout
    assert sorted(path.name for path in (work / "out/a").iterdir()) == [
        "report.html", "score.json", "table.tex", "tables.md"]  # fmt: skip
    first = (work / "out/a/score.json").read_bytes()
    assert odd_bench("score", "p.json", "--against", "q.json", "--report", "out/a", cwd=work).returncode == 0
    assert (work / "out/a/score.json").read_bytes() == first
    board = odd_bench("leaderboard", "out", cwd=work)
    assert board.returncode == 0, board.stderr
    assert "test-net" in (work / "out/leaderboard.md").read_text()


def test_check_reports_problems_and_exits_with_2(work):
    good = odd_bench("score", "p.json", "--check", cwd=work)
    assert (good.returncode, good.stdout) == (0, "ok: 48 scenes, 226 boxes; the file can be scored\n")
    (work / "bad.json").write_text((work / "p.json").read_text().replace('"yaw"', '"jaw"', 1))
    bad = odd_bench("score", "bad.json", "--check", cwd=work)
    assert bad.returncode == 2
    assert 'Did you mean "yaw"?' in bad.stderr
    assert "Traceback" not in bad.stderr
    machine = odd_bench("score", "bad.json", "--json", cwd=work)
    assert machine.returncode == 2
    assert json.loads(machine.stdout)["problems"][0]["kind"] == "unknown key"


def test_json_prints_the_score_document(work):
    done = odd_bench("score", "p.json", "--json", cwd=work)
    document = json.loads(done.stdout)
    assert document["format"] == "odd-bench/score"
    assert document["result"]["protocols"]["detect"]["metrics"]["auc"]["value"] > 0
    text = json.dumps(document["result"])
    assert str(work) not in text and not re.search(r"20\d\d-\d\d-\d\d", text)


def test_missing_scenes_are_accepted_only_on_request(work, truth):
    answers = noisy_answers(truth)
    answers.pop(next(iter(answers)))
    write_predictions(work / "less.json", truth, answers)
    assert odd_bench("score", "less.json", cwd=work).returncode == 2
    done = odd_bench("score", "less.json", "--missing", "undetected", cwd=work)
    assert done.returncode == 0
    assert "1 scene missing, counted as undetected" in done.stdout


def test_a_report_that_cannot_be_written_is_reported(work):
    done = odd_bench("score", "p.json", "--report", "p.json", cwd=work)
    assert done.returncode == 1
    assert "a path that can be written" in done.stderr


def test_the_page_is_well_formed_and_loads_nothing(scored, truth):
    document = scored(noisy_answers(truth)).document
    assert Tags(html_report(document)).loads == []


def test_the_page_and_tables_escape_text_of_the_user(scored, truth):
    document = scored(noisy_answers(truth)).document
    document["result"]["method"]["name"] = '<script>alert("x")</script> | 50 % & $x_1$\n'
    document["result"]["warnings"] = ["<b>"]
    page = html_report(document)
    assert "<script>" not in page and "<b>:" not in page
    Tags(page)
    assert cell("a|b\nc") == "a\\|b c"
    assert latex("50 % & $x_1$ \\") == r"50 \% \& \$x\_1\$ \textbackslash{}"
    assert r"50 \% \& \$x\_1\$" in latex_table(document)
    rows = [line for line in markdown_report(document).splitlines() if line.startswith("|")]
    assert len(rows) > 40


def test_the_page_of_an_empty_and_of_a_perfect_submission_is_complete(scored, truth):
    empty = {name: (np.zeros((0, 6)), np.zeros(0), None) for name in truth.scenes}
    Tags(html_report(scored(empty).document))
    perfect = html_report(scored(oracle_answers(truth), "perfect.json").document)
    Tags(perfect)
    assert "Every object is correct" in perfect


def test_plots_are_svg_with_finite_numbers():
    row = {"name": "<x>", "value": 0.7, "low": 0.6, "high": 0.8, "notes": ("n = 3", "recall 0.5"), "grey": False}
    none = {"name": "y", "value": None, "low": None, "high": None, "notes": ("", ""), "grey": True}
    plots = [
        roc_plot({"detect": [(0, 0), (0.2, 0.7), (1, 1)]}),
        histogram_plot([0, 0.5, 1], [3, 0], [0, 0]),
        interval_plot([row, none]),
        map_plot(["a"], ["b", "c"], {("a", "b"): (0.3, 40), ("a", "c"): (None, 0)}),
    ]
    for plot in plots:
        Tags(plot)
        assert "nan" not in plot and "inf" not in plot and "<x>" not in plot


@pytest.fixture
def two_versions(tmp_path):
    """Two data sets of the same name, and one of another."""
    old, new = make_truth(3, seed=1), make_truth(3, seed=2)
    save_truth(tmp_path / "data/old", old)
    save_truth(tmp_path / "data/new", new)
    return tmp_path, old, new


def test_the_truth_is_found_by_name_and_digest(two_versions, monkeypatch):
    folder, old, new = two_versions
    for truth, place in ((old, "old"), (new, "new")):
        wanted = DatasetRef("toys-test", "1.0.0", "test-unseen", truth.digest)
        expected = folder / "data" / place / "ground_truth.json.gz"
        assert find_ground_truth(wanted, folder / "data") == expected
        monkeypatch.chdir(folder)
        assert find_ground_truth(wanted, None).resolve() == expected
        monkeypatch.chdir("/")
        monkeypatch.setenv("ODD_BENCH_DATA", str(folder))
        assert find_ground_truth(wanted, None) == expected
        monkeypatch.delenv("ODD_BENCH_DATA")


def test_the_error_for_a_missing_truth_names_the_available_ones(two_versions):
    folder, *_ = two_versions
    with pytest.raises(ScoringError, match="only toys-test"):
        find_ground_truth(DatasetRef("parts-full", "1", "test", ""), folder / "data")
