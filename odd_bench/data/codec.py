"""How pictures, masks and depth become bytes, one view at a time."""

from __future__ import annotations

import bisect
import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from odd_bench.data.errors import DataError

DEPTH_STEP_M = 0.00025
MAX_OBJECTS = 84
STEPS = tuple(np.geomspace(3.0, 24.0, 32))
PICTURES = ("jpeg", "png")
FORMATS = ("JPEG", "PNG")  # the only ones that are opened, whatever a file claims to be
INSTANCE_OF, CHANGE_OF = (table.astype(np.uint8) for table in divmod(np.arange(256), 3))


@dataclass(frozen=True)
class CodecConfig:
    """How pictures are stored, and whether depth is.

    picture: `jpeg`, 4:4:4 with as fine a quantisation as `bits_per_pixel` allows, or `png`, lossless. depth: keep depth maps.
    """

    picture: str = "jpeg"
    bits_per_pixel: float = 2.0
    depth: bool = True

    def __post_init__(self):
        if self.picture not in PICTURES:
            raise DataError("codec", f"picture {self.picture!r}", f"one of {', '.join(PICTURES)}")

    @property
    def name(self) -> str:
        """As stored in a shard, for example `jpeg-2.0`."""
        return self.picture if self.picture == "png" else f"{self.picture}-{self.bits_per_pixel:.1f}"


def encode_pictures(images: np.ndarray, codec: CodecConfig) -> list[bytes]:
    """One blob a view. images: (views, h, w, 3) uint8 sRGB.

    All views of a scene are quantised alike, by the finest of STEPS that keeps within `bits_per_pixel` on average, so that
    no view looks sharper than another; the coarsest where none does.
    """
    if codec.picture == "png":
        return [_encoded(Image.fromarray(image), format="PNG", optimize=True) for image in images]
    budget = codec.bits_per_pixel / 8 * images[..., 0].size
    at_step = functools.cache(lambda step: [_jpeg(image, step) for image in images])
    finest = bisect.bisect_left(STEPS, True, key=lambda step: sum(map(len, at_step(step))) <= budget)
    return at_step(STEPS[min(finest, len(STEPS) - 1)])


def _jpeg(image: np.ndarray, step: float) -> bytes:
    tables = [quantisation_table(step), quantisation_table(1.25 * step)]
    return _encoded(Image.fromarray(image), format="JPEG", qtables=tables, subsampling="4:4:4", optimize=True)


def quantisation_table(step: float) -> list[int]:
    """64 quantiser steps, row by row, twice as coarse for the finest detail.

    The tables of the standard are up to ten times coarser for fine detail, which costs thin cracks first: at equal size
    these have 1.5 to 2 dB less error.
    """
    row, column = np.indices((8, 8))
    return np.round(step * (1 + (row + column) / 14)).astype(int).ravel().tolist()


def _encoded(image: Image.Image, **options) -> bytes:
    blob = io.BytesIO()
    image.save(blob, **options)
    return blob.getvalue()


def decode_picture(blob: bytes, size: tuple[int, int]) -> np.ndarray:
    """(h, w, 3) uint8 sRGB of a JPEG or PNG. size: height and width it must have, compared before a pixel is decoded."""
    image = Image.open(io.BytesIO(blob), formats=FORMATS)
    if image.size != size[::-1] or image.mode != "RGB":
        raise DataError("picture", f"{image.mode} {image.size[1]} x {image.size[0]}", f"RGB {size[0]} x {size[1]}")
    return np.asarray(image)


def encode_masks(instance: np.ndarray, change: np.ndarray) -> bytes:
    """One PNG with value 3 * instance + change in each pixel. Both (h, w) uint8.

    With a palette (of greys, which nobody reads) Pillow leaves the rows unfiltered: smaller, and a quarter faster to read.
    """
    both = Image.fromarray(3 * instance + change)
    both.putpalette(np.repeat(np.arange(both.getextrema()[1] + 1), 3).tolist())
    return _encoded(both, format="PNG", compress_level=9)


def decode_masks(blobs: Sequence[bytes], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Instance and change masks, each (n, h, w) uint8. size: height and width, compared before a pixel is decoded."""
    both = np.stack([_decoded_mask(blob, size) for blob in blobs])
    return INSTANCE_OF[both], CHANGE_OF[both]


def _decoded_mask(blob: bytes, size: tuple[int, int]) -> np.ndarray:
    image = Image.open(io.BytesIO(blob), formats=("PNG",))
    if image.size != size[::-1] or image.mode not in ("L", "P"):
        raise DataError("mask", f"{image.mode} {image.size[1]} x {image.size[0]}", f"8 bits {size[0]} x {size[1]}")
    return np.asarray(image)


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
