"""Encoding and decoding of pictures, masks and depth, view by view."""

from __future__ import annotations

import bisect
import functools
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import simplejpeg
from PIL import Image

from odd_bench.data.errors import DataError, WrongName
from odd_bench.data.inflate import unpacked

DEPTH_STEP_M = 0.00025
STEPS_A_METRE = np.float32(4000)  # 1 / DEPTH_STEP_M
MAX_OBJECTS = 84
STEPS = tuple(np.geomspace(3.0, 24.0, 32))  # quantisation steps of JPEGs, from fine to coarse
VIEWS_A_GUESS = 5  # the search for a step tries every fifth view first, and all views only near the step these suggest
PICTURES = ("jpeg", "png")
JPEG_START, PNG_START = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class CodecConfig:
    """How pictures and depth are stored."""

    picture: str = "jpeg"
    """Format of pictures. `jpeg`: 4:4:4, with the finest quantisation that `bits_per_pixel` allows. `png`: lossless."""
    bits_per_pixel: float = 2.0
    """Largest average size of a scene's JPEGs, in bits per pixel."""
    depth: bool = True
    """Whether depth is stored."""

    def __post_init__(self):
        if self.picture not in PICTURES:
            raise WrongName("codec", f"picture {self.picture!r}", f"one of {', '.join(PICTURES)}")

    @property
    def name(self) -> str:
        """The name that shards store, for example `jpeg-2.0`."""
        return self.picture if self.picture == "png" else f"{self.picture}-{self.bits_per_pixel:.1f}"


def encode_pictures(images: np.ndarray, codec: CodecConfig) -> list[bytes]:
    """Encode the pictures of a scene, one blob per view. images: (views, h, w, 3) uint8 sRGB.

    All JPEGs of a scene have the same quantisation, so that no view looks sharper than another: the finest of STEPS whose
    average size is within `bits_per_pixel`, or the coarsest if none is.
    """
    if codec.picture == "png":
        return [_encoded(Image.fromarray(image), format="PNG", optimize=True) for image in images]
    budget = codec.bits_per_pixel / 8 * images[..., 0].size
    pictures, views = [Image.fromarray(image) for image in images], range(len(images))
    at_step = functools.cache(lambda view, step: _jpeg(pictures[view], step))

    def size(views: range, step: float) -> int:
        return sum(len(at_step(view, step)) for view in views)

    def fits(place: int) -> bool:
        return size(views, STEPS[place]) <= budget

    some, last = views[::VIEWS_A_GUESS], len(STEPS) - 1
    share = budget * len(some) / len(views)
    guess = bisect.bisect_left(STEPS, True, key=lambda step: size(some, step) <= share)
    finest = min(guess, last)
    while finest > 0 and fits(finest - 1):
        finest -= 1
    while finest < last and not fits(finest):
        finest += 1
    return [at_step(view, STEPS[finest]) for view in views]


def _jpeg(image: Image.Image, step: float) -> bytes:
    tables = [quantisation_table(step), quantisation_table(1.25 * step)]
    return _encoded(image, format="JPEG", qtables=tables, subsampling="4:4:4", optimize=True)


@functools.cache
def quantisation_table(step: float) -> tuple[int, ...]:
    """The 64 quantisation steps of a JPEG table, row by row. The finest detail gets twice the step of the coarsest.

    The tables of the JPEG standard use steps up to ten times larger for fine detail, which removes thin cracks first. At equal
    file size, the table of this function has an error 1.5 to 2 dB lower.
    """
    row, column = np.indices((8, 8))
    return tuple(np.round(step * (1 + (row + column) / 14)).astype(int).ravel().tolist())


def _encoded(image: Image.Image, **options) -> bytes:
    blob = io.BytesIO()
    image.save(blob, **options)
    return blob.getvalue()


def decode_pictures(blobs: Sequence[bytes], size: tuple[int, int]) -> np.ndarray:
    """Decode JPEGs or PNGs to (n, h, w, 3) uint8 sRGB. size: their height and width. Raises DataError for any other size."""
    pictures = np.empty((len(blobs), *size, 3), np.uint8)
    for blob, into in zip(blobs, pictures, strict=True):
        if blob[:2] == JPEG_START:
            _decode_jpeg(blob, into)
        else:
            image = Image.open(io.BytesIO(blob), formats=("PNG",))
            _expect_size(size, image.height, image.width, image.mode)
            into[...] = image
    return pictures


