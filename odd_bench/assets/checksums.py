"""The identity of a file: its address, length and checksums."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from odd_bench.data.errors import DataError
from odd_bench.plain_file import open_plain

BLOCK = 1 << 20


@dataclass(frozen=True)
class Remote:
    """A file to download. path: within the collection's folder. Checksums are empty and the size None if the source states none."""

    url: str
    path: str
    size_bytes: int | None = None
    md5: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Sums:
    """Length and checksums of a file."""

    size_bytes: int
    md5: str
    sha256: str


def sums(path: Path) -> Sums:
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with open_plain(path) as file:
        while block := file.read(BLOCK):
            md5.update(block)
            sha256.update(block)
    return Sums(path.stat().st_size, md5.hexdigest(), sha256.hexdigest())


def check_sums(remote: Remote, found: Sums) -> None:
    """Raise DataError unless the file is the one that the manifest describes."""
    for name, unit in (("size_bytes", " bytes"), ("md5", ""), ("sha256", "")):
        expected = getattr(remote, name)
        if expected and expected != getattr(found, name):
            raise DataError(
                remote.url, f"{name} {getattr(found, name)}{unit}", f"{expected}{unit} as in the manifest",
                "The download was deleted. If the source has changed, check the file by hand and correct the manifest",
            )  # fmt: skip
