"""Contact sheets: one scene from several sides, or many scenes on one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw

from odd_bench.data.damage import reading
from odd_bench.data.marks import CHANGED_COLOR, LOST_COLOR, NORMAL, ODD, font, view_tile
from odd_bench.data.reader import Dataset, open_dataset
from odd_bench.data.record import UNCHANGED, SceneRecord
from odd_bench.picture_file import write_picture
from odd_bench.scene import Scene

T = TypeVar("T")
PAPER, INK, FAINT = (22, 24, 29), (238, 240, 243), (150, 156, 166)
GAP = 8
FOLDER = "preview"
DRAWABLE, LOOK = "scenes that can be drawn", "Run `odd-bench data validate` on the data set"
LEGEND = (
    ("odd object", ODD),
    ("normal object", NORMAL),
    ("changed surface", CHANGED_COLOR),
    ("lost surface", LOST_COLOR),
)


def scene_sheet(record: SceneRecord, views: int = 8, size: int = 320, plain: bool = False) -> Image.Image:
    """Several views of a scene, `size` pixels high, in rows of four, with boxes, changes and a caption.

    The first view shows most of the change; the others follow in even steps around the scene. plain: no marks.
    """
    count = len(record.scene.cameras)
    shown = [(_best_view(record) + round(i * count / views)) % count for i in range(min(views, count))]
    tiles = [view_tile(record, view, size, plain) for view in shown]
    for tile, view in zip(tiles, shown, strict=True):
        ImageDraw.Draw(tile).text(
            (6, size - 20), f"view {view}", font=font(12), fill=INK, stroke_width=2, stroke_fill=PAPER
        )
    sheet = _grid(tiles, columns=4, header=64, footer=0 if plain else 30)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP + 2, 10), record.scene.name, font=font(22), fill=INK)
    draw.text(
        (GAP + 2, 40),
        f"{record.scene.category}, {record.scene.split}: {_who_is_odd(record.scene)}",
        font=font(14),
        fill=FAINT,
    )
    if not plain:
        _legend(draw, GAP + 2, sheet.height - 24)
    return sheet


def page(
    records: Iterable[SceneRecord], columns: int | None = None, size: int = 256, plain: bool = False
) -> Image.Image:
    """The best view of each of many scenes, with captions: once without marks, and next to it with boxes and outlines.

    columns: number of scenes side by side. plain: only the pictures without marks.
    """
    columns = columns or (5 if plain else 3)
    tiles = [_captioned(record, _page_tile(record, size, plain)) for record in records]
    sheet = _grid(tiles, columns, header=0, footer=0 if plain else 30)
    if not plain:
        _legend(ImageDraw.Draw(sheet), GAP + 2, sheet.height - 24)
    return sheet


def write_preview(folder: Path, scenes: int = 30) -> Path:
    """Write a page of scenes spread over the data set to its preview folder and return the path."""
    dataset = open_dataset(folder)
    return write_page(dataset, spread(dataset.scene_names(), scenes))


def write_page(dataset: Dataset, names: Sequence[str], plain: bool = False) -> Path:
    """Write one page of the named scenes to the preview folder and return the path."""
    path = dataset.folder / FOLDER / ("page-plain.png" if plain else "page.png")
    with reading(dataset.folder, DRAWABLE, LOOK):
        picture = page((dataset.record(name) for name in names), plain=plain)
    return write_picture(picture, path)


def write_sheets(dataset: Dataset, names: Sequence[str], plain: bool = False) -> list[Path]:
    """Write a contact sheet for each named scene to the preview folder and return the paths."""
    ending = "-plain.png" if plain else ".png"
    folder = dataset.folder / FOLDER
    paths = []
    for name in names:
        with reading(f"{dataset.folder}: {name}", DRAWABLE, LOOK):
            picture = scene_sheet(dataset.record(name), plain=plain)
        paths.append(write_picture(picture, folder / f"{name}{ending}"))
    return paths


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most `most` of the items, evenly spaced."""
    picked = np.unique(np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int))
    return [items[i] for i in picked]


def _best_view(record: SceneRecord) -> int:
    """The view that shows most of the change, or most of the objects if nothing is odd."""
    changed = (record.change != UNCHANGED).sum(axis=(1, 2))
    visible = np.sum([one.visible_pixels for one in record.scene.objects], axis=0)
    return int(np.argmax(changed if changed.any() else visible))


def _who_is_odd(scene: Scene) -> str:
    """A caption such as `5 objects, 2 odd (bend, missing part)`."""
    types = Counter(one.type.replace("_", " ") for one in scene.objects if one.label)
    named = ", ".join(name if times == 1 else f"{times} x {name}" for name, times in sorted(types.items()))
    return f"{len(scene.objects)} objects, " + (f"{types.total()} odd ({named})" if types else "none odd")


def _page_tile(record: SceneRecord, size: int, plain: bool) -> Image.Image:
    view = _best_view(record)
    tiles = [view_tile(record, view, size, plain=True)] + [view_tile(record, view, size)] * (not plain)
    both = Image.new("RGB", (sum(tile.width for tile in tiles), size), PAPER)
    for place, tile in enumerate(tiles):
        both.paste(tile, (place * tile.width, 0))
    return both


def _captioned(record: SceneRecord, tile: Image.Image) -> Image.Image:
    card = Image.new("RGB", (tile.width, tile.height + 40), PAPER)
    card.paste(tile, (0, 0))
    draw = ImageDraw.Draw(card)
    draw.text((2, tile.height + 4), record.scene.category, font=font(15), fill=INK)
    draw.text((2, tile.height + 23), _who_is_odd(record.scene), font=font(11), fill=FAINT)
    return card


def _grid(tiles: Sequence[Image.Image], columns: int, header: int, footer: int) -> Image.Image:
    """Tiles of one size in rows, with room above and below."""
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    width, height = tiles[0].width + GAP, tiles[0].height + GAP
    sheet = Image.new("RGB", (columns * width + GAP, header + rows * height + GAP + footer), PAPER)
    for i, tile in enumerate(tiles):
        sheet.paste(tile, (GAP + i % columns * width, header + GAP + i // columns * height))
    return sheet


def _legend(draw: ImageDraw.ImageDraw, x: int, y: int) -> None:
    for text, color in LEGEND:
        draw.rectangle([x, y + 2, x + 12, y + 12], outline=color, width=2)
        draw.text((x + 19, y), text, font=font(12), fill=FAINT)
        x += 40 + int(draw.textlength(text, font=font(12)))
