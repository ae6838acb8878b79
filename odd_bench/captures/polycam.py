"""Polycam's raw export of an ARKit session: `keyframes/` with images, cameras and, from phones with LiDAR, depth.

A camera file holds the rows t_00 ... t_23 of world from camera with OpenGL axes, in metres, in ARKit's world, whose y axis is up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import Lens, matrix
from odd_bench.captures.nerfstudio import is_number, missing_note, pose_matrix, read_json
from odd_bench.captures.photograph_file import DAMAGE, ENDINGS
from odd_bench.captures.poses import from_opengl

KEYFRAMES = "keyframes"
FOLDERS = (("corrected_cameras", "corrected_images"), ("cameras", "images"))
NEEDED = (*(f"t_{row}{column}" for row in range(3) for column in range(4)), "fx", "fy", "cx", "cy", "width", "height")
UP = np.array([0.0, 1.0, 0.0])
DEPTH_MAPS, DEPTH_STEP = 12, 6  # number of maps that are read, and distance of the pixels that are used
DEPTH_UNIT_M, FARTHEST_M = 0.001, 4.0
SURE = (2, 255)  # highest confidence of a depth, in ARKit's levels 0 to 2 and in those of a grey picture


def is_polycam(folder: Path) -> bool:
    """Whether the folder is a raw export, or its `keyframes`."""
    return _camera_folder(_keyframes(folder)) is not None


def read_polycam(folder: Path) -> Capture:
    """The capture in a raw export; its unit is the metre, and up is known. Raises CaptureError if a camera file is damaged."""
    keyframes = _keyframes(folder)
    cameras, images = _camera_folder(keyframes)
    files = sorted(cameras.glob("*.json"))
    photographs, missing = [], []
    for file in files:
        photograph = next((path for ending in ENDINGS if (path := images / f"{file.stem}{ending}").is_file()), None)
        if photograph is None:
            missing.append(f"{file.stem}.jpg")
            continue
        photographs.append(_photograph(file, photograph))
    points, damaged = _depth_points(keyframes / "depth", keyframes / "confidence", photographs)
    source = f"Polycam's {cameras.relative_to(folder) if cameras.is_relative_to(folder) else cameras.name}"
    notes = missing_note(missing, len(files))
    if damaged:
        notes.append(f"{len(damaged)} depth maps cannot be read and are left out: {', '.join(damaged[:3])}")
    return Capture(source, tuple(photographs), points, 1.0, UP, tuple(notes))


def _keyframes(folder: Path) -> Path:
    return folder / KEYFRAMES if (folder / KEYFRAMES).is_dir() else folder


def _camera_folder(keyframes: Path) -> tuple[Path, Path] | None:
    """The folders of cameras and images; those corrected by Polycam are preferred."""
    for cameras, images in FOLDERS:
        if any((keyframes / cameras).glob("*.json")) and (keyframes / images).is_dir():
            return keyframes / cameras, keyframes / images
    return None


def _photograph(file: Path, photograph: Path) -> Photograph:
    values = read_json(file)
    absent = [key for key in NEEDED if not is_number(values.get(key))]
    if absent:
        raise CaptureError(file, f"no number for {', '.join(absent[:4])}", "a camera of a raw export of Polycam")
    rows = [[values[f"t_{row}{column}"] for column in range(4)] for row in range(3)]
    lens = Lens(
        int(values["width"]), int(values["height"]), matrix(values["fx"], values["fy"], values["cx"], values["cy"])
    )
    return Photograph(photograph, lens, from_opengl(pose_matrix(rows, str(file))))


def _depth_points(depth: Path, confidence: Path, photographs: list[Photograph]) -> tuple[np.ndarray, list[str]]:
    """Points (n, 3) from some of the depth maps, metres, ARKit's world, n = 0 without any; and the names of damaged maps."""
    with_depth = [one for one in photographs if (depth / f"{one.path.stem}.png").is_file()]
    step = max(len(with_depth) // DEPTH_MAPS, 1)
    clouds, damaged = [np.zeros((0, 3))], []
    for one in with_depth[::step]:
        try:
            clouds.append(_unprojected(depth, confidence, one))
        except DAMAGE:
            damaged.append(f"{one.path.stem}.png")
    return np.concatenate(clouds), damaged


def _unprojected(depth: Path, confidence: Path, one: Photograph) -> np.ndarray:
    name = f"{one.path.stem}.png"
    with Image.open(depth / name) as image:
        depth_m = np.asarray(image, float) * DEPTH_UNIT_M
    kept = (depth_m > 0) & (depth_m < FARTHEST_M)
    if (confidence / name).is_file():
        with Image.open(confidence / name) as image:
            sure = np.asarray(image)
        kept &= np.isin(sure, SURE) if sure.shape == kept.shape else True
    height, width = depth_m.shape
    v, u = (grid[::DEPTH_STEP, ::DEPTH_STEP][kept[::DEPTH_STEP, ::DEPTH_STEP]] for grid in np.mgrid[:height, :width])
    pixels = np.column_stack([u + 0.5, v + 0.5, np.ones(len(u))])
    in_camera = pixels @ np.linalg.inv(one.lens.scaled(width, height).K).T * depth_m[v, u][:, None]
    return (in_camera - one.camera_from_world[:3, 3]) @ one.camera_from_world[:3, :3]
