"""The files that a mesh file refers to: textures, materials and buffers beside it, and which of them cannot be used."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

from odd_bench.data.damage import check_plain
from odd_bench.data.errors import DataError
from odd_bench.names import path_problem
from odd_bench.plain_file import read_plain

TEXTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TGA", "TIFF", "GIF")
TEXTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tga", ".tif", ".tiff", ".gif")
MOST_PIXELS = 1 << 26  # of one texture: 8192 x 8192
MOST_BYTES = 1 << 30


class Companions:
    """Finds the files for trimesh that a file refers to, in its folder or below, never above. missing: those it could not find."""

    def __init__(self, path: Path):
        self.file_name = path.name
        self.missing: list[str] = []
        self._folder = path.parent

    def get(self, name: str) -> bytes:
        """The content of a file. Raises FileNotFoundError where there is none that can be used."""
        plain = unquote(str(name)).strip().replace("\\", "/").removeprefix("./")
        for candidate in (plain, plain.rpartition("/")[2]):
            content = None if path_problem(candidate) else self._content(self._folder / candidate)
            if content is not None:
                return content
        self.missing.append(plain.rpartition("/")[2][:80] or "a file without a name")
        raise FileNotFoundError(name)

    __getitem__ = get

    def _content(self, path: Path) -> bytes | None:
        try:
            check_plain(path, "a file")
            content = read_plain(path, MOST_BYTES)
        except (DataError, OSError):
            return None
        is_picture = content is not None and path.suffix.lower() in TEXTURES
        return content if not is_picture or _is_texture(content) else None


def usable_texture(image: Image.Image | None) -> bool:
    """Whether a picture that has been opened, but not decoded, has an allowed format and size."""
    return image is not None and (
        image.format in (*TEXTURE_FORMATS, None) and 0 < image.width * image.height <= MOST_PIXELS
    )


def _is_texture(content: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(content), formats=TEXTURE_FORMATS) as image:
            return usable_texture(image)
    except Exception:  # pictures of others fail in many ways
        return False
