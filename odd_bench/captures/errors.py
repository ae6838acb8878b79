"""The error a user sees when a capture cannot be used."""

from __future__ import annotations

from odd_bench.errors import WrongUse


class CaptureError(WrongUse):
    """Says where, what was found, what was expected and what to do next. hint: one imperative sentence, or empty.

    The message is one line, whatever names and values of files it quotes.
    """

    def __init__(self, where: object, found: str, expected: str, hint: str = ""):
        message = f"{where}: found {found}; expected {expected}{f'. {hint}' if hint else ''}"
        super().__init__("".join(letter if letter.isprintable() else " " for letter in message))
