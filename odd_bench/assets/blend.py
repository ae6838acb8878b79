"""Reads Blender files in a separate Blender process, which may hang or crash without harm."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from odd_bench.data.errors import DataError
from odd_bench.shapes.limited import answer_of, processor_s

FILES_A_PROCESS = 100  # Blender's memory grows from file to file


class BlendReader:
    """Converts .blend files to .glb, one after the other. limit_s: processor time for one file. Use it as a context manager."""

    def __init__(self, limit_s: float):
        self.limit_s = limit_s
        self._process, self._connection, self._files = None, None, 0

    def __enter__(self) -> BlendReader:
        return self

    def __exit__(self, *exception) -> None:
        self._stop()

    def convert(self, source: Path, target: Path) -> None:
        """Write the content of a .blend file to a .glb file. Raises DataError if this fails, crashes or takes too long."""
        if self._files >= FILES_A_PROCESS:
            self._stop()
        if self._process is None:
            self._start()
        self._files += 1
        self._connection.send((str(source), str(target)))
        reason = self._answer()
        if reason:
            target.with_name(f"{target.stem}.part.glb").unlink(missing_ok=True)
            raise DataError(source, reason, "a Blender file with a mesh")

    def _answer(self) -> str:
        answer = answer_of(self._process, self._connection, self._used_s() + self.limit_s, self.limit_s)
        if isinstance(answer, str):
            return answer
        self._stop(patiently=False)
        return f"{answer['reason']}: {answer['detail']}"

    def _used_s(self) -> float:
        """Processor time of the earlier files."""
        return processor_s(self._process.pid) or 0.0

    def _start(self) -> None:
        from odd_bench.blender_jobs.convert import serve

        context = multiprocessing.get_context("spawn")
        self._connection, there = context.Pipe()
        self._process = context.Process(target=serve, args=(there,), daemon=True)
        self._process.start()
        there.close()
        self._files = 0

    def _stop(self, patiently: bool = True) -> None:
        if self._process is None:
            return
        if patiently:
            self._connection.send(None)
            self._process.join(5)
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._process = None
