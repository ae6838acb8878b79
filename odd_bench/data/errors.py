"""The error a user sees when stored data cannot be written, opened or believed."""

from __future__ import annotations

from odd_bench.errors import OddBenchError


class DataError(OddBenchError):
    """Says where, what was found, what was expected and what to do next.

    where: file, scene and field, as far as known. hint: one imperative sentence, or empty.
    """

    def __init__(self, where: object, found: str, expected: str, hint: str = ""):
        super().__init__(where, found, expected, hint)
        self.where, self.found, self.expected, self.hint = str(where), found, expected, hint

    def __str__(self) -> str:
        hint = f". {self.hint}" if self.hint else ""
        return f"{self.where}: found {self.found}, expected {self.expected}{hint}"
