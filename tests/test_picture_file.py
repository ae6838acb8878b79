"""A picture is complete or absent, and a full disk is reported in one line."""

import ast
import errno
import os

import numpy as np
import pytest
from PIL import Image

from odd_bench.errors import StorageError
from odd_bench.picture_file import write_picture
from tests.test_house import MODULES

PIXELS = np.random.default_rng(0).integers(0, 255, (12, 20, 3), np.uint8)


def test_a_written_picture_reads_back(tmp_path):
    path = write_picture(Image.fromarray(PIXELS), tmp_path / "new" / "a.png")
    with Image.open(path) as read:
        np.testing.assert_array_equal(np.asarray(read), PIXELS)
    with Image.open(write_picture(Image.fromarray(PIXELS), tmp_path / "a.jpg", quality=95)) as read:
        assert (read.format, read.size) == ("JPEG", (20, 12))


def test_the_old_picture_is_kept_if_the_disk_is_full(tmp_path, monkeypatch):
    path = write_picture(Image.fromarray(PIXELS), tmp_path / "a.png")
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"a\.png: found No space left on device, expected space for [\d,]+ bytes"):
        write_picture(Image.fromarray(255 - PIXELS), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("package", ["captures", "detect", "report", "view"])
def test_results_for_the_user_are_written_by_the_atomic_writer(package):
    """Neither `image.save(path)` nor `path.write_text(...)`, which can leave half a file.

    Pictures are saved to buffers, and a job for a child process is not a result.
    """
    for name, file in MODULES.items():
        if not name.startswith(f"odd_bench.{package}.") or name == "odd_bench.captures.colmap_process":
            continue
        for call in (one for one in ast.walk(ast.parse(file.read_text())) if isinstance(one, ast.Call)):
            called = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            assert called not in ("write_text", "write_bytes"), f"{file}:{call.lineno}"
            assert called != "save" or ast.unparse(call.args[0]) in ("buffer", "content"), f"{file}:{call.lineno}"
