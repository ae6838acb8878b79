"""Colours that trimesh drops: those of OFF files, and those of PLY files under other names or as floats up to 255."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

PLY_END = b"end_header"
PLY_COLOR = re.compile(rb"(?m)^(property\s+\w+\s+)(?:diffuse_)?(red|green|blue|r|g|b)([ \t\r]*)$")
FULL_NAMES = {b"r": b"red", b"g": b"green", b"b": b"blue"}
OFF_HEAD = re.compile(r"\s*(?:ST)?(C?)(?:ST)?N?OFF\b")


def with_usual_names(ply: bytes, most_head_bytes: int) -> bytes:
    """The PLY file with its colours renamed from other common names to red, green and blue.

    most_head_bytes: the header is expected within this many bytes.
    """
    head, end, _ = ply[:most_head_bytes].partition(PLY_END)
    if not end or re.search(rb"\s(?:red|green|blue)\s", head):
        return ply
    named = PLY_COLOR.sub(lambda found: found[1] + FULL_NAMES[found[2][:1]] + found[3], head)
    return named + ply[len(head) :]


def ply_colors(piece: Any) -> np.ndarray | None:
    """(v, 3) floats 0..255: vertex colours that a PLY file stores as floats up to 255. None if there are none.

    piece: the trimesh mesh that was read from the file.
    """
    vertex = piece.metadata.get("_ply_raw", {}).get("vertex", {})
    data = vertex.get("data")
    names = data.keys() if isinstance(data, dict) else getattr(getattr(data, "dtype", None), "names", None) or ()
    if not {"red", "green", "blue"} <= set(names):
        return None
    colors = np.column_stack([np.ravel(data[name]) for name in ("red", "green", "blue")])
    if colors.dtype.kind != "f" or len(colors) != len(piece.vertices) or not np.nan_to_num(colors).max(initial=0) > 1:
        return None
    return np.nan_to_num(colors.astype(float)).clip(0, 255)


def off_colors(content: bytes, vertices: int, faces: int) -> tuple[str, np.ndarray] | None:
    """`vertex` or `face`, and (n, 3) floats 0..255: the colours of an OFF file; None if it has none.

    vertices, faces: how many the mesh has. Values up to 1 with a decimal point count as fractions of 255. Raises ValueError if
    the colours cannot be assigned: only some faces have one, or the faces are polygons, which become several triangles.
    """
    text = re.sub(r"#.*", "", content.decode(errors="replace"))
    head = OFF_HEAD.match(text)
    lines = [line.split() for line in text[head.end() :].splitlines() if line.strip()] if head else []
    rows = lines[1 : vertices + 1]
    if head and head[1] and rows and all(len(row) >= 6 for row in rows):
        return "vertex", _scaled([row[-4:-1] if len(row) in (7, 10) else row[-3:] for row in rows])
    rows = lines[vertices + 1 :]
    colored = [row for row in rows if row[0].isdigit() and len(row) >= int(row[0]) + 4]
    if not colored:
        return None
    if len(colored) != faces or any(row[0] != "3" for row in colored):
        raise ValueError("colours of only some faces, or of polygons")
    return "face", _scaled([row[4:7] for row in colored])


def _scaled(rows: list[list[str]]) -> np.ndarray:
    values = np.nan_to_num(np.array(rows, float))
    fractions = values.max(initial=0) <= 1 and any("." in number for row in rows for number in row)
    return (values * (255 if fractions else 1)).clip(0, 255)
