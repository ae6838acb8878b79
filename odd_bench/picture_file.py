"""Picture files that are either complete or absent, like all files that are written for a user."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odd_bench.atomic import write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS = {".jpg": "JPEG", ".png": "PNG"}


def write_picture(image: Image, path: Path, **options: Any) -> Path:
    """Write the picture to `path`, a .jpg or .png, and return it. options: of the format, such as quality.

    Raises StorageError if the disk is full or the folder cannot be written.
    """
    content = io.BytesIO()
    image.save(content, KINDS[path.suffix], **options)
    write_atomically(path, content.getvalue())
    return path
