"""A killed parent leaves no child behind that continues to write."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from tests.captures.worlds import colmap

CHILD = """
import time
from odd_bench.child_process import die_with_parent
die_with_parent()
print("up", flush=True)
time.sleep(600)
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"
MATCHING = """
import sys
from pathlib import Path
from odd_bench.captures.reconstruct import reconstruct
reconstruct(Path(sys.argv[1]), Path(sys.argv[2]), report=lambda line: print(line, flush=True))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a closed pipe ends the child")


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return [int(one) for one in listed.read().split()]


def is_gone(pid: int) -> bool:
    """Whether the process ends within a minute; a zombie counts as ended."""
    for _ in range(600):
        try:
            with open(f"/proc/{pid}/stat") as told:
                if told.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def killed_at(command: list[str], word: str) -> list[int]:
    """The children of a command at the moment when it printed the word and was killed."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        for line in parent.stdout:
            if word in line:
                break
        found = children(parent.pid)
        os.kill(parent.pid, signal.SIGKILL)
    return found


def test_a_child_ends_with_a_parent_that_is_killed():
    (child,) = killed_at([sys.executable, "-c", PARENT], "up")
    assert is_gone(child)


@pytest.mark.slow
def test_pycolmap_ends_with_a_command_that_is_killed(tmp_path):
    colmap()
    rng = np.random.default_rng(0)
    (tmp_path / "photographs").mkdir()
    for number in range(8):
        noise = Image.fromarray(rng.integers(0, 255, (240, 320, 3), np.uint8)).resize((1280, 960))
        noise.save(tmp_path / "photographs" / f"{number}.jpg")
    command = [sys.executable, "-c", MATCHING, str(tmp_path / "photographs"), str(tmp_path / "out")]
    (child,) = killed_at(command, "finding features")
    assert is_gone(child)
