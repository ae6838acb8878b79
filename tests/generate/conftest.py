"""An undisturbed run, for comparison with others."""

from __future__ import annotations

import pytest

from odd_bench.generate import pool
from odd_bench.generate.run import RunOptions, generate
from tests.generate.runs import CONFIG, FAKE, label_digests


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """The digests of an undisturbed run with one worker."""
    out = tmp_path_factory.mktemp("reference") / "set"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "CHILD_COMMAND", FAKE)
        summary = generate(CONFIG, out, RunOptions())
    assert summary.complete and summary.made == 7
    return label_digests(out)
