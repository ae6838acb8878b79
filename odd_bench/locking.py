"""Locks on files, which keep two runs from using the same folder at the same time.

The system releases a lock when the process that holds it ends, in whatever way it ends. Locks work between machines that share a
network file system, if that supports locks.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from odd_bench.atomic import storage_errors
from odd_bench.errors import FileError
from odd_bench.plain_file import unlinked

SWITCH = "ODD_BENCH_LOCKS"  # environment variable; set it to `off` on a file system without locks
ABSENT = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
HELD = (errno.EAGAIN, errno.EACCES)
WHOLE = 0  # length of a lock that covers every byte


class InUse(FileError):
    """Another process holds the lock."""

    exit_code = 2


@contextmanager
def locked(
    path: Path,
    parts: Iterable[int] | None = None,
    wait: bool = False,
    shared: bool = False,
    on_wait: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Hold a lock on the file `path`, or only on the numbered parts of it; other processes may hold other parts.

    wait: whether to wait until the lock is free; `on_wait` is then called once. shared: whether others may share the lock.
    Raises InUse if the lock is held and `wait` is not set, FileError if the file system has no locks. The file is not removed:
    otherwise two processes could hold the lock.
    """
    with storage_errors(path, "a writable folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+b", opener=unlinked)  # noqa: SIM115 - closed below, once it is locked
    with file:
        while not _take(file.fileno(), path, parts, fcntl.F_RDLCK if shared else fcntl.F_WRLCK):
            if not wait:
                raise InUse(path, "that another process holds this lock", "no other process", "Wait for it to end")
            on_wait()
            on_wait = _nothing
            time.sleep(0.2)
        yield


def _nothing() -> None:
    """Does nothing: `on_wait` has been called."""


def _take(descriptor: int, path: Path, parts: Iterable[int] | None, kind: int) -> bool:
    """Lock the whole file, or the bytes of the parts; closing the file releases them."""
    if os.environ.get(SWITCH) == "off":
        return True
    try:
        for start, length in [(0, WHOLE)] if parts is None else ((part, 1) for part in parts):
            _lock_range(descriptor, start, length, kind)
    except OSError as error:
        if error.errno in HELD:
            _lock_range(descriptor, 0, WHOLE, fcntl.F_UNLCK)  # release what was taken, to avoid a deadlock
            return False
        if error.errno in ABSENT:
            hint = f"Mount it with locks, or set {SWITCH}=off and use the folder with only one run at a time"
            raise FileError(
                path, f"a file system without locks ({error.strerror})", "one that supports locks", hint
            ) from error
        raise
    return True


def _lock_range(descriptor: int, start: int, length: int, kind: int) -> None:
    """On Linux the lock belongs to this open file, so it also works between threads; elsewhere it belongs to the process."""
    if sys.platform == "linux":
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0))
    else:
        commands = {fcntl.F_UNLCK: fcntl.LOCK_UN, fcntl.F_RDLCK: fcntl.LOCK_SH, fcntl.F_WRLCK: fcntl.LOCK_EX}
        fcntl.lockf(descriptor, commands[kind] | fcntl.LOCK_NB, length, start)
