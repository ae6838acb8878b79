"""Sheets show the labels, where they are, and nothing else."""

import numpy as np
import pytest
from PIL import Image

from odd_bench.data.errors import DataError
from odd_bench.data.marks import CHANGED_COLOR, LOST_COLOR, ODD, view_tile
from odd_bench.data.reader import open_dataset
from odd_bench.data.record import LOST
from odd_bench.view.preview import page, scene_sheet, spread, write_page, write_preview, write_sheets
from tests.data.folders import make_scenes, write_dataset
from tests.data.synthetic import make_record


def near(image, color, tolerance=40):
    """(h, w) bool: pixels of about this colour."""
    return (np.abs(np.asarray(image).astype(int) - color) < tolerance).all(axis=-1)


@pytest.fixture(scope="module")
def record():
    return make_record(pixels=128, views=6)


def test_a_plain_tile_is_the_picture(record):
    tile = np.asarray(view_tile(record, 2, 256, plain=True).reduce(2)).astype(int)
    assert np.abs(tile - record.images[2]).mean() < 3


def test_marks_lie_on_the_odd_object_and_around_the_change(record):
    view = int(np.argmax((record.change > 0).sum(axis=(1, 2))))
    tile = view_tile(record, view, 128)
    outline = near(tile, CHANGED_COLOR)
    assert outline.sum() > 10
    rows, columns = np.nonzero(record.change[view])
    drawn_rows, drawn_columns = np.nonzero(outline)
    for drawn, changed in ((drawn_rows, rows), (drawn_columns, columns)):
        assert abs(drawn.min() - changed.min()) <= 3 and abs(drawn.max() - changed.max()) <= 3
    assert near(tile, ODD).sum() > 50
    assert not near(tile, LOST_COLOR).any()


def test_lost_surface_has_its_own_colour(record):
    change = np.where(record.change > 0, LOST, 0).astype(np.uint8)
    view = int(np.argmax((change > 0).sum(axis=(1, 2))))
    lost = type(record)(record.scene, record.images, record.instance, change, None, record.plan_sha256)
    tile = view_tile(lost, view, 128)
    assert near(tile, LOST_COLOR).any() and not near(tile, CHANGED_COLOR).any()


def test_a_scene_without_anomaly_has_no_mark_of_one():
    tile = view_tile(make_record(pixels=128, views=2, odd=0), 0, 128)
    assert not near(tile, ODD).any() and not near(tile, CHANGED_COLOR).any()


def test_sheets_and_pages_have_their_sizes(record):
    assert scene_sheet(record, views=8, size=64).size == (4 * 72 + 8, 64 + 2 * 72 + 8 + 30)
    assert page([record] * 7, columns=5, size=64, plain=True).size == (5 * 72 + 8, 2 * 112 + 8)


def test_a_page_shows_the_plain_picture_next_to_the_marked_one(record):
    sheet = page([record], size=128)
    plain, marked = (sheet.crop((8 + place * 128, 8, 8 + (place + 1) * 128, 136)) for place in range(2))
    assert not near(plain, ODD).any() and not near(plain, CHANGED_COLOR).any()
    assert near(marked, ODD).sum() > 50
    assert np.array_equal(np.asarray(plain), np.asarray(page([record], size=128, plain=True).crop((8, 8, 136, 136))))


def test_names_are_spread_evenly():
    assert spread(list("abcdefghi"), 3) == ["a", "e", "i"]
    assert spread(list("ab"), 5) == ["a", "b"]


def test_all_files_of_a_preview_are_written(tmp_path):
    folder = write_dataset(tmp_path, make_scenes())
    dataset = open_dataset(folder)
    paths = [write_preview(folder), *write_sheets(dataset, dataset.scene_names("train"), plain=True)]
    assert [path.name for path in paths] == [
        "page.png",
        "toys-banana-0000-0000-plain.png",
        "toys-banana-0000-0001-plain.png",
    ]
    for path in paths:
        with Image.open(path) as image:
            image.load()
    with pytest.raises(DataError, match="no scene 'nobody'"):
        write_page(dataset, ["nobody"])
