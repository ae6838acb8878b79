"""A lock excludes others that want the same, and ends with its holder."""

from __future__ import annotations

import errno
import fcntl
import signal
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.errors import FileError
from odd_bench.locking import InUse, locked

HOLD = (
    "import sys; from pathlib import Path; from odd_bench.locking import locked\n"
    "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)
parts = st.sets(st.integers(0, 20), min_size=1)


@given(parts, parts)
def test_two_locks_exclude_each_other_exactly_if_they_share_a_part(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("lock") / "shards.lock"
    with locked(path, first):
        if first & second:
            with pytest.raises(InUse, match="another process holds this lock"), locked(path, second):
                pass
        else:
            with locked(path, second):
                pass
    with locked(path, second):
        pass


@given(parts, parts, parts)
def test_a_refused_call_holds_no_lock(tmp_path_factory, first, second, third):
    path = tmp_path_factory.mktemp("lock") / "shards.lock"
    with locked(path, first):
        if first & second:
            with pytest.raises(InUse), locked(path, second):
                pass
        if not first & third:
            with locked(path, third):
                pass


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdin=-1, stdout=-1)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(InUse), locked(tmp_path / "lock"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with locked(tmp_path / "lock"):
        pass


def test_a_waiting_call_is_reported_and_comes_next(tmp_path):
    order, told = [], threading.Event()

    def come_next():
        with locked(tmp_path / "lock", wait=True, on_wait=told.set):
            order.append("second")

    with locked(tmp_path / "lock"):
        waiting = threading.Thread(target=come_next)
        waiting.start()
        assert told.wait(60)
        order.append("first")
    waiting.join(60)
    assert order == ["first", "second"]


def test_a_file_system_without_locks_is_reported_and_can_be_used_without(tmp_path, monkeypatch):
    def none(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "fcntl", none)
    monkeypatch.setattr(fcntl, "lockf", none)
    with (
        pytest.raises(FileError, match=r"without locks \(No locks available\).*ODD_BENCH_LOCKS=off"),
        locked(tmp_path / "a"),
    ):
        pass
    monkeypatch.setenv("ODD_BENCH_LOCKS", "off")
    with locked(tmp_path / "a"):
        pass
