"""Unusable floors and environments are reported before the first scene, and the others are used."""

import os
import struct

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from odd_bench.errors import WrongUse
from odd_bench.render.given import environments_in, floors_in


@pytest.fixture
def environments(tmp_path):
    folder = tmp_path / "environments"
    folder.mkdir()
    pixels = np.random.default_rng(0).random((16, 32, 3), np.float32)
    for name, compression in (("a.exr", OpenEXR.ZIP_COMPRESSION), ("b.exr", OpenEXR.NO_COMPRESSION)):
        OpenEXR.File({"compression": compression, "type": OpenEXR.scanlineimage}, {"RGB": pixels}).write(
            str(folder / name)
        )
    (folder / "c.hdr").write_bytes(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 16 +X 32\n" + bytes(16 * 32 * 4))
    return folder


def test_whole_files_are_used_and_leftovers_skipped(environments):
    (environments / "._city.exr").write_bytes(bytes(4096))
    (environments / "__MACOSX").mkdir()
    (environments / "readme.txt").write_text("x")
    given = environments_in(environments)
    assert given.names == ["a.exr", "b.exr", "c.hdr"] and given.refused == {}


@pytest.mark.parametrize("content", [
    b"", bytes(4096), b"\x76\x2f\x31\x01\2\0\0\0", b"\x76\x2f\x31\x01\2\0\0\0" + b"a\0b\0" + struct.pack("<i", -1),
    b"\x76\x2f\x31\x01\2\0\0\0" + b"x" * 5000, b"%!PS-Adobe-3.0 EPSF-3.0\n",
])  # fmt: skip
def test_files_that_are_not_pictures_are_refused_with_a_reason(environments, content):
    (environments / "bad.exr").write_bytes(content)
    (environments / "bad.hdr").write_bytes(content)
    os.mkfifo(environments / "pipe.exr")
    given = environments_in(environments)
    assert given.names == ["a.exr", "b.exr", "c.hdr"] and set(given.refused) == {"bad.exr", "bad.hdr", "pipe.exr"}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(environments, share):
    content = (environments / "b.exr").read_bytes()
    (environments / "b.exr").write_bytes(content[: int(share * len(content))])
    assert set(environments_in(environments).refused) == {"b.exr"}


def test_a_floor_without_a_colour_picture_is_refused(tmp_path):
    for name in ("wood_01", "tools", "eps", "__MACOSX", ".git"):
        (tmp_path / name).mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "wood_01" / "wood_01_diff.png")
    (tmp_path / "wood_01" / "._wood_01_rough.png").write_bytes(bytes(100))
    (tmp_path / "eps" / "eps_color.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    given = floors_in(tmp_path)
    assert given.names == ["wood_01"] and set(given.refused) == {"tools", "eps"}
    assert "no colour map" in given.refused["tools"]


def test_a_folder_without_usable_files_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        for look in (floors_in, environments_in):
            with pytest.raises(WrongUse, match="Hint: leave the option out"):
                look(folder)
