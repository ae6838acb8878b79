"""Make foreign text safe to show: escape control characters and marks that would reverse the line around it."""

from __future__ import annotations

import html
import unicodedata

ISOLATE, END = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
HIDDEN = ("Cc", "Cs", "Zl", "Zp")  # categories: controls, surrogates, separators of lines and paragraphs
DIRECTION = {chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
RIGHT_TO_LEFT = ("R", "AL", "AN")


def visible(text: str) -> str:
    """The text as one line. Control characters and direction marks become escapes; right-to-left text is isolated."""
    plain = "".join(escaped(character) for character in " ".join(str(text).split()))
    if any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in plain):
        return f"{ISOLATE}{plain}{END}"
    return plain


def visible_lines(text: str) -> str:
    """The same escapes for every line; line breaks and indents are kept."""
    return "\n".join("".join(escaped(character) for character in line) for line in text.split("\n"))


def escaped(character: str) -> str:
    """The character, or its escape if it is a control character or a direction mark."""
    if character in DIRECTION or unicodedata.category(character) in HIDDEN:
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return character


def html_text(text: str) -> str:
    """The text as `visible` returns it, escaped for an HTML page."""
    return html.escape(visible(text))
