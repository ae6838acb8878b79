"""Photographs are rotated as their cameras intend, and files that are not photographs are refused with one line."""

import numpy as np
import pytest
from PIL import Image

from odd_bench.captures import photograph_file
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import Lens, matrix
from odd_bench.captures.photograph_file import ORIENTATION, find_photograph, picture_size, read_photograph

SHOWN = np.zeros((40, 60, 3), np.uint8)
SHOWN[:20, :30], SHOWN[:20, 30:], SHOWN[20:, :30] = [250, 10, 10], [10, 250, 10], [10, 10, 250]
STORED = {  # how a camera stores the picture SHOWN, by the EXIF orientation that it writes
    1: SHOWN, 2: SHOWN[:, ::-1], 3: SHOWN[::-1, ::-1], 4: SHOWN[::-1],
    5: SHOWN.transpose(1, 0, 2), 6: SHOWN.transpose(1, 0, 2)[::-1], 7: SHOWN.transpose(1, 0, 2)[::-1, ::-1],
    8: SHOWN.transpose(1, 0, 2)[:, ::-1],
}  # fmt: skip


def write(path, pixels, orientation=1, **options):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, exif=exif, **options)
    return path


def lens(width, height):
    return Lens(width, height, matrix(50.0, 50.0, width / 2, height / 2))


def near(picture, expected):
    return picture.shape == expected.shape and np.abs(picture.astype(int) - expected).mean() < 12


@pytest.mark.parametrize("orientation", STORED)
def test_exif_rotates_a_picture_as_in_a_viewer(tmp_path, orientation):
    path = write(tmp_path / "a.jpg", STORED[orientation], orientation, quality=95, subsampling=0)
    assert picture_size(path) == (60, 40)
    assert near(read_photograph(path), SHOWN)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_camera_refers_to_the_stored_or_to_the_rotated_picture(tmp_path, orientation):
    path = write(tmp_path / "a.jpg", STORED[orientation], orientation, quality=95, subsampling=0)
    assert near(read_photograph(path, lens(600, 400)), SHOWN)
    assert near(read_photograph(path, lens(400, 600)), STORED[orientation])


def test_a_large_jpeg_is_decoded_at_the_smallest_sufficient_size(tmp_path):
    path = write(tmp_path / "large.jpg", np.repeat(np.repeat(SHOWN, 20, axis=0), 20, axis=1), 6)
    turned = read_photograph(path, lens(800, 1200), share=0.2)
    assert turned.shape[1] < 800 and turned.shape[0] / turned.shape[1] == pytest.approx(1200 / 800, rel=0.01)


def test_a_picture_of_another_shape_is_refused(tmp_path):
    path = write(tmp_path / "cropped.jpg", SHOWN[:, :50])
    with pytest.raises(
        CaptureError, match=r"cropped\.jpg: found 50 x 40 pixels; expected the aspect ratio of its camera, 600 x 400"
    ):
        read_photograph(path, lens(600, 400))


def test_files_that_are_not_pictures_are_refused(tmp_path):
    (tmp_path / "page.jpg").write_text("<html>")
    with pytest.raises(CaptureError, match=r"page\.jpg: found 6 bytes that are not a picture; expected a JPEG"):
        read_photograph(tmp_path / "page.jpg")
    with pytest.raises(CaptureError, match=r"nobody\.jpg: found no such file"):
        read_photograph(tmp_path / "nobody.jpg")
    whole = write(tmp_path / "a.jpg", np.random.default_rng(0).integers(0, 255, (300, 450, 3), np.uint8)).read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CaptureError, match=r"half\.jpg: found a picture that cannot be decoded"):
        read_photograph(tmp_path / "half.jpg", lens(450, 300))


def test_heic_is_read_with_its_package_and_refused_without_it(tmp_path, monkeypatch):
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    Image.fromarray(SHOWN).save(tmp_path / "a.heic", quality=95)
    assert near(read_photograph(tmp_path / "a.heic", lens(600, 400)), SHOWN)
    monkeypatch.setattr(photograph_file, "allow_heic", lambda: False)
    with pytest.raises(CaptureError, match=r"a\.heic: found a HEIC picture, but the package.*pip install pillow-heif"):
        read_photograph(tmp_path / "a.heic")


def test_names_are_resolved_to_files(tmp_path):
    (tmp_path / "images").mkdir()
    path = write(tmp_path / "images" / "IMG 1.JPG", SHOWN, format="jpeg")
    assert find_photograph(tmp_path, "images/IMG 1.JPG") == path
    assert find_photograph(tmp_path, "images\\IMG 1") == path
    assert find_photograph(tmp_path, "images/IMG 1.HEIC") == path  # converted in the meantime
    assert find_photograph(tmp_path, "elsewhere/IMG 1.JPG", images=tmp_path / "images") == path
    assert find_photograph(tmp_path, "images/IMG 2.JPG") is None
