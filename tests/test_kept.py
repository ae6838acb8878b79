"""Results kept in files: read if whole, made again if damaged, and never replaced where they may be whole."""

import io
import os
import random

import numpy as np
import pytest

from odd_bench.atomic import write_atomically
from odd_bench.errors import OddBenchError
from odd_bench.kept import read_or_make
from odd_bench.plain_file import open_plain

VALUES = np.arange(500.0)


def read(path):
    with open_plain(path) as file, np.load(file, allow_pickle=False) as stored:
        return stored["values"]


def write(path, values):
    content = io.BytesIO()
    np.savez_compressed(content, values=values)
    write_atomically(path, content.getvalue())


def kept(path, made):
    def make():
        made.append(path)
        return VALUES

    return read_or_make(path, read, make, write)


def test_a_result_is_made_once(tmp_path):
    made = []
    for _ in range(3):
        assert np.array_equal(kept(tmp_path / "a.npz", made), VALUES)
    assert len(made) == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_made_again_with_the_same_bytes(tmp_path, seed):
    path, chance = tmp_path / "a.npz", random.Random(seed)
    kept(path, [])
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[chance.randrange(len(whole) // 4, len(whole) // 2)] ^= 255  # within the compressed values
    for damaged in (b"", b"something else", whole[: chance.randrange(1, len(whole))], bytes(flipped)):
        path.write_bytes(damaged)
        made = []
        assert np.array_equal(kept(path, made), VALUES) and made == [path] and path.read_bytes() == whole


def test_what_may_be_whole_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        made = []
        with pytest.raises((OddBenchError, OSError)):
            kept(tmp_path / name, made)
        assert not made
    assert (tmp_path / "folder").is_dir() and not (tmp_path / "pipe").is_file()
