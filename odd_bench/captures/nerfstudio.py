"""nerfstudio's `transforms.json`, and the similar files of instant-ngp and of apps that export it.

Poses are world from camera with OpenGL axes (x right, y up, z backward). Intrinsics are at the top level or in each frame. Pixel
centres are at half-integers. `ply_file_path` may name a point cloud.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import FISHEYE, PERSPECTIVE, Lens, matrix
from odd_bench.captures.photograph_file import find_photograph, picture_size
from odd_bench.captures.ply import read_points
from odd_bench.captures.poses import from_opengl
from odd_bench.plain_file import read_plain_text

FILE = "transforms.json"
LARGEST_NUMBER = 1e15
MODELS = {
    "OPENCV": PERSPECTIVE, "PINHOLE": PERSPECTIVE, "SIMPLE_PINHOLE": PERSPECTIVE, "SIMPLE_RADIAL": PERSPECTIVE,
    "RADIAL": PERSPECTIVE, "PERSPECTIVE": PERSPECTIVE, "OPENCV_FISHEYE": FISHEYE,
}  # fmt: skip


def read_transforms(path: Path, images: Path | None = None) -> Capture:
    """The capture that a `transforms.json` describes. images: folder of the photographs, instead of the paths in the file.

    Raises CaptureError if the file is damaged or its camera model is not supported.
    """
    content = read_json(path)
    frames = content.get("frames")
    if not isinstance(frames, list) or not frames:
        raise CaptureError(path, "no frames", "a list `frames`, each with file_path and transform_matrix")
    photographs, missing = [], []
    for number, frame in enumerate(frames):
        where = f"{path}: frame {number}"
        if not isinstance(frame, dict) or not isinstance(frame.get("file_path"), str):
            raise CaptureError(where, "no file_path", "the path of the photograph")
        found = find_photograph(path.parent, frame["file_path"], images)
        if found is None:
            missing.append(frame["file_path"])
            continue
        pose = from_opengl(pose_matrix(frame.get("transform_matrix"), where))
        photographs.append(Photograph(found, _lens({**content, **frame}, found, where), pose))
    points, absent = _points(path, content)
    return Capture(FILE, tuple(photographs), points, notes=(*missing_note(missing, len(frames)), *absent))


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises CaptureError."""
    try:
        content = json.loads(read_plain_text(path, "utf-8-sig"))
    except OSError as error:
        raise CaptureError(path, error.strerror or str(error), "a JSON file") from error
    except (ValueError, RecursionError) as error:
        raise CaptureError(path, f"a file that is not JSON ({error})", "a JSON file") from error
    if not isinstance(content, dict):
        raise CaptureError(path, f"a {type(content).__name__}", "a JSON object")
    return content


def pose_matrix(values: Any, where: str) -> np.ndarray:
    """(4, 4) from nested lists of (4, 4) or (3, 4). Raises CaptureError."""
    try:
        pose = np.array(values, float)
    except (TypeError, ValueError, OverflowError):
        pose = np.zeros(0)
    if pose.shape not in ((4, 4), (3, 4)):
        raise CaptureError(where, f"transform_matrix {str(values)[:60]}", "4 x 4 finite numbers")
    if not np.isfinite(pose).all():
        row, column = np.argwhere(~np.isfinite(pose))[0]
        found = f"{pose[row, column]} in row {row}, column {column} of transform_matrix"
        raise CaptureError(where, found, "4 x 4 finite numbers")
    if abs(np.linalg.det(pose[:3, :3])) < 1e-6:
        raise CaptureError(where, "a singular transform_matrix", "a rotation and a translation")
    return np.vstack([pose[:3], [0.0, 0.0, 0.0, 1.0]])


def is_number(value: Any) -> bool:
    """Whether a JSON value is a finite number; booleans, NaN and numbers of hundreds of digits are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER


def missing_note(missing: list[str], total: int) -> list[str]:
    """A note about photographs that are listed but do not exist."""
    if not missing:
        return []
    named = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
    return [f"{len(missing)} of {total} photographs are missing and left out: {named}"]


def _lens(values: dict[str, Any], photograph: Path, where: str) -> Lens:
    """The lens from the keys of the file and of its frame. The size is read from the picture if they do not state it."""
    model = str(values.get("camera_model", "OPENCV"))
    if model not in MODELS:
        raise CaptureError(
            where, f"camera_model {model}", f"one of {', '.join(MODELS)}", "Undistort the photographs first"
        )
    kind = FISHEYE if values.get("is_fisheye") is True else MODELS[model]  # a key of instant-ngp

    def number(key: str, default: float | None = None) -> float | None:
        value = default if values.get(key) is None else values[key]
        if value is not None and not is_number(value):
            raise CaptureError(where, f"{key} {str(value)[:40]!r}", "a finite number")
        return value

    def angle(key: str) -> float | None:
        value = number(key)
        if value is not None and not 0 < value < np.pi:
            raise CaptureError(where, f"{key} {value:g}", "an angle above 0 and below pi, in radians")
        return value

    width, height = number("w"), number("h")
    if width is None or height is None:
        width, height = picture_size(photograph)
    focal_x, angle_x, angle_y = number("fl_x"), angle("camera_angle_x"), angle("camera_angle_y")
    if focal_x is None and angle_x is not None:
        focal_x = width / 2 / np.tan(angle_x / 2)
    if focal_x is None:
        raise CaptureError(where, "neither fl_x nor camera_angle_x", "the focal length in pixels or the angle of view")
    focal_y = number("fl_y")
    if focal_y is None:
        focal_y = focal_x if angle_y is None else height / 2 / np.tan(angle_y / 2)
    K = matrix(focal_x, focal_y, number("cx", width / 2), number("cy", height / 2))
    radial = tuple(number(f"k{i}", 0.0) for i in range(1, 5))
    return Lens(int(width), int(height), K, kind, radial, (number("p1", 0.0), number("p2", 0.0)))


def _points(path: Path, content: dict[str, Any]) -> tuple[np.ndarray, list[str]]:
    """Points (n, 3), n = 0 without any, and a note if the named file does not exist."""
    named = content.get("ply_file_path")
    file = path.parent / named if isinstance(named, str) else path.parent / "sparse_pc.ply"
    if os.path.lexists(file):
        return read_points(file), []
    return np.zeros((0, 3)), [f"the file of points that {path.name} names, {named}, does not exist"] if named else []
