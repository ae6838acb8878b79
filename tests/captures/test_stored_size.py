"""Photographs that are not of the size that their cameras state: reduced copies are used and told, cropped ones are refused."""

import json

import numpy as np
import pytest
from PIL import Image

from odd_bench.captures import open_capture
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.small import told_if_small
from tests.captures.worlds import HEIGHT, WIDTH, walk, write_transforms


@pytest.fixture
def written(tmp_path):
    """The file of cameras and the photographs of a capture."""
    path = write_transforms(tmp_path, walk(5))
    return path, sorted((tmp_path / "images").iterdir())


def resize(file, size):
    Image.open(file).resize(size).save(file)


def told(capture):
    return [note for note in capture.notes if "another size" in note]


def test_photographs_of_the_stated_size_get_no_note(written):
    assert not told(open_capture(written[0]))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8, 2.0])
@pytest.mark.parametrize("changed", [1, 5])
def test_cameras_are_scaled_with_their_photographs(written, share, changed):
    path, files = written
    before = open_capture(path).photographs
    size = round(share * WIDTH), round(share * HEIGHT)
    for file in files[:changed]:
        resize(file, size)
    capture = open_capture(path)
    directions = np.array([[0.0, 0.0, 1.0], [0.2, -0.1, 1.0], [-0.3, 0.25, 1.0]])
    for number, (one, was) in enumerate(zip(capture.photographs, before, strict=True)):
        factor = share if number < changed else 1.0
        np.testing.assert_allclose(one.lens.project(directions), factor * was.lens.project(directions))
    (note,) = told(capture)
    assert (
        note.startswith(f"{changed} of 5 photographs")
        and f"0000.png, {size[0]} x {size[1]} pixels for {WIDTH} x {HEIGHT}" in note
    )


def test_small_copies_of_large_photographs_count_as_small(written):
    path, _ = written
    content = json.loads(path.read_text())
    for key in ("w", "h", "fl_x", "fl_y", "cx", "cy"):
        content[key] *= 4
    path.write_text(json.dumps(content))
    lenses = [one.lens for one in open_capture(path).photographs]
    assert told_if_small([(lens.width, lens.height) for lens in lenses]) == f" of {WIDTH} x {HEIGHT} pixels"


def test_cropped_photographs_are_counted_before_anything_is_computed(written):
    path, files = written
    resize(files[3], (WIDTH, WIDTH))
    with pytest.raises(
        CaptureError, match=r"1 of 5 photographs with another aspect ratio than their cameras: 0003\.png.*are enough"
    ):
        open_capture(path)
    for file in files:
        resize(file, (WIDTH, WIDTH))
    with pytest.raises(CaptureError, match=r"5 of 5 photographs with another aspect ratio.*computed from$"):
        open_capture(path)


def test_a_photograph_turned_by_exif_counts_in_the_orientation_of_its_camera(written):
    path, files = written
    turned = Image.open(files[0]).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(files[0], exif=exif)
    assert not told(open_capture(path))


def test_a_photograph_that_cannot_be_opened_is_left_to_its_reader(written):
    path, files = written
    files[2].write_text("no picture")
    assert len(open_capture(path).photographs) == 5
