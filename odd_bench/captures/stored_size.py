"""Photographs whose size differs from that of their cameras: reduced copies are used, cropped ones are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.photograph_file import REMOVE, UNCROPPED, open_image, size_as_meant

Size = tuple[int, int]  # width and height, pixels


def with_stored_sizes(where: Path, capture: Capture) -> Capture:
    """The capture with lenses scaled to the sizes of its files, and a note if these differ from the sizes of its cameras.

    The lens of a file that cannot be opened is kept: reading the file reports the reason. Raises CaptureError if pictures have
    another aspect ratio.
    """
    photographs, another_size, another_shape = [], [], []
    for one in capture.photographs:
        stored, meant = _sizes(one)
        if stored is not None and meant is None:
            another_shape.append((one, stored))
        elif meant is not None and meant != (one.lens.width, one.lens.height):
            another_size.append((one, meant))
            one = replace(one, lens=one.lens.resized(*meant))
        photographs.append(one)
    count = len(capture.photographs)
    if another_shape:
        few = len(another_shape) < count / 2
        raise CaptureError(
            where,
            f"{len(another_shape)} of {count} photographs with another aspect ratio than their cameras: {_told(another_shape)}",
            "the aspect ratio in the file of cameras", f"{UNCROPPED}{f'; or {REMOVE[0].lower()}{REMOVE[1:]}' if few else ''}",
        )  # fmt: skip
    if not another_size:
        return capture
    many = f"{len(another_size)} of {count} photographs"
    note = f"{many} have another size than their cameras, which are scaled: {_told(another_size)}"
    return replace(capture, photographs=tuple(photographs), notes=(*capture.notes, note))


def _sizes(one: Photograph) -> tuple[Size | None, Size | None]:
    """The size as stored, and the size as the lens expects it; None if the file cannot be opened or the aspect ratio differs."""
    try:
        with open_image(one.path) as image:
            return image.size, size_as_meant(image, one.lens)
    except CaptureError:
        return None, None


def _told(found: Sequence[tuple[Photograph, Size]]) -> str:
    """The first photograph: `0003.png, 320 x 240 pixels for 640 x 480`."""
    one, (width, height) = found[0]
    return f"{one.name}, {width} x {height} pixels for {one.lens.width} x {one.lens.height}"
