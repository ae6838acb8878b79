"""Copies of whole files with flipped bits, and the reaction of commands to them."""

from __future__ import annotations

import random
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.errors import OddBenchError

LONGEST_S = 120


class Hangs(BaseException):
    """A command that did not end in time. It is not an Exception, so that no reader takes it for damage."""


def flipped(content: bytes, rng: random.Random) -> bytes:
    """The bytes with one to three bits flipped, every third time near the start, where headers lie."""
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 3))):
        end = min(len(content), 512) if rng.random() < 0.3 else len(content)
        damaged[rng.randrange(end)] ^= 1 << rng.randrange(8)
    return bytes(damaged)


@contextmanager
def damaged(path: Path, content: bytes) -> Iterator[None]:
    """Replace the content of a file for a while."""
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(whole)


def run(arguments: Sequence[str]) -> tuple[int, str]:
    """The exit code and the output of a command of odd-bench, run in this process.

    Fails if an error is not meant for the user.
    """
    with alarm(LONGEST_S):
        result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, OddBenchError):
        return result.exception.exit_code, str(result.exception)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise Hangs if the work inside takes longer."""

    def ring(number, frame):
        raise Hangs(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)  # the limit of the test itself, which continues afterwards
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)


def peak_mb() -> float:
    """The largest memory of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder except locks."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
