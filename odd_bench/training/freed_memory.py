"""Keeps freed memory in the process, since on a processor each step needs the same large blocks as the previous one."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # names and numbers of mallopt(3)
LARGEST_BLOCK, LARGEST_REST = 2**30, 2**31 - 1  # bytes


def keep_freed_memory() -> bool:
    """Let glibc's malloc return only blocks above 1 GiB to the system; returns whether this succeeded (other C libraries cannot).

    By default blocks above 32 MiB are returned at once, and the system then clears each of their pages again: this takes a quarter
    of a step of DETR3D's `mini`. Freed memory is used again, so the peak of the process hardly changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)) and bool(mallopt(M_TRIM_THRESHOLD, LARGEST_REST))
