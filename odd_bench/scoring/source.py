"""Reading the text of an input once, from a file (plain or gzipped), a pipe, or standard input (`-`)."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from odd_bench.plain_file import open_plain
from odd_bench.scoring.problems import Problem

LARGEST_FILE_BYTES = 2**30
CHUNK_BYTES = 2**25  # most files are one chunk, which needs no joining
GZIP = b"\x1f\x8b"
STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """The content of an input. text: decoded from UTF-8 and uncompressed. sha256: hash of the bytes as they were read."""

    text: str
    sha256: str


class Refused(Exception):
    """Raised to stop reading a file. args: `found`, `expected` and `hint` of the problem."""


def read_source(path: Path, pipes: bool = False) -> tuple[Source | None, list[Problem]]:
    """Read a plain or gzipped UTF-8 file. If that fails, the source is None and the problems say why.

    Reading stops at LARGEST_FILE_BYTES. pipes: whether the path may be a pipe. Allow this only for a path that the user states:
    reading a pipe that lies in a folder may block forever, because nothing may ever write to it.
    """
    try:
        return read_once(path, pipes), []
    except Refused as reason:
        found, expected, hint = reason.args
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        found, expected, hint = str(error), "a complete gzip file", "Compress or copy the file again"
    except OSError as error:
        found, expected = error.strerror or str(error), "a readable file"
        hint = "Check the path and its permissions"
    return None, [Problem("format", str(path), found, expected, hint)]


def read_once(path: Path, pipes: bool) -> Source:
    """Read, uncompress and decode a file in one pass. Raises Refused, OSError, or an error of gzip or zlib."""
    digest = hashlib.sha256()
    with opened(path, pipes) as file:
        raw = counted(file)
        first = next(raw, b"")
        digest.update(first)
        if first.startswith(GZIP):
            packed = [first]
            for chunk in raw:
                digest.update(chunk)
                packed.append(chunk)
            with gzip.open(io.BytesIO(b"".join(packed))) as unpacked:
                return Source(decoded(counted(unpacked)), digest.hexdigest())
        return Source(decoded(hashed(first, raw, digest)), digest.hexdigest())


def opened(path: Path, pipes: bool) -> AbstractContextManager[BinaryIO]:
    if str(path) == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    return path.open("rb") if pipes else open_plain(path)


def hashed(first: bytes, rest: Iterator[bytes], digest: Any) -> Iterator[bytes]:
    """Yield the first chunk, which is already hashed, then the others, hashing each."""
    yield first
    for chunk in rest:
        digest.update(chunk)
        yield chunk


def counted(file: BinaryIO) -> Iterator[bytes]:
    """Yield the chunks of a file. Raises Refused as soon as they exceed LARGEST_FILE_BYTES together."""
    read = 0
    while chunk := file.read(CHUNK_BYTES):
        read += len(chunk)
        if read > LARGEST_FILE_BYTES:
            raise Refused("more than 1 GiB", "at most 1 GiB", "Score one split at a time")
        yield chunk


def decoded(chunks: Iterator[bytes]) -> str:
    """Decode the chunks. Raises Refused at the first byte that is not UTF-8, and for a chunk of zero bytes."""
    decoder, parts, read = codecs.getincrementaldecoder("utf-8-sig")(), [], 0
    for chunk in chunks:
        start = read - len(decoder.getstate()[0])
        try:
            parts.append(decoder.decode(chunk))
        except UnicodeDecodeError as error:
            raise not_text(error, start) from error
        if chunk.startswith(b"\0") and not any(chunk):
            raise Refused("zero bytes", "UTF-8 text", "Is it a device, or a file whose content was lost?")
        read += len(chunk)
    try:
        parts.append(decoder.decode(b"", final=True))
    except UnicodeDecodeError as error:
        raise not_text(error, read - len(error.object)) from error
    return "".join(filter(None, parts))  # a single part is not copied


def not_text(error: UnicodeDecodeError, start: int) -> Refused:
    found = f"byte {error.object[error.start]:#04x} at offset {start + error.start}"
    return Refused(found, "UTF-8 text", "Save the file as UTF-8")
