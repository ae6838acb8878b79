"""A stand-in for the worker child in tests of runs: it labels a synthetic scene without Blender, and misbehaves on request.

The environment variable ODD_BENCH_TEST_FAULTS holds JSON: scene name to `crash`, `crash once`, `killed`, `hang`, `wait`,
`garbage`, `refuse`, `error` or `full`; `start` to `crash` or `killed once`.
"""

import errno
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from odd_bench.data.codec import CodecConfig
from odd_bench.data.digest import plan_digest
from odd_bench.data.record import SceneRecord
from odd_bench.data.run_folder import RunFolder
from odd_bench.data.shards import write_staged
from odd_bench.errors import StorageError
from odd_bench.plan_line import PlanLine, read_plan_line
from odd_bench.scene import Camera, Scene, SceneObject

VIEWS, SIZE = 2, 16


def main() -> None:
    faults = json.loads(os.environ.get("ODD_BENCH_TEST_FAULTS", "{}"))
    if faults.get("start") == "crash":
        sys.exit("no such device")
    folder = RunFolder(Path(sys.argv[1]))
    started = folder.work / "started.once"
    if faults.get("start") == "killed once" and not started.exists():
        started.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    reply({"blender": "none", "device": "none"})
    for request in sys.stdin:
        line = json.loads(request)["line"]
        serve(line, faults.get(read_plan_line(line).scene, ""), folder)


def serve(line: str, fault: str, folder: RunFolder) -> None:
    plan = read_plan_line(line, PlanLine)
    once = folder.work / f"{plan.scene}.once"
    if fault == "crash" or (fault == "crash once" and not once.exists()):
        once.touch()
        os._exit(11)
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "hang":
        time.sleep(60)
    if fault == "wait":
        wait_for_the_processor(6.0)
    if fault == "garbage":
        print("Blender 4.5.3 LTS quits", flush=True)
        return
    if fault in ("refuse", "error", "full"):
        kind = {"refuse": "refused", "error": "error", "full": "storage"}[fault]
        reply(
            {
                "ok": False,
                "kind": kind,
                "message": os.strerror(errno.ENOSPC),
                "seconds": {},
                "refusals": {"bend: hidden": 4},
            }
        )
        return
    time.sleep(float(os.environ.get("ODD_BENCH_TEST_PAUSE_S", "0")))
    try:
        write_staged(folder.staged(plan.scene), planned_record(plan, line), CodecConfig())
    except StorageError as error:
        reply({"ok": False, "kind": "storage", "message": str(error), "seconds": {}, "refusals": {}})
        return
    reply({"ok": True, "seconds": {"render": 0.1}, "refusals": {}})


def wait_for_the_processor(seconds: float) -> None:
    """Work for only a tenth of the time, like a process that others leave no more."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.process_time()
        while time.process_time() - began < 0.01:
            pass
        time.sleep(0.09)


def planned_record(plan: PlanLine, line: str) -> SceneRecord:
    """Labels and pictures that are a function of only the plan line; they need not make sense."""
    rng = np.random.default_rng(plan.render_seed)
    cameras = tuple(Camera(np.eye(3), np.eye(4), SIZE, SIZE) for _ in range(VIEWS))
    pixels = np.full(VIEWS, 4)
    objects = tuple(
        SceneObject(i, item.label, "bend" if item.label else None, 0.1 * item.label, np.eye(4), rng.uniform(1, 2, 6),
                    rng.uniform(1, 2, 7), pixels, pixels, pixels * item.label)
        for i, item in enumerate(plan.objects)
    )  # fmt: skip
    scene = Scene(plan.scene, plan.split, plan.category, plan.shape, cameras, objects)
    images = rng.integers(0, 255, (VIEWS, SIZE, SIZE, 3)).astype(np.uint8)
    masks = rng.integers(0, len(objects) + 1, (VIEWS, SIZE, SIZE)).astype(np.uint8)
    return SceneRecord(scene, images, masks, np.zeros_like(masks), None, plan_digest(line))


def reply(values: dict) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
