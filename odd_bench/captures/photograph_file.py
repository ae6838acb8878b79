"""Files of photographs: JPEG, PNG, HEIC; found, opened, turned as their cameras mean them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import Lens

ENDINGS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".heic",
    ".heif",
    ".JPG",
    ".JPEG",
    ".PNG",
    ".HEIC",
    ".HEIF",
    ".webp",
    ".tif",
    ".tiff",
)
HEIC = (".heic", ".heif")
ORIENTATION = 0x0112  # the EXIF tag
SAME_SHAPE = 0.01  # by how much width over height may differ between a picture and its camera


@cache
def allow_heic() -> bool:
    """Let Pillow open HEIC. Returns False where the package for it is absent."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True


def open_image(path: Path) -> Image.Image:
    """The picture as stored, not turned. Raises CaptureError where it is no picture or a HEIC without the package for it."""
    if path.suffix.lower() in HEIC and not allow_heic():
        raise CaptureError(
            path,
            "a HEIC picture and no package to read it",
            "JPEG or PNG",
            "pip install pillow-heif, or convert it to JPEG",
        )
    try:
        return Image.open(path)
    except (UnidentifiedImageError, OSError) as error:
        found = f"{path.stat().st_size:,} bytes that are no picture" if path.is_file() else "no such file"
        raise CaptureError(path, found, "a JPEG, PNG or HEIC photograph") from error


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height as a viewer shows the picture, EXIF rotation applied."""
    with open_image(path) as image:
        turned = image.getexif().get(ORIENTATION, 1) >= 5
        return (image.height, image.width) if turned else image.size


def read_photograph(path: Path, lens: Lens | None = None, share: float = 1.0) -> np.ndarray:
    """(h, w, 3) uint8 sRGB, turned as the lens means it: as stored where its shape is that, else as EXIF says.

    Without a lens as EXIF says. Raises CaptureError where the shape is neither, or the file ends early. share: of the lens's size
    that will do; a JPEG is then decoded to a half, a quarter or an eighth.
    """
    with open_image(path) as image:
        stored = image.size
        turns = image.getexif().get(ORIENTATION, 1) >= 5
        as_stored = lens is not None and _alike(stored, lens)
        if lens is not None and not as_stored and not (turns and _alike(stored[::-1], lens)):
            shown = f"{stored[0]} x {stored[1]} pixels{', turned by EXIF' if turns else ''}"
            raise CaptureError(
                path, shown, f"the shape of its camera, {lens.width} x {lens.height}",
                "Use the photographs that the cameras were computed from, uncropped",
            )  # fmt: skip
        if lens is not None:
            enough = (max(int(share * lens.width), 1), max(int(share * lens.height), 1))
            image.draft("RGB", enough if as_stored else enough[::-1])
        try:
            image = image if as_stored else ImageOps.exif_transpose(image)
            return np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError) as error:
            raise CaptureError(path, f"a picture that cannot be decoded ({error})", "a whole photograph") from error


def find_photograph(folder: Path, name: str, images: Path | None = None) -> Path | None:
    """The file that a model calls `name`, below `folder` or in `images`; with another ending where that one is not there."""
    relative = Path(name.replace("\\", "/"))
    places = [images / relative, images / relative.name] if images is not None else [folder / relative]
    for place in places:
        for path in (place, *(place.with_name(f"{place.name}{ending}") for ending in ENDINGS if not place.suffix)):
            if path.is_file():
                return path
        if place.suffix:
            for ending in ENDINGS:
                if place.with_suffix(ending).is_file():
                    return place.with_suffix(ending)
    return None


def list_photographs(folder: Path) -> list[Path]:
    """Photographs in a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in ENDINGS)


def _alike(size: tuple[int, int], lens: Lens) -> bool:
    return abs(size[0] / size[1] / (lens.width / lens.height) - 1) < SAME_SHAPE
