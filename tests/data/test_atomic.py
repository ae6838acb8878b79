"""Files are whole or absent, however many processes write them."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from odd_bench.data.atomic import write_atomically

CONTENTS = [bytes([number]) * 50_000 for number in range(2)]


def write_often(path: Path, number: int) -> None:
    for _ in range(100):
        write_atomically(path, CONTENTS[number])


def test_workers_that_write_the_same_file_at_once_both_succeed(tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for writing in [pool.submit(write_often, tmp_path / "cache.npz", number) for number in range(2)]:
            writing.result()
    assert (tmp_path / "cache.npz").read_bytes() in CONTENTS
    assert [path.name for path in tmp_path.iterdir()] == ["cache.npz"]
