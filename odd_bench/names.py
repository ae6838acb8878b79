"""Names that others chose and that files here are called after: one path component, or refused.

Every name out of a manifest, archive, split file, scene folder, shard, plan, configuration or prediction file passes
`name_problem` before a path is built from it, and every relative path of such a file passes `path_problem`.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 180  # bytes in UTF-8: file systems hold 255, and an ending and a `.part` name must fit behind it
OUTSIDE = re.compile(r"[/\\:]")  # what separates folders, or a drive from the rest, on some system
UNSAFE = re.compile(r"[^\w-]+")
TOOL_PREFIXES = (".", "__")  # `._city.exr`, `.DS_Store`, `__MACOSX`: left behind by tools, meant by nobody


def name_problem(name: object) -> str:
    """Why a name cannot be one path component, empty if it can.

    Letters of any alphabet, digits, blanks and signs are allowed; separators, drives, hidden names, control characters and
    names too long for a file system are not.
    """
    if not isinstance(name, str):
        return f"a {type(name).__name__}, not a text"
    if not name or name != name.strip():
        return "an empty name" if not name.strip() else "a name with blanks around it"
    if OUTSIDE.search(name) or name in (".", ".."):
        return "a path, not one name"
    if name.startswith("."):
        return "a hidden name"
    if not name.isprintable():
        return "a name with characters that cannot be shown"
    if len(name.encode()) > LONGEST:
        return f"a name of {len(name.encode())} bytes, more than {LONGEST}"
    return ""


def path_problem(path: object) -> str:
    """Why a relative path with forward slashes may leave the folder that it is joined to, empty if it cannot."""
    if not isinstance(path, str):
        return f"a {type(path).__name__}, not a text"
    return next(filter(None, map(name_problem, path.split("/"))), "")


def is_left_by_tools(name: str) -> bool:
    """Whether a file or folder is what macOS, editors and archivers leave behind."""
    return name.startswith(TOOL_PREFIXES)


def component(text: str, otherwise: str = "unnamed") -> str:
    """A text as one path component: letters of any alphabet, digits, dashes and underscores are kept, all else is a dash.

    otherwise: the name of a text that nothing is left of. Composed and decomposed letters give one name.
    """
    plain = UNSAFE.sub("-", unicodedata.normalize("NFC", text)).strip("-")
    while len(plain.encode()) > LONGEST // 2:
        plain = plain[:-1].rstrip("-")
    return plain or otherwise
