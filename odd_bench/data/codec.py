"""How pictures, masks and depth become bytes, one view at a time."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from odd_bench.data.errors import DataError

DEPTH_STEP_M = 0.00025
MAX_OBJECTS = 63
PICTURE_OPTIONS = {
    "jpeg": {"format": "JPEG", "subsampling": "4:4:4", "optimize": True},
    "webp": {"format": "WEBP", "method": 6, "use_sharp_yuv": True},
    "png": {"format": "PNG", "optimize": True},
}


@dataclass(frozen=True)
class CodecConfig:
    """How pictures are stored, and whether depth is.

    picture: `webp`, `jpeg` (both lossy) or `png`. quality: 1 to 100, not used by png. depth: keep depth maps.
    """

    picture: str = "webp"
    quality: int = 90
    depth: bool = True

    def __post_init__(self):
        if self.picture not in PICTURE_OPTIONS:
            raise DataError("codec", f"picture {self.picture!r}", f"one of {', '.join(PICTURE_OPTIONS)}")
        if not 1 <= self.quality <= 100:
            raise DataError("codec", f"quality {self.quality}", "1 to 100")

    @property
    def name(self) -> str:
        """As stored in a shard, for example `webp-90`."""
        return self.picture if self.picture == "png" else f"{self.picture}-{self.quality}"


def encode_picture(image: np.ndarray, codec: CodecConfig) -> bytes:
    """image: (h, w, 3) uint8 sRGB."""
    options = dict(PICTURE_OPTIONS[codec.picture])
    if codec.picture != "png":
        options["quality"] = codec.quality
    blob = io.BytesIO()
    Image.fromarray(image).save(blob, **options)
    return blob.getvalue()


def decode_picture(blob: bytes) -> np.ndarray:
    """(h, w, 3) uint8 sRGB, or (h, w) for a mask; the format is found from the bytes."""
    return np.asarray(Image.open(io.BytesIO(blob)))


def encode_masks(instance: np.ndarray, change: np.ndarray) -> bytes:
    """One 8-bit PNG: the lower six bits are the instance mask, the upper two the change mask. Both (h, w) uint8."""
    blob = io.BytesIO()
    Image.fromarray(instance | (change << 6)).save(blob, format="PNG", optimize=True)
    return blob.getvalue()


def decode_masks(blob: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Instance and change mask, (h, w) uint8."""
    both = decode_picture(blob)
    return both & MAX_OBJECTS, both >> 6


def depth_to_steps(depth_m: np.ndarray) -> np.ndarray:
    """Metres to uint16 steps of 0.25 mm; what lies beyond 16.38 m becomes 0, like what was never hit."""
    steps = np.round(np.asarray(depth_m, float) / DEPTH_STEP_M)
    return np.where((steps >= 0) & (steps < 65536), steps, 0).astype(np.uint16)


def depth_from_steps(steps: np.ndarray) -> np.ndarray:
    """uint16 steps to float32 metres."""
    return (steps * DEPTH_STEP_M).astype(np.float32)


def join_blobs(blobs: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """One (bytes,) uint8 array and the (n + 1,) uint32 offsets between the parts."""
    offsets = np.concatenate([[0], np.cumsum([len(blob) for blob in blobs])]).astype(np.uint32)
    return np.frombuffer(b"".join(blobs), np.uint8), offsets
