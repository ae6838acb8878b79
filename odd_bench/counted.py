"""Numbers of things, as messages name them."""

from __future__ import annotations


def counted(number: int, one: str) -> str:
    """`1 scene`, `2 scenes`, `1,200 scenes`. one: the word for a single one, with an ending that an s makes many."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
