"""Files of photographs (JPEG, PNG, HEIC): find them, open them, and rotate them as their cameras expect."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, UnidentifiedImageError

from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import Lens

LOWER = (".jpg", ".jpeg", ".png", ".heic", ".heif", ".webp", ".tif", ".tiff")
ENDINGS = (*LOWER, *(ending.upper() for ending in LOWER))
HEIC = (".heic", ".heif")
VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".3gp")
ORIENTATION = 0x0112  # the EXIF tag
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    struct.error,
)  # the exceptions that Pillow raises for damaged files
GREY_16 = ("I;16", "I;16B", "I;16L", "I")
REMOVE = "Move it out of the folder; the other photographs are enough"
UNCROPPED = "Use the uncropped photographs that the cameras were computed from"
SAME_SHAPE = 0.01  # largest relative difference of the aspect ratios of a picture and its camera


@cache
def allow_heic() -> bool:
    """Let Pillow open HEIC. Returns False if the package for it is missing."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True


def open_image(path: Path) -> Image.Image:
    """The picture as stored, not rotated. Raises CaptureError if the file is not a picture, has more pixels than Pillow accepts, or
    is a HEIC file and the package for it is missing.
    """
    if path.suffix.lower() in HEIC and not allow_heic():
        raise CaptureError(
            path,
            "a HEIC picture, but the package to read it is missing",
            "JPEG or PNG",
            "pip install pillow-heif, or convert the picture to JPEG",
        )
    try:
        with unwarned():
            return Image.open(path)
    except Image.DecompressionBombError as error:
        most = 2 * Image.MAX_IMAGE_PIXELS // 10**6
        raise CaptureError(
            path, "a picture with too many pixels", f"at most {most} million", "Reduce its size"
        ) from error
    except (UnidentifiedImageError, *DAMAGE) as error:
        found = f"{path.stat().st_size:,} bytes that are not a picture" if path.is_file() else "no such file"
        raise CaptureError(path, found, "a JPEG, PNG or HEIC photograph", REMOVE) from error


@contextmanager
def unwarned() -> Iterator[None]:
    """Silence Pillow's warnings about more than 89 megapixels, which photographs may have, and about tags that it ignores."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of the picture with its EXIF rotation applied."""
    with open_image(path) as image:
        return (image.height, image.width) if orientation(image) >= 5 else image.size


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 (not rotated) if EXIF is missing or damaged."""
    value = exif_of(image).get(ORIENTATION, 1)
    return value if value in TURNS else 1


def exif_of(image: Image.Image) -> Image.Exif:
    """The EXIF data; empty if they are damaged."""
    try:
        with unwarned():
            return image.getexif()
    except DAMAGE:
        return Image.Exif()


def read_photograph(path: Path, lens: Lens | None = None, share: float = 1.0) -> np.ndarray:
    """(h, w, 3) uint8 sRGB, rotated as the lens expects: as stored if the aspect ratio is that of the lens, else by EXIF.

    Without a lens, EXIF is applied. share: of the lens's size that is sufficient; a JPEG is then decoded at a half, a quarter or an
    eighth. Raises CaptureError if neither aspect ratio fits, or if the file is truncated.
    """
    with open_image(path) as image:
        turn = orientation(image)
        meant = None if lens is None else size_as_meant(image, lens)
        as_stored = meant == image.size
        if lens is not None and meant is None:
            shown = f"{image.width} x {image.height} pixels{', rotated by EXIF' if turn >= 5 else ''}"
            raise CaptureError(path, shown, f"the aspect ratio of its camera, {lens.width} x {lens.height}", UNCROPPED)
        if lens is not None:
            enough = (max(int(share * lens.width), 1), max(int(share * lens.height), 1))
            image.draft("RGB", enough if as_stored else enough[::-1])
        try:
            with unwarned():
                picture = _in_color(image)
        except DAMAGE as error:
            found = f"a picture that cannot be decoded ({error})"
            raise CaptureError(path, found, "a complete photograph", REMOVE) from error
        return np.asarray(picture if as_stored or turn == 1 else picture.transpose(TURNS[turn]))


def size_as_meant(image: Image.Image, lens: Lens) -> tuple[int, int] | None:
    """Width and height of a picture as its lens expects it: as stored, or rotated by EXIF; None if neither aspect ratio fits."""
    if _alike(image.size, lens):
        return image.size
    turned = image.size[::-1]
    return turned if orientation(image) >= 5 and _alike(turned, lens) else None


def find_photograph(folder: Path, name: str, images: Path | None = None) -> Path | None:
    """The file that a model calls `name`, below `folder` or in `images`; a file with another extension if it does not exist."""
    relative = PurePosixPath(name.replace("\\", "/"))
    if not relative.name:
        return None
    places = [images / relative, images / relative.name] if images is not None else [folder / relative]
    if images is None and _is_absolute(relative):  # a path of another machine: the longest tail of it that exists here
        places += [folder.joinpath(*relative.parts[start:]) for start in range(1, len(relative.parts))]
    for place in places:
        stem = place.stem if place.suffix.lower() in LOWER else place.name
        for path in (place, *(place.with_name(f"{stem}{ending}") for ending in ENDINGS)):
            if os.path.isfile(path):  # not Path.is_file, which raises an error for names that are too long
                return path
    return None


def list_photographs(folder: Path) -> list[Path]:
    """Photographs in a folder, sorted by name, without hidden files that other systems add (`._IMG_1.jpg`)."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in LOWER and not path.name.startswith(".") and path.is_file()
    )


def no_folder(path: Path, expected: str) -> CaptureError:
    """The error for a file in the place of a folder of photographs."""
    if path.suffix.lower() in VIDEOS:
        hint = f"Extract pictures from it first: ffmpeg -i {path.name} -vf fps=2 frames/%03d.jpg"
        return CaptureError(path, "a video", expected, hint)
    if path.suffix.lower() in LOWER:
        return CaptureError(path, "a single photograph", expected, "Name the folder that holds all of them")
    return CaptureError(path, "a file", expected)


def _in_color(image: Image.Image) -> Image.Image:
    """The picture as 8-bit RGB. 16-bit grey is scaled, since Pillow would clip it."""
    if image.mode in GREY_16:
        return Image.fromarray((np.asarray(image, np.uint32) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise ValueError("its pixels are not integers")
    return image.convert("RGB")


def _is_absolute(path: PurePosixPath) -> bool:
    """Whether the path is absolute on this system or, with a drive, on Windows."""
    return path.is_absolute() or path.parts[0].endswith(":")


def _alike(size: tuple[int, int], lens: Lens) -> bool:
    return abs(size[0] / size[1] / (lens.width / lens.height) - 1) < SAME_SHAPE