def _decode_jpeg(blob: bytes, into: np.ndarray) -> None:
    """Decode into (h, w, 3) uint8. A larger picture is refused by its header, a smaller one after it is decoded."""
    try:
        picture = simplejpeg.decode_jpeg(blob, "RGB", fastdct=False, fastupsample=False, buffer=into)
    except ValueError:
        _expect_size(into.shape[:2], *simplejpeg.decode_jpeg_header(blob)[:2], "RGB")
        raise
    _expect_size(into.shape[:2], *picture.shape[:2], "RGB")


def _expect_size(size: tuple[int, int], height: int, width: int, mode: str) -> None:
    if (height, width, mode) != (*size, "RGB"):
        raise DataError("picture", f"{mode} {height} x {width}", f"RGB {size[0]} x {size[1]}")


def encode_masks(instance: np.ndarray, change: np.ndarray) -> bytes:
    """Encode both masks (h, w) uint8 as one grey PNG, whose pixels are 3 * instance + change.

    The rows of the PNG are not filtered, so that decompressing it suffices to read it.
    """
    rows = np.pad(3 * instance + change, ((0, 0), (1, 0)))  # every row begins with the number of its filter, 0 = none
    return _mask_start(*instance.shape) + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def decode_masks(blobs: Sequence[bytes], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Decode instance and change masks, each (n, h, w) uint8. size: their height and width.

    Raises DataError for any other size, before a pixel is decoded.
    """
    both = np.empty((len(blobs), *size), np.uint8)
    for blob, into in zip(blobs, both, strict=True):
        into[...] = _decoded_mask(blob, size)
    instance = both // np.uint8(3)
    both -= np.uint8(3) * instance
    return instance, both


def _decoded_mask(blob: bytes, size: tuple[int, int]) -> np.ndarray:
    """Decode a grey PNG to (h, w) uint8. This is fast for those that `encode_masks` wrote."""
    height, width = size
    if blob[:33] == _mask_start(height, width):
        end = 41 + int.from_bytes(blob[33:37])
        if blob[37:41] == b"IDAT" and zlib.crc32(blob[37:end]) == int.from_bytes(blob[end : end + 4]):
            content = unpacked(blob[41:end], (width + 1) * height)
            if len(content) == (width + 1) * height:
                rows = np.frombuffer(content, np.uint8).reshape(height, width + 1)
                if not rows[:, 0].any():
                    return rows[:, 1:]
    image = Image.open(io.BytesIO(blob), formats=("PNG",))
    if image.size != (width, height) or image.mode not in ("L", "P"):
        raise DataError("mask", f"{image.mode} {image.size[1]} x {image.size[0]}", f"8 bits {height} x {width}")
    return np.asarray(image)


@functools.lru_cache(8)
def _mask_start(height: int, width: int) -> bytes:
    """Signature and header of the PNG of a mask."""
    return PNG_START + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


def depth_to_steps(depth_m: np.ndarray) -> np.ndarray:
    """Convert metres to uint16 steps of 0.25 mm. Depths beyond 16.38 m become 0, which also means that nothing was hit."""
    steps = np.round(np.asarray(depth_m, float) / DEPTH_STEP_M)
    return np.where((steps >= 0) & (steps < 65536), steps, 0).astype(np.uint16)


def depth_from_steps(steps: np.ndarray) -> np.ndarray:
    """Convert uint16 steps to float32 metres. One division of whole numbers gives the nearest float32."""
    return np.divide(steps, STEPS_A_METRE, dtype=np.float32)


def join_blobs(blobs: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Join n blobs into one array (bytes,) uint8, and return it with the offsets (n + 1,) uint32 of the blobs in it."""
    offsets = np.concatenate([[0], np.cumsum([len(blob) for blob in blobs])]).astype(np.uint32)
    return np.frombuffer(b"".join(blobs), np.uint8), offsets
