"""The error that is for the user: its message says where, what was found, what was expected and a hint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class OddBenchError(Exception):
    """Something the user can mend. exit_code: 1 = the work failed, 2 = the command or its input was wrong.

    in_lines: whether the message has lines. In any other a line break is one of somebody's name, and is shown as `\\x0a`.
    """

    exit_code = 1
    in_lines = False


class WrongUse(OddBenchError):
    """A command, configuration or input file that cannot be used as it is."""

    exit_code = 2


class FileError(OddBenchError):
    """A file or folder that cannot be written, opened or believed; its message ends with what to do next.

    where: file, scene and field, as far as known. hint: one imperative sentence, or empty.
    """

    def __init__(self, where: object, found: str, expected: str, hint: str = ""):
        super().__init__(where, found, expected, hint)
        self.where, self.found, self.expected, self.hint = str(where), found, expected, hint

    def __str__(self) -> str:
        hint = f". {self.hint}" if self.hint else ""
        return f"{self.where}: found {self.found}, expected {self.expected}{hint}"


class StorageError(FileError):
    """A place where nothing can be written: the disk is full, the folder is read-only, or something else stands there."""


class Interrupted(OddBenchError):
    """Stopped by the user; the message says what is kept."""


@contextmanager
def stoppable(where: Path, hint: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM raise Interrupted, whose message is printed; a KeyboardInterrupt would print none. hint: what is kept."""
    try:
        with _terminable():
            yield
    except KeyboardInterrupt as interrupt:
        raise Interrupted(f"{where}: stopped by the user; {hint}.") from interrupt


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM interrupts as Ctrl-C does, so that temporary folders and child processes go; Python hears signals in one thread."""
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
