"""The files that a mesh file refers to: textures, materials and buffers next to it, and which of them cannot be used."""

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
MOST_BYTES = 1 << 30  # of one file


class Companions:
    """Resolves for trimesh the names that a mesh file refers to, to files in its folder or below, never above.

    missing: the names that could not be resolved to a usable file.
    """

    def __init__(self, path: Path):
        self.file_name = path.name
        self.missing: list[str] = []
        self._folder = path.parent

    def get(self, name: str) -> bytes:
        """The content of the named file. Raises FileNotFoundError if there is no usable file of that name."""
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
    """Whether a picture has an allowed format and size; it is opened, but not decoded yet."""
    return image is not None and (
        image.format in (*TEXTURE_FORMATS, None) and 0 < image.width * image.height <= MOST_PIXELS
    )


def _is_texture(content: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(content), formats=TEXTURE_FORMATS) as image:
            return usable_texture(image)
    except Exception:  # foreign pictures fail in many ways
        return False
