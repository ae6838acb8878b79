"""The scene.json of a detection: the transform between the capture and the scene, and the path of the capture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from odd_bench.errors import WrongUse
from odd_bench.plain_file import read_plain_text

SCENE, SCENE_FORMAT = "scene.json", "odd-bench/capture-scene"
AGAIN = "`odd-bench detect` writes the file"


def read_placement(path: Path) -> np.ndarray:
    """(4, 4) scene_from_capture in the scene.json that `odd-bench detect` writes. Raises WrongUse for any other file."""
    try:
        document = json.loads(read_plain_text(path))
        pose = np.array(document["scene_from_capture"], float)
        known = document["format"] == SCENE_FORMAT and document["version"] == 1 and pose.shape == (4, 4)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WrongUse(
            f"{path}: found {type(error).__name__}; expected {SCENE_FORMAT} version 1. Hint: {AGAIN}"
        ) from error
    if not known:
        raise WrongUse(f"{path}: found another format; expected {SCENE_FORMAT} version 1. Hint: {AGAIN}")
    return pose


def origin_of(path: Path) -> tuple[Path | None, Path | None]:
    """The paths of the capture and, if they are elsewhere, of its photographs; None for a path that no longer exists."""
    try:
        document = json.loads(read_plain_text(path))
        places = [document.get(key) for key in ("capture", "images")]
    except (OSError, ValueError, AttributeError, RecursionError):
        return None, None
    found = [path.parent / place if isinstance(place, str) else None for place in places]
    capture, images = (None if one is None or not one.exists() else one for one in found)
    return capture, images
