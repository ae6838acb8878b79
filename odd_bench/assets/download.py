"""Download of one file over HTTP: into a `.part` file, with resume, and checked by its length and checksums."""

from __future__ import annotations

import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from odd_bench import __version__
from odd_bench.assets.checksums import BLOCK, Remote, Sums, check_sums, sums
from odd_bench.data.damage import described
from odd_bench.data.errors import DataError
from odd_bench.plain_file import read_plain

AGENT = f"odd-bench/{__version__}"
ATTEMPTS = 4
WAIT_S = 1.0  # before the second attempt; doubled for each further one
TIMEOUT_S = 30.0  # without receiving a byte
MOST_TEXT_BYTES = 1 << 24  # of a small reply
BUSY = (429, 500, 502, 503, 504)


class Unreachable(DataError):
    """The host cannot be reached: no network, unknown name, or connection refused."""

    in_lines = True  # with the steps by hand


class _BrokenOff(Exception):
    """A transfer that can be resumed."""


def download(
    remote: Remote, target: Path, progress: Callable[[int], None] = lambda received: None, wait_s: float = WAIT_S
) -> Sums:
    """Download a file, or the rest of it, to `target` and return its checksums.

    progress: called with the number of bytes received. Raises Unreachable without a network, and DataError if the file is not the
    expected one; it is then removed.
    """
    part, tag = _part(target), _tag(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not part.exists() or part.stat().st_size != remote.size_bytes:
        try:
            _transfer_patiently(remote, part, tag, progress, wait_s)
        except (ValueError, OverflowError) as error:  # a port of 99999, a length of 5,000 digits
            raise DataError(remote.url, described(error), "an address and a reply that can be read") from error
    found = sums(part)
    try:
        check_sums(remote, found)
    except DataError:
        part.unlink()
        raise
    finally:
        tag.unlink(missing_ok=True)
    os.replace(part, target)
    return found


def get_text(url: str) -> str:
    """The text of a small reply. Raises Unreachable or DataError."""
    try:
        with _opened(_request(url)) as response:
            content = response.read(MOST_TEXT_BYTES + 1)
            if len(content) > MOST_TEXT_BYTES:
                raise ValueError(f"more than {MOST_TEXT_BYTES:,} bytes")
            return content.decode()
    except (_BrokenOff, http.client.HTTPException, OSError, ValueError, OverflowError) as error:
        raise DataError(url, str(error), "an answer", "Run the same command again") from error


def _request(url: str, **headers: str) -> urllib.request.Request:
    """A request for an address, which may contain accents and blanks. Raises ValueError."""
    parts = urllib.parse.urlsplit(url)
    path, query = (urllib.parse.quote(part, safe="/%:;=&?@+,!$'()*~") for part in (parts.path, parts.query))
    plain = urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, query, ""))
    return urllib.request.Request(plain, headers={"User-Agent": AGENT, **headers})


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _tag(target: Path) -> Path:
    """The file that stores the server's version tag of the download."""
    return target.with_name(target.name + ".part.tag")


def _transfer_patiently(remote: Remote, part: Path, tag: Path, progress: Callable[[int], None], wait_s: float) -> None:
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(wait_s * 2 ** (attempt - 1))
        try:
            return _transfer(remote, part, tag, progress)
        except _BrokenOff as broken:
            reason = str(broken)
    raise DataError(
        remote.url, f"{reason}, {ATTEMPTS} times", "the complete file", "Run the same command again to resume"
    )


def _transfer(remote: Remote, part: Path, tag: Path, progress: Callable[[int], None]) -> None:
    start = _resumable(remote, part, tag)
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if version := _version(tag):
            headers["If-Range"] = version
    try:
        with _opened(_request(remote.url, **headers)) as response:
            start, total = _span(response, start)
            _check_length(remote, total)
            tag.write_text(response.headers.get("ETag") or response.headers.get("Last-Modified") or "")
            _receive(response, part, start, total or remote.size_bytes, progress)
    except urllib.error.HTTPError as error:
        if error.headers.get("Content-Range") == f"bytes */{start}":
            return  # the file is complete
        part.unlink(missing_ok=True)
        raise _BrokenOff("a piece longer than the file") from error


def _resumable(remote: Remote, part: Path, tag: Path) -> int:
    """The number of bytes of the `.part` file that may be kept: 0 if a change of the file on the server would go unnoticed."""
    if not part.exists() or not (remote.md5 or remote.sha256 or _version(tag)):
        return 0
    size = part.stat().st_size
    return size if remote.size_bytes is None or size < remote.size_bytes else 0


def _version(tag: Path) -> str:
    """The server's version tag of the `.part` file; empty if it is not reliable."""
    version = read_plain(tag).decode(errors="replace") if tag.exists() else ""
    return "" if version.startswith("W/") else version


def _span(response, asked: int) -> tuple[int, int | None]:
    """The position at which the reply starts in the file, and the length of the whole file if the server states it."""
    if response.status == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if match and int(match[1]) == asked:
            return asked, None if match[2] == "*" else int(match[2])
        raise _BrokenOff(f"bytes from {match[1] if match else 'an unknown position'} instead of {asked}")
    length = response.headers.get("Content-Length") or ""
    return 0, int(length) if length.isascii() and length.isdigit() else None


def _check_length(remote: Remote, total: int | None) -> None:
    if total is not None and remote.size_bytes is not None and total != remote.size_bytes:
        raise DataError(
            remote.url, f"{total:,} bytes", f"{remote.size_bytes:,} as in the manifest", "Correct the manifest"
        )


def _receive(response, part: Path, start: int, total: int | None, progress: Callable[[int], None]) -> None:
    received = start
    try:
        with open(part, "r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            while block := response.read(BLOCK):
                file.write(block)
                received += len(block)
                progress(received)
                if total is not None and received > total:
                    raise DataError(
                        part, f"more than {total:,} bytes", "a file of the stated length", "Correct the manifest"
                    )
    except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
        raise _BrokenOff(f"a lost connection after {received:,} bytes") from error
    if total is not None and received < total:
        raise _BrokenOff(f"{received:,} bytes of {total:,}")


@contextmanager
def _opened(request: urllib.request.Request) -> Iterator[http.client.HTTPResponse]:
    """The reply. Raises Unreachable, DataError for permanent errors, HTTPError 416, and _BrokenOff for temporary errors."""
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            raise
        if error.code in BUSY:
            raise _BrokenOff(f"HTTP {error.code}") from error
        raise DataError(request.full_url, f"HTTP {error.code} {error.reason}", "the file") from error
    except urllib.error.URLError as error:
        raise Unreachable(request.full_url, str(error.reason), "an answer") from error
    except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
        raise _BrokenOff(f"no answer ({type(error).__name__})") from error
    with response:
        yield response
