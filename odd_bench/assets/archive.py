"""Safe unpacking of foreign archives: no file outside the folder, no links, devices or bombs, and all files or none."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from odd_bench.assets.manifest import is_inside
from odd_bench.data.damage import check_plain, reading
from odd_bench.data.errors import DataError
from odd_bench.names import is_left_by_tools, path_problem
from odd_bench.plain_file import open_plain

MOST_RATIO = 300  # unpacked over packed bytes
FREE_BYTES = 1 << 24  # unpacked size below which the ratio is not checked
MOST_READ = 1 << 22  # bytes of one member's header, which is read at once
MOST_MEMBERS = 1_000_000
PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}


def unpack(archive: Path, folder: Path, kind: str) -> list[str]:
    """Unpack a `zip` or `tar` archive into a new folder and return the paths of its files there.

    All names are checked before anything is written. Raises DataError, which names the faulty member; nothing of the archive
    remains then, and an earlier folder is not changed.
    """
    part = folder.with_name(f".{folder.name}.part")  # no entry's name begins with a dot
    shutil.rmtree(part, ignore_errors=True)
    try:
        check_plain(archive, f"a {kind} archive")
        with reading(archive, f"a {kind} archive that can be unpacked", "Nothing was unpacked"):
            part.mkdir(parents=True)
            files = (_unzip if kind == "zip" else _untar)(archive, part)
            if not files:
                raise DataError(archive, "no file in the archive", "files of a collection", "Nothing was unpacked")
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return files


def _unzip(archive: Path, folder: Path) -> list[str]:
    with zipfile.ZipFile(archive) as packed:
        found = [member for member in packed.infolist() if not member.is_dir()]
        for member in found:
            mode = member.external_attr >> 16
            _expect(
                mode == 0 or stat.S_IFMT(mode) in (0, stat.S_IFREG), archive, member.filename, "is not a plain file"
            )
        names, members = _checked(archive, [m.filename for m in found]), {_plain(m.filename): m for m in found}
        _check_size(archive, sum(member.file_size for member in found))
        for name in names:
            with packed.open(members[name]) as source:
                _write(source, folder / name, members[name].file_size)
    return names


def _untar(archive: Path, folder: Path) -> list[str]:
    most = max(FREE_BYTES, MOST_RATIO * archive.stat().st_size)
    with _unpacked(archive) as content, tarfile.open(fileobj=_Bounded(content, most), mode="r:") as packed:
        found = [member for member in _in_order(packed, archive) if not member.isdir()]
        content.seek(packed.offset)  # where reading stopped: at the end, or at an invalid header
        _expect(not any(content.read(tarfile.BLOCKSIZE)), archive, ".", "ends in the middle")
        for member in found:
            _expect(member.isreg(), archive, member.name, "is not a plain file")
        names, members = _checked(archive, [member.name for member in found]), {_plain(m.name): m for m in found}
        _check_size(archive, sum(member.size for member in found))
        for name in names:
            _write(packed.extractfile(members[name]), folder / name, members[name].size)
        while content.read(MOST_READ):  # the checksum of the compression is at the very end
            _expect(content.tell() <= most, archive, ".", f"has more than {most:,} bytes")
    return names


def _in_order(packed: tarfile.TarFile, archive: Path) -> Iterator[tarfile.TarInfo]:
    """Every member once; a member of negative size would lead back to an earlier one without end."""
    for number, member in enumerate(packed):
        _expect(member.size >= 0, archive, member.name, f"has {member.size} bytes")
        _expect(number < MOST_MEMBERS, archive, member.name, f"comes after {MOST_MEMBERS:,} others")
        yield member


class _Bounded:
    """A file that raises an error if more is read, at once or in total, than an archive of plausible size holds."""

    def __init__(self, file, most_bytes: int):
        self._file, self._most = file, most_bytes

    def read(self, count: int) -> bytes:
        if not 0 <= count <= MOST_READ or self._file.tell() > self._most:
            raise tarfile.ReadError(f"{count:,} bytes to read at once, after {self._file.tell():,} bytes")
        return self._file.read(count)

    def seek(self, place: int, whence: int = 0) -> int:
        if not 0 <= place <= self._most:
            raise tarfile.ReadError(f"{place:,} bytes to unpack")
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()


def _unpacked(archive: Path):
    """The tar file inside a compressed one; the first bytes show the compression."""
    with open_plain(archive) as file:
        head = file.read(6)
    opened = next((opened for magic, opened in PACKED.items() if head.startswith(magic)), open)
    return opened(archive, "rb")


def _plain(name: str) -> str:
    """A member's path without `./` before it."""
    return PurePosixPath(name).as_posix()


def _checked(archive: Path, listed: list[str]) -> list[str]:
    """The paths of the members to unpack, sorted, without files that tools left in the archive."""
    _expect(len(listed) <= MOST_MEMBERS, archive, ".", f"holds {len(listed):,} files, more than {MOST_MEMBERS:,}")
    plain = [_plain(name) for name in listed]
    for name in plain:
        _expect(is_inside(name), archive, name[:80], "is outside the folder")
    names = [name for name in plain if not any(map(is_left_by_tools, name.split("/")))]
    _check_names(archive, names)
    return sorted(names)


def _check_names(archive: Path, names: list[str]) -> None:
    """Check that names are valid, differ on every file system, and do not use a file as a folder."""
    seen: set[str] = set()
    for name in names:
        problem = path_problem(name)
        _expect(not problem, archive, name[:60], f"is {problem}")
        _expect(_folded(name) not in seen, archive, name, "occurs twice")
        seen.add(_folded(name))
    for name in names:
        for parent in Path(_folded(name)).parents:
            _expect(parent.as_posix() not in seen, archive, name, "is below a file")


def _folded(name: str) -> str:
    """A key that is equal for names that are the same on some file system: case, accents and trailing dots are normalised."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return "/".join(part.rstrip(". ") for part in composed.split("/"))


def _check_size(archive: Path, unpacked: int) -> None:
    packed = archive.stat().st_size
    if unpacked > max(FREE_BYTES, MOST_RATIO * packed):
        raise DataError(
            archive, f"{unpacked:,} bytes packed in {packed:,}", f"at most {MOST_RATIO} times as many bytes"
        )


def _write(source, path: Path, size: int) -> None:
    """Copy a member of `size` bytes. Raises ValueError if its size differs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with source, open(path, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        if target.tell() != size:
            raise ValueError(f"{path.name!r} has {target.tell():,} bytes instead of the declared {size:,}")


def _expect(truth: bool, archive: Path, member: str, fault: str) -> None:
    if not truth:
        raise DataError(
            archive, f"the member {member!r} {fault}", "plain files inside the folder", "Nothing was unpacked"
        )
