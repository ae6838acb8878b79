"""Decompression is bounded and the same with and without zlib-ng, which is faster but optional."""

import random
import zlib

import pytest

from odd_bench.data import inflate

CONTENT = bytes(1000) + random.Random(0).randbytes(300) + bytes(5000)
PACKED = zlib.compress(CONTENT, 9)


@pytest.fixture(params=["zlib-ng", "zlib"])
def engine(request, monkeypatch):
    """Both engines are tried if both are installed."""
    monkeypatch.setattr(inflate, "zlib", pytest.importorskip("zlib_ng.zlib_ng") if request.param == "zlib-ng" else zlib)


def test_packed_bytes_are_unpacked_unchanged(engine):
    assert inflate.unpacked(PACKED, len(CONTENT)) == inflate.unpacked_whole(PACKED, len(CONTENT)) == CONTENT


def test_no_more_bytes_are_unpacked_than_declared(engine):
    bomb = zlib.compress(bytes(1 << 24))
    assert inflate.unpacked(bomb, 100) == bytes(100)
    for size in (0, 100, len(CONTENT) - 1):
        with pytest.raises(ValueError, match="no end"):
            inflate.unpacked_whole(PACKED, size)


def test_truncated_bytes_are_refused(engine):
    for end in range(len(PACKED)):
        with pytest.raises(ValueError, match="no end"):
            inflate.unpacked_whole(PACKED[:end], len(CONTENT))


def test_a_wrong_byte_is_refused_or_harmless(engine):
    """It is found by the checksum at the end, if not before."""
    for place in range(2, len(PACKED)):
        wrong = bytearray(PACKED)
        wrong[place] ^= 0x10
        try:
            assert inflate.unpacked_whole(bytes(wrong), len(CONTENT)) == CONTENT
        except Exception as error:
            assert isinstance(error, ValueError | inflate.zlib.error)
