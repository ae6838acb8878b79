"""A sheet of similar shapes: pairs side by side, and their difference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from odd_bench.data.marks import font
from odd_bench.geometry.shape import Shape
from odd_bench.picture_file import write_picture
from odd_bench.shapes.fixed_views import Surface, seen_difference, seen_differences, shades
from odd_bench.shapes.similar_config import SimilarConfig
from odd_bench.shapes.similar_index import SimilarIndex

COLUMNS, SIZE, CAPTION, GAP = 3, 150, 34, 10
FINE = 2  # resolution of views that show the difference, relative to those that were compared
PAPER, INK, FAINT, MARK = (250, 250, 248), (20, 22, 26), (110, 116, 126), (222, 60, 40)


def save_pairs(shape_of: Callable[[str], Shape], index: SimilarIndex, path: Path, count: int) -> int:
    """Write a picture of at most `count` pairs, each shape with its nearest similar one, and return their number."""
    pairs = _pairs(index, count)
    columns = min(COLUMNS, max(len(pairs), 1))
    width, height = 3 * SIZE + GAP, SIZE + CAPTION + GAP
    sheet = Image.new("RGB", (columns * width + GAP, -(-len(pairs) // columns) * height + GAP), PAPER)
    for number, (row, column) in enumerate(pairs):
        tile = _pair_tile(shape_of, index, row, column)
        sheet.paste(tile, (GAP + number % columns * width, GAP + number // columns * height))
    write_picture(sheet, path)
    return len(pairs)


def _pairs(index: SimilarIndex, count: int) -> list[tuple[int, int]]:
    """Row and column of the nearest similar shape, each pair once, evenly spread over the names."""
    nearest: dict[tuple[int, int], tuple[int, int]] = {}
    for row in np.flatnonzero(index.accepted.any(axis=1)):
        column = int(index.accepted[row].argmax())
        ends = tuple(sorted((int(row), int(index.neighbors[row, column]))))
        nearest.setdefault(ends, (int(row), column))
    pairs = list(nearest.values())
    picked = np.unique(np.linspace(0, len(pairs) - 1, min(count, len(pairs))).round().astype(int))
    return [pairs[i] for i in picked]


def _pair_tile(shape_of: Callable[[str], Shape], index: SimilarIndex, row: int, column: int) -> Image.Image:
    from odd_bench.view.shade import shaded

    names = index.names[row], index.names[index.neighbors[row, column]]
    shapes = [shape_of(name) for name in names]
    tile = Image.new("RGB", (3 * SIZE, SIZE + CAPTION), PAPER)
    for place, shape in enumerate(shapes):
        tile.paste(Image.fromarray(shaded(shape, SIZE)), (place * SIZE, 0))
    tile.paste(_difference(shapes, index.config).resize((SIZE, SIZE)), (2 * SIZE, 0))
    draw = ImageDraw.Draw(tile)
    for place, name in enumerate(names):
        draw.text((place * SIZE + 2, SIZE + 2), name[:26], font=font(11), fill=INK)
    distances = f"distance {index.chamfer[row, column]:.4f}, {index.seen[row, column]:.0%} seen"
    draw.text((2, SIZE + 17), distances, font=font(11), fill=FAINT)
    return tile


def _difference(shapes: list[Shape], config: SimilarConfig) -> Image.Image:
    """The second shape in the view in which the two differ most, with the differing pixels marked."""
    one, other = (shades(Surface(shape).views(FINE * config.pixels)) for shape in shapes)
    view = seen_difference(one, other, config.contrast)[1]
    differs = seen_differences(one[view], other[view], config.contrast)
    picture = np.repeat(other[view][..., None], 3, axis=-1)
    picture[differs] = (0.35 * picture[differs] + 0.65 * np.array(MARK)).astype(np.uint8)
    return Image.fromarray(picture)
