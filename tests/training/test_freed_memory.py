"""Freed memory is reused."""

import subprocess
import sys

import pytest

FAULTS_OF_TWENTY_BLOCKS = """
import resource, sys
import numpy as np
from odd_bench.training.freed_memory import keep_freed_memory
kept = sys.argv[1] == "kept" and keep_freed_memory()
np.ones(2**26, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(2**26, np.uint8)
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages_cleared(how: str) -> tuple[bool, int]:
    ran = subprocess.run(
        [sys.executable, "-c", FAULTS_OF_TWENTY_BLOCKS, how], capture_output=True, text=True, check=True
    )
    agreed, faults = ran.stdout.split()
    return agreed == "1", int(faults)


def test_a_block_of_the_size_of_a_freed_one_needs_no_new_pages():
    agreed, faults = pages_cleared("kept")
    if not agreed:
        pytest.skip("this C library has no mallopt")
    assert faults * 10 < pages_cleared("as usual")[1]
