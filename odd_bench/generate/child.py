"""The child process that makes scenes: `python -m odd_bench.generate.child RUN_FOLDER`.

It reads one JSON request per line and writes one reply per line. Only this process imports bpy and open3d. Standard output carries
replies alone; the output of libraries goes to standard error, which the parent stores as a log.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from odd_bench.child_process import die_with_parent
from odd_bench.errors import StorageError

if TYPE_CHECKING:
    from odd_bench.generate.config import RenderSettings

FULL_OR_FORBIDDEN = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def main() -> None:
    replies = _claim_standard_output()
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    folder = Path(sys.argv[1])
    from odd_bench.blender_jobs.process import leave

    def reply(values: dict) -> None:
        replies.write(json.dumps(values) + "\n")
        replies.flush()

    serve, greeting = _server(folder)
    reply(greeting)
    for request in sys.stdin:
        reply(serve(json.loads(request)))
    leave(0)


def _server(folder: Path):
    """A function from one request to one reply, both plain JSON values, and the greeting, which names the render device."""
    from odd_bench.blender_jobs.process import version_check

    blender = version_check()
    from odd_bench.data.codec import CodecConfig
    from odd_bench.data.digest import plan_digest
    from odd_bench.data.run_folder import RunFolder
    from odd_bench.data.shards import write_staged
    from odd_bench.generate.config import from_mapping
    from odd_bench.generate.plan import catalogue_of
    from odd_bench.generate.scene_maker import Report, SceneRefused, make_scene
    from odd_bench.generate.source import Sources
    from odd_bench.plan_line import PlanLine, read_plan_line
    from odd_bench.shapes.library import open_library

    run = RunFolder(folder)
    config = from_mapping(run.read_config(), str(run.config))
    catalogue = catalogue_of(config, open_library(run.library) if config.assets else None)
    sources = Sources(config, catalogue, run.work)
    greeting = {"blender": blender, "device": device_line(config.render)}

    def serve(request: dict) -> dict:
        line = read_plan_line(request["line"], PlanLine)
        try:
            record, report = make_scene(line, plan_digest(request["line"]), sources)
            with report.stage("pack"):
                write_staged(run.staged(line.scene), record, CodecConfig())
        except SceneRefused as refused:
            return _failure("refused", str(refused), refused.report)
        except Exception as error:  # a failure of one scene is reported, and the next scene is made
            return _failure("storage" if _is_storage(error) else "error", _described(error), Report())
        return {"ok": True, **report.as_dict()}

    return serve, greeting


def device_line(settings: RenderSettings) -> str:
    """The device that makes the pictures, and the reason."""
    if settings.engine == "draft":
        return "cpu: processor, the draft engine uses no other device"
    from odd_bench.blender_jobs.device import use_device

    device = use_device(settings.device)
    return f"{device.kind}: {device.name}, {device.reason}"


def _failure(kind: str, message: str, report) -> dict:
    return {"ok": False, "kind": kind, "message": message, **report.as_dict()}


def _is_storage(error: BaseException) -> bool:
    """Whether the disk, not the scene, caused the error. No other scene can succeed then."""
    while error is not None:
        if isinstance(error, StorageError) or (isinstance(error, OSError) and error.errno in FULL_OR_FORBIDDEN):
            return True
        if os.strerror(errno.ENOSPC) in str(error):  # Blender's error for a picture that it cannot write has no errno
            return True
        error = error.__cause__
    return False


def _described(error: BaseException) -> str:
    with suppress(OSError):  # on a full disk, the log cannot be written; the reply names the error
        traceback.print_exception(error, file=sys.stderr)
    return f"{type(error).__name__}: {error}"


def _claim_standard_output():
    """Reserve the real standard output for replies, and redirect all other prints to standard error."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return replies


if __name__ == "__main__":
    main()
