"""Errors for the user: the message says where the fault is, what was found, what was expected, and gives a hint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class OddBenchError(Exception):
    """An error that the user can correct. exit_code: 1 = the work failed, 2 = the command or its input was wrong.

    in_lines: whether the message has several lines. In any other message, a line break belongs to a name and is shown as `\\x0a`.
    """

    exit_code = 1
    in_lines = False


class WrongUse(OddBenchError):
    """A command, configuration or input file that cannot be used as it is."""

    exit_code = 2


class FileError(OddBenchError):
    """A file or folder that cannot be written, opened or trusted. The message ends with what to do next.

    where: file, scene and field, as far as known. hint: one imperative sentence, or empty.
    """

    def __init__(self, where: object, found: str, expected: str, hint: str = ""):
        super().__init__(where, found, expected, hint)
        self.where, self.found, self.expected, self.hint = str(where), found, expected, hint

    def __str__(self) -> str:
        hint = f". {self.hint}" if self.hint else ""
        return f"{self.where}: found {self.found}, expected {self.expected}{hint}"


class StorageError(FileError):
    """A path that cannot be written: the disk is full, the folder is read-only, or something other than a file is there."""


class Interrupted(OddBenchError):
    """Stopped by the user; the message says what is kept."""


@contextmanager
def stoppable(where: Path, hint: str) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into Interrupted, whose message is printed. hint: what is kept."""
    try:
        with _terminable():
            yield
    except KeyboardInterrupt as interrupt:
        raise Interrupted(f"{where}: stopped by the user; {hint}.") from interrupt


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM act like Ctrl-C, so that temporary folders and child processes are removed. Only the main thread gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
