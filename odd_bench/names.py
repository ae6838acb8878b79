"""Checks of foreign names from which file names are made: each must be one path component, or it is refused.

Every name in a manifest, archive, split file, scene folder, shard, plan, configuration or prediction file is checked by
`name_problem` before a path is built from it, and every relative path in such a file by `path_problem`.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 180  # bytes in UTF-8: file systems allow 255, and an extension and `.part` must fit after it
OUTSIDE = re.compile(r"[/\\:]")  # separators of folders or drives on some system
UNSAFE = re.compile(r"[^\w-]+")
TOOL_PREFIXES = (".", "__")  # `._city.exr`, `.DS_Store`, `__MACOSX`: left behind by tools


def name_problem(name: object) -> str:
    """Why a name cannot be one path component; empty if it can.

    Letters of any alphabet, digits, blanks and punctuation are allowed; separators, drives, hidden names, control characters and
    names that are too long for a file system are not.
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
    """Why a relative path with forward slashes could leave the folder that it is joined to; empty if it cannot."""
    if not isinstance(path, str):
        return f"a {type(path).__name__}, not a text"
    return next(filter(None, map(name_problem, path.split("/"))), "")


def is_left_by_tools(name: str) -> bool:
    """Whether a file or folder was left behind by macOS, an editor or an archiver."""
    return name.startswith(TOOL_PREFIXES)


def component(text: str, otherwise: str = "unnamed") -> str:
    """A text as one path component: letters of any alphabet, digits, dashes and underscores are kept, all else becomes a dash.

    otherwise: the name if nothing is left of the text. Composed and decomposed letters give the same name.
    """
    plain = UNSAFE.sub("-", unicodedata.normalize("NFC", text)).strip("-")
    while len(plain.encode()) > LONGEST // 2:
        plain = plain[:-1].rstrip("-")
    return plain or otherwise
