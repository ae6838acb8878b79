"""Work that the user stops says so, and releases its resources."""

import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest

from odd_bench.errors import Interrupted, stoppable


@pytest.fixture
def heard():
    """Ctrl-C raises KeyboardInterrupt, also where the tests were started in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_confirmed_and_temporary_folders_are_removed(number, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    ends = pytest.raises(Interrupted, match="out: stopped by the user; all is kept")
    with ends, stoppable(Path("out"), "all is kept"), tempfile.TemporaryDirectory(dir=tmp_path):
        os.kill(os.getpid(), number)
        time.sleep(10)
    assert not list(tmp_path.iterdir()) and signal.getsignal(signal.SIGTERM) == before


def test_a_thread_does_not_change_the_signals_of_its_process():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with stoppable(Path("out"), "all is kept"):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
