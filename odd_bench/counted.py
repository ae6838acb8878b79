"""Numbers with their nouns, for messages."""

from __future__ import annotations


def counted(number: int, one: str) -> str:
    """`1 scene`, `2 scenes`, `1,200 scenes`. one: the singular; its plural must end in s."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
