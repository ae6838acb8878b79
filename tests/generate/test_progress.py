"""The summary of a run: counts in words, and tables that have rows."""

import io
from collections import Counter
from pathlib import Path

import pytest

from odd_bench.generate import progress
from odd_bench.generate.call import RunSummary
from odd_bench.terminal import make_console


@pytest.mark.parametrize(("made", "words"), [(0, "0 scenes made"), (1, "1 scene made"), (2, "2 scenes made")])
@pytest.mark.parametrize("refusals", [Counter(), Counter({"bump: not visible": 3})])
def test_no_table_is_empty(monkeypatch, made, words, refusals):
    shown = io.StringIO()
    monkeypatch.setattr(progress, "make_console", lambda: make_console(file=shown, width=100))
    seconds = Counter({"render": 2.0}) if made else Counter()
    progress.print_summary(RunSummary(Path("data"), made, complete=True, seconds=seconds, refusals=refusals))
    printed = shown.getvalue()
    assert words in printed
    assert ("Time by stage" in printed) == bool(made)
    assert ("Quality" in printed) == bool(made and refusals)
