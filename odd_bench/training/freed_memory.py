"""Memory that is freed stays with the process: on a processor each step needs the same large blocks as the one before."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # names and numbers of mallopt(3)
LARGEST_BLOCK, LARGEST_REST = 2**30, 2**31 - 1  # bytes


def keep_freed_memory() -> bool:
    """Have glibc's malloc give back only blocks above 1 GiB; returns whether it agreed (other C libraries have no such switch).

    By default blocks above 32 MiB go back at once, and the system then clears each of their pages anew: a quarter of a step
    of DETR3D's `mini`. Freed memory is used again, so the peak of the process hardly changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)) and bool(mallopt(M_TRIM_THRESHOLD, LARGEST_REST))
