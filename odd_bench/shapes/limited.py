"""Waits for a child process that reads a foreign file; its processor time is limited, so that the machine's load hardly matters."""

from __future__ import annotations

import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

TOO_SLOW = "too slow"  # because of the file
NO_ANSWER, CRASHED = "no answer in time", "reader crashed"  # perhaps because of the machine
PATIENCE, LEAST_S = 10, 60.0  # a child may take PATIENCE times its processor time in wall time, and at least LEAST_S
LOOK_EVERY_S = 0.2


def answer_of(child: BaseProcess, connection: Connection, limit_s: float, share_s: float | None = None) -> Any:
    """The answer of the child, or a dict with `reason` and `detail` that says why there is none.

    limit_s: largest processor time of the child since its start, in seconds. share_s: the part of it that is left for this
    answer, which messages name and which the wall-time limit is computed from; None = all.
    """
    started, share_s = time.monotonic(), limit_s if share_s is None else share_s
    patience_s = max(LEAST_S, PATIENCE * share_s)
    while not connection.poll(min(LOOK_EVERY_S, share_s)):
        used = processor_s(child.pid)
        if used is not None and used > limit_s:
            return {"reason": TOO_SLOW, "detail": f"more than {share_s:g} s of processor time"}
        if time.monotonic() - started > patience_s:
            return {"reason": NO_ANSWER, "detail": f"more than {patience_s:g} s by the clock"}
    try:
        return connection.recv()
    except EOFError:
        child.join(5)
        return {"reason": CRASHED, "detail": _ending(child.exitcode)}


def processor_s(pid: int) -> float | None:
    """The processor time that a process has used, in seconds; None if the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    return f"signal {signal.Signals(-code).name}"
