"""The reason why one published scene cannot be used."""

from __future__ import annotations

from odd_bench.errors import OddBenchError


class Refused(OddBenchError):
    """kind: one of a few words to count by, for example `missing views`. detail: file and finding."""

    def __init__(self, kind: str, detail: str):
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail
