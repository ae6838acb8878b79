"""The error for a published scene that cannot be used."""

from __future__ import annotations

from odd_bench.errors import OddBenchError


class Refused(OddBenchError):
    """kind: a short phrase by which scenes are counted, for example `missing views`. detail: file and finding."""

    def __init__(self, kind: str, detail: str):
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail
