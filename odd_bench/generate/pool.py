"""Supervised child processes that make scenes: they have a time limit, are replaced regularly, and failures are retried once."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from odd_bench.data.outcome import BY_MACHINE, Outcome
from odd_bench.data.run_folder import RunFolder
from odd_bench.errors import OddBenchError
from odd_bench.plan_line import read_plan_line
from odd_bench.shapes.limited import PATIENCE, processor_s

CHILD_COMMAND = (sys.executable, "-m", "odd_bench.generate.child")
AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
FIXED = {  # environment variables that are the same for every child, regardless of the user's
    "OPENBLAS_NUM_THREADS": "1",  # more threads would spin, a third of a scene's processor time, and sum in another order
    "OPENBLAS_CORETYPE": "Haswell",  # the same order of sums on every processor
    "NPY_DISABLE_CPU_FEATURES": AVX512,  # it changes the last digits of numpy's sines and powers, which can change a scene
    "OMP_WAIT_POLICY": "PASSIVE",
    "LC_ALL": "C.UTF-8",  # decimal points, names in UTF-8, and English messages of Blender
    "PYTHONUTF8": "1",
    "PYTHONUNBUFFERED": "1",
}
# Prefixes of variables that change Blender's colours, settings, kernels or language.
OF_OTHER_WORK = ("OCIO", "BLENDER_", "CYCLES_", "LANGUAGE")
START_TIMEOUT_S = 180.0
FOLDER_TIMEOUT_S = 20.0
IDLE_SHARE = 0.005  # a child that uses a smaller fraction of a processor counts as hung
ATTEMPTS = 2
STARTS = 3  # a child may be killed while it starts, for example for lack of memory
TRANSIENT = ("crashed", "killed", "hung", "garbage")  # failures that are retried in a new child
KILLERS = (-signal.SIGKILL, -signal.SIGTERM)  # exit codes of a child that another process ended


@dataclass(frozen=True)
class Limits:
    """Limits of a child process.

    timeout_s: time limit of a scene in seconds. On a busy machine, the limit applies to processor time, and PATIENCE times the
    limit to wall time. recycle_after: number of scenes after which a new child replaces the old one.
    """

    timeout_s: float = 900.0
    recycle_after: int = 100


class ChildStartError(OddBenchError):
    """A child process cannot start, so every scene would fail in the same way.

    may_pass: whether another start may succeed, because the child was killed or the machine was busy.
    """

    in_lines = True  # the message contains the last lines of the child's log

    def __init__(self, message: str, may_pass: bool = False):
        super().__init__(message)
        self.may_pass = may_pass


class ChildFailure(Exception):
    """A child process was lost while it made a scene. kind: `crashed`, `killed`, `hung` or `garbage`."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


def child_environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a child: those of this process, without the ones that could change scenes, and FIXED."""
    return {name: value for name, value in own.items() if not name.startswith(OF_OTHER_WORK)} | FIXED


def make_in_child(line: str, root: str, limits: Limits, run: str = "") -> Outcome:
    """Make one planned scene in this thread's child process. A second failure is reported in the outcome, not raised.

    run: name of the run. A child serves only one run, while the threads of a cluster's worker serve one run after the other, even
    in the same folder. Raises ChildStartError if no child can be started.
    """
    scene = read_plan_line(line).scene
    for attempt in range(1, ATTEMPTS + 1):
        child = _child_of_this_thread(root, run, limits)
        started = time.perf_counter()
        try:
            reply = child.ask({"line": line}, limits.timeout_s)
        except ChildFailure as failure:
            child.kill()
            outcome = Outcome(scene, failure.kind, str(failure), attempt, {"lost": time.perf_counter() - started})
        else:
            kind = "" if reply["ok"] else reply["kind"]
            outcome = Outcome(scene, kind, reply.get("message", ""), attempt, reply["seconds"], reply["refusals"])
        if outcome.kind not in TRANSIENT:
            return outcome
    return outcome


class SceneChild:
    """One child process and the pipes to it."""

    _numbers = iter(range(1, 1_000_000))

    def __init__(self, root: str, run: str = ""):
        self.serves = root, run
        folder = RunFolder(Path(root))
        self.log = folder.log(os.getpid(), next(SceneChild._numbers))
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.scenes = 0
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [*CHILD_COMMAND, str(folder.root.absolute())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the parent alone
                env=child_environment(os.environ),
            )
        _live.add(self)
        try:
            self.greeting = self._reply(START_TIMEOUT_S)
        except ChildFailure as failure:
            self.kill()
            message = f"worker: it {failure} while starting\n{self._log_tail()}"
            raise ChildStartError(message, may_pass=failure.kind in BY_MACHINE) from failure

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: dict, timeout_s: float) -> dict:
        """Send one request and wait for its reply. Raises ChildFailure if there is no valid reply in time."""
        self.scenes += 1
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise ChildFailure("killed", "ended before it was asked") from error
        reply = self._reply(timeout_s)
        if not {"ok", "seconds", "refusals"} <= set(reply):
            raise ChildFailure("garbage", f"replied without the expected keys: {str(reply)[:200]}")
        return reply

    def kill(self) -> None:
        """End the child and close its pipes."""
        _live.discard(self)
        if self.is_alive:
            with suppress(ProcessLookupError):  # the child has ended by itself
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        with suppress(BrokenPipeError):  # the child never read its last request
            self._process.stdin.close()
        self._process.stdout.close()

    def _reply(self, timeout_s: float) -> dict:
        started, used_before_s = time.monotonic(), processor_s(self._process.pid) or 0.0
        wait_s = timeout_s
        while not select.select([self._process.stdout], [], [], wait_s)[0]:
            waited_s, used_s = time.monotonic() - started, processor_s(self._process.pid)
            if not _is_kept_waiting(waited_s, used_s and used_s - used_before_s, timeout_s):
                raise ChildFailure("hung", f"gave no answer within {waited_s:.0f} s")
            wait_s = timeout_s / PATIENCE
        text = self._process.stdout.readline()
        if not text.endswith(b"\n"):
            code = self._process.wait()
            kind = "killed" if code in KILLERS else "crashed"
            raise ChildFailure(kind, f"ended with exit code {code}; log {self.log.name}")
        try:
            reply = json.loads(text)
        except ValueError as error:
            raise ChildFailure("garbage", f"replied with something else than JSON: {text[:200]!r}") from error
        if not isinstance(reply, dict):
            raise ChildFailure("garbage", f"replied with {text[:200]!r}, not an object")
        return reply

    def _log_tail(self) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])


def _is_kept_waiting(waited_s: float, used_s: float | None, timeout_s: float) -> bool:
    """Whether a child that does not reply in time is still working, on a machine that is busy with other processes.

    used_s: processor time of the child since the request, None if the system does not tell.
    """
    return used_s is not None and IDLE_SHARE * waited_s < used_s < timeout_s and waited_s < PATIENCE * timeout_s


_live: set[SceneChild] = set()
_local = threading.local()
_stopping = threading.Event()
_ended: set[str] = set()


def _child_of_this_thread(root: str, run: str, limits: Limits) -> SceneChild:
    child = getattr(_local, "child", None)
    if child is not None:
        worn_out = not child.is_alive or child.scenes >= limits.recycle_after
        if worn_out or child.serves != (root, run):
            child.kill()
            child = None
    if child is None:
        child = _local.child = _start_child(root, run)
    return child


def _start_child(root: str, run: str) -> SceneChild:
    """Start a child; try again if it is killed or hangs while it starts. Raises ChildStartError if no start succeeds."""
    _wait_for_folder(RunFolder(Path(root)))
    for start in range(1, STARTS + 1):
        if _stopping.is_set() or run in _ended:
            raise ChildStartError("worker: the run is stopping")
        try:
            return SceneChild(root, run)
        except ChildStartError as error:
            if start == STARTS or not error.may_pass:
                raise


def _wait_for_folder(folder: RunFolder) -> None:
    """Wait until this machine sees the folder: a network file system may show new files late. Raises ChildStartError."""
    deadline = time.monotonic() + FOLDER_TIMEOUT_S
    while not folder.config.exists():
        if time.monotonic() > deadline:
            raise ChildStartError(
                f"worker on {os.uname().nodename}: found no {folder.config}; expected the folder of the run, shared between the "
                "machines. Hint: give --out a place that every worker sees under the same path."
            )
        time.sleep(0.5)


def end_children(run: str) -> None:
    """End the children of this process that serve the run, and start no more for it. Children of other runs continue."""
    _ended.add(run)
    for child in [one for one in _live if one.serves[1] == run]:
        child.kill()


def stop_children() -> None:
    """End every child of this process and start no more."""
    _stopping.set()
    for child in list(_live):
        child.kill()


atexit.register(stop_children)
