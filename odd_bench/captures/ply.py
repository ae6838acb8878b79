"""The points of a PLY file, ASCII or binary; everything else is ignored."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from odd_bench.captures.errors import CaptureError
from odd_bench.plain_file import read_plain

TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}


def read_points(path: Path) -> np.ndarray:
    """(n, 3) x, y, z of the vertices, which must be the first element of the file. Raises CaptureError."""
    try:
        return _points(read_plain(path))
    except OSError as error:
        raise CaptureError(path, error.strerror, "a PLY file of points") from error
    except (ValueError, KeyError, IndexError) as error:
        raise CaptureError(
            path, f"{path.stat().st_size:,} bytes that are not points ({error})", "a PLY file of points"
        ) from error


def _points(content: bytes) -> np.ndarray:
    end = content.index(b"end_header")
    header = content[:end].decode("ascii", "replace").splitlines()
    body = content[content.index(b"\n", end) + 1 :]
    if header[0].strip() != "ply":
        raise ValueError("it does not start with the line `ply`")
    order, count, fields, inside = None, 0, [], False
    for words in (line.split() for line in header if line.strip()):
        if words[0] == "format":
            order = ORDERS[words[1]]
        elif words[0] == "element":
            if words[1] != "vertex" and not fields:
                raise ValueError(f"its first element is {words[1]}, not vertex")
            inside = words[1] == "vertex"
            count = int(words[2]) if inside else count
        elif words[0] == "property" and inside:
            fields.append((words[2], TYPES[words[1]]))
    if order is None or not {"x", "y", "z"} <= {name for name, _ in fields}:
        raise ValueError("its header has no format, or no x, y and z")
    if order == "":
        columns = [[name for name, _ in fields].index(axis) for axis in "xyz"]
        rows = [line.split() for line in body.decode("ascii").splitlines()[:count]]
        points = np.array([[float(row[column]) for column in columns] for row in rows])
    else:
        table = np.frombuffer(body, np.dtype([(name, order + kind) for name, kind in fields]), count)
        points = np.column_stack([table[axis] for axis in "xyz"]).astype(float)
    if len(points) != count:
        raise ValueError(f"it holds only {len(points)} of {count} points")
    return points.reshape(-1, 3)[np.isfinite(points.reshape(-1, 3)).all(axis=1)]
