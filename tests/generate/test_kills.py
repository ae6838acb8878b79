"""A run that is killed anywhere, in any mode, continues to the same bytes; kills.py repeats this as often as requested."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("distributed")


@pytest.mark.slow
def test_runs_killed_at_random_moments_in_every_mode_end_with_the_same_bytes():
    command = [sys.executable, "-m", "tests.generate.kills", "--kills", "9", "--seed", "1"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=550)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert all(f"({mode}): the same bytes" in ran.stdout for mode in ("local", "slices", "cluster"))
