"""COLMAP's sparse models, binary and text: cameras, images and points3D, as in its documentation of output formats.

COLMAP's cameras have OpenCV axes and pixel centres at half-integers, as in odd-bench.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import COLMAP_MODELS, Lens, colmap_lens
from odd_bench.plain_file import MOST_BINARY_BYTES, read_plain, read_plain_text

PARTS = ("cameras", "images", "points3D")
POINT_WORDS = 8  # number, x, y, z, colour and error, before the track
NUMBERED = (
    "SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV", "OPENCV_FISHEYE", "FULL_OPENCV", "FOV",
    "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE", "THIN_PRISM_FISHEYE",
)  # fmt: skip
LEAST_TRACK = 3  # photographs that show a point; many points of only two are wrong
ENOUGH_POINTS = 200
NUMBERS = re.compile(r"[-+\d.eE\s]+")
UNDISTORT = "Undistort the model first: colmap image_undistorter"


@dataclass(frozen=True)
class PosedImage:
    """name: in COLMAP, relative to its folder of images. camera: number of the camera. camera_from_world: (4, 4)."""

    name: str
    camera: int
    camera_from_world: np.ndarray


@dataclass(frozen=True)
class ColmapModel:
    """One reconstruction. lenses: by number of the camera. points: (n, 3). tracks: (n,) number of photographs of each point."""

    lenses: dict[int, Lens]
    images: tuple[PosedImage, ...]
    points: np.ndarray
    tracks: np.ndarray

    def reliable_points(self) -> np.ndarray:
        """(k, 3) the points that at least three photographs show, or all points if those are too few."""
        reliable = self.tracks >= LEAST_TRACK
        return self.points[reliable] if reliable.sum() >= ENOUGH_POINTS else self.points


def is_model(folder: Path) -> bool:
    """Whether the folder holds cameras and images of COLMAP."""
    return any(all((folder / f"{part}{ending}").is_file() for part in PARTS[:2]) for ending in (".bin", ".txt"))


def read_model(folder: Path) -> ColmapModel:
    """The model in a folder; binary files are preferred. Raises CaptureError if a file is damaged."""
    binary = (folder / "images.bin").is_file() and (folder / "cameras.bin").is_file()
    readers = (
        (_binary_cameras, _binary_images, _binary_points) if binary else (_text_cameras, _text_images, _text_points)
    )
    ending = ".bin" if binary else ".txt"
    lenses, images = (
        _read(folder / f"{part}{ending}", read) for part, read in zip(PARTS[:2], readers[:2], strict=True)
    )
    points_file = folder / f"points3D{ending}"
    points, tracks = (
        _read(points_file, readers[2]) if os.path.lexists(points_file) else (np.zeros((0, 3)), np.zeros(0, int))
    )
    for image in images:
        if image.camera not in lenses:
            raise CaptureError(
                folder, f"image {image.name} with camera {image.camera}, which the model does not contain",
                "the camera of every image in the same model", "Copy all files of one model",
            )  # fmt: skip
    return ColmapModel(lenses, tuple(sorted(images, key=lambda image: image.name)), points, tracks)


def _read(path: Path, read):
    try:
        return read(path)
    except OSError as error:
        raise CaptureError(path, error.strerror or str(error), "a file that can be read") from error
    except (ValueError, IndexError, UnicodeDecodeError, OverflowError) as error:
        found = f"{path.stat().st_size:,} bytes that cannot be read ({error})"
        raise CaptureError(path, found, "a file written by COLMAP", "Check that the file is complete") from error


def _lens(path: Path, number: int, model: str, width: int, height: int, parameters: list[float]) -> Lens:
    if model not in COLMAP_MODELS:
        raise CaptureError(path, f"camera {number} with model {model}", f"one of {', '.join(COLMAP_MODELS)}", UNDISTORT)
    return colmap_lens(model, width, height, parameters)


def _pose(quaternion_wxyz: list[float], translation: list[float]) -> np.ndarray:
    camera_from_world = np.eye(4)
    camera_from_world[:3, :3] = Rotation.from_quat(np.roll(quaternion_wxyz, -1)).as_matrix()
    camera_from_world[:3, 3] = translation
    return camera_from_world


class _Bytes:
    """The bytes of a file, read from the start."""

    def __init__(self, path: Path):
        self.content, self.at = read_plain(path), 0

    def take(self, layout: str) -> tuple:
        start = self.at
        self.skip(struct.calcsize(f"<{layout}"))
        return struct.unpack_from(f"<{layout}", self.content, start)

    def name(self) -> str:
        end = self.content.index(b"\0", self.at)
        start, self.at = self.at, end + 1
        return self.content[start:end].decode()

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.content):
            raise ValueError(f"{self.at - len(self.content):,} bytes are missing at its end")


def _binary_cameras(path: Path) -> dict[int, Lens]:
    file, lenses = _Bytes(path), {}
    for _ in range(file.take("Q")[0]):
        number, model_id, width, height = file.take("IiQQ")
        model = NUMBERED[model_id] if 0 <= model_id < len(NUMBERED) else f"number {model_id}"
        count = len(COLMAP_MODELS.get(model, ()))
        lenses[number] = _lens(path, number, model, width, height, list(file.take(f"{count}d")))
    return lenses


def _binary_images(path: Path) -> list[PosedImage]:
    file, images = _Bytes(path), []
    for _ in range(file.take("Q")[0]):
        _, *pose, camera = file.take("I7dI")
        images.append(PosedImage(file.name(), camera, _pose(pose[:4], pose[4:])))
        file.skip(24 * file.take("Q")[0])
    return images


def _binary_points(path: Path) -> tuple[np.ndarray, np.ndarray]:
    file, points, tracks = _Bytes(path), [], []
    for _ in range(file.take("Q")[0]):
        _, *point, _, _, _, _, length = file.take("Q3d3BdQ")
        file.skip(8 * length)
        points.append(point)
        tracks.append(length)
    return np.array(points, float).reshape(-1, 3), np.array(tracks, int)


def _lines(path: Path) -> list[str]:
    return [
        line for line in read_plain_text(path, "utf-8-sig", MOST_BINARY_BYTES).split("\n") if not line.startswith("#")
    ]


def _text_cameras(path: Path) -> dict[int, Lens]:
    lenses = {}
    for line in filter(str.strip, _lines(path)):
        number, model, width, height, *parameters = line.split()
        values = [float(value) for value in parameters]
        lenses[int(number)] = _lens(path, int(number), model, int(width), int(height), values)
    return lenses


def _text_images(path: Path) -> list[PosedImage]:
    """An image has two lines; the second one, its points, may be empty or left out."""
    images = []
    for line in filter(str.strip, _lines(path)):
        if images and _are_points(line):
            continue
        _, *pose, camera, name = line.split(maxsplit=9)
        values = [float(value) for value in pose]
        images.append(PosedImage(name.strip(), int(camera), _pose(values[:4], values[4:])))
    return images


def _are_points(line: str) -> bool:
    """Whether a line of images.txt holds features (x, y, point): numbers only, whereas the line of an image ends with its name."""
    words = line.split()
    return len(words) % 3 == 0 and NUMBERS.fullmatch(line) is not None


def _text_points(path: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = [line.split() for line in _lines(path) if line.strip()]
    if short := [row for row in rows if len(row) < POINT_WORDS]:
        raise ValueError(f"a point has {len(short[0])} values instead of {POINT_WORDS} and its track")
    points = np.array([[float(value) for value in row[1:4]] for row in rows], float).reshape(-1, 3)
    return points, np.array([(len(row) - POINT_WORDS) // 2 for row in rows], int)
