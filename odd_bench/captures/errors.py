"""The error a user sees when a capture cannot be used."""

from __future__ import annotations

from odd_bench.errors import WrongUse


class CaptureError(WrongUse):
    """Says where, what was found, what was expected and what to do next. hint: one imperative sentence, or empty."""

    def __init__(self, where: object, found: str, expected: str, hint: str = ""):
        super().__init__(f"{where}: found {found}; expected {expected}{f'. {hint}' if hint else ''}")
