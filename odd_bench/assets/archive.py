"""Unpacking archives of others: nothing outside the folder, no links, no devices, no bombs, all or nothing."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

from odd_bench.assets.manifest import is_inside
from odd_bench.data.errors import DataError

MOST_RATIO = 300  # unpacked over packed bytes
FREE_BYTES = 1 << 24  # unpacked to less than this, the ratio does not matter


def unpack(archive: Path, folder: Path, kind: str) -> list[str]:
    """Unpack a `zip` or `tar` archive into a new folder and return the paths of its files there.

    All names are checked before anything is written. Raises DataError that names the member at fault; then nothing is left.
    """
    part = folder.with_name(folder.name + ".part")
    for old in (part, folder):
        shutil.rmtree(old, ignore_errors=True)
    try:
        files = (_unzip if kind == "zip" else _untar)(archive, part)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise DataError(
            archive, str(error) or type(error).__name__, f"a {kind} archive that can be unpacked"
        ) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    part.rename(folder)
    return files


def _unzip(archive: Path, folder: Path) -> list[str]:
    with zipfile.ZipFile(archive) as packed:
        members = [member for member in packed.infolist() if not member.is_dir()]
        for member in members:
            mode = member.external_attr >> 16
            _expect(mode == 0 or stat.S_IFMT(mode) in (0, stat.S_IFREG), archive, member.filename, "not a plain file")
        _check_names(archive, [member.filename for member in members])
        _check_size(archive, sum(member.file_size for member in members))
        for member in members:
            with packed.open(member) as source:
                _write(source, folder / member.filename)
    return sorted(member.filename for member in members)


def _untar(archive: Path, folder: Path) -> list[str]:
    with tarfile.open(archive) as packed:
        members = [member for member in packed.getmembers() if not member.isdir()]
        for member in members:
            _expect(member.isreg(), archive, member.name, "not a plain file")
        _check_names(archive, [member.name for member in members])
        _check_size(archive, sum(member.size for member in members))
        for member in members:
            _write(packed.extractfile(member), folder / member.name)
    return sorted(Path(member.name).as_posix() for member in members)


def _check_names(archive: Path, names: list[str]) -> None:
    """Names that stay inside, differ even where case does not count, and do not use a file as a folder."""
    seen: set[str] = set()
    for name in names:
        _expect(is_inside(name), archive, name, "outside its folder")
        _expect(name.lower() not in seen, archive, name, "there twice")
        seen.add(name.lower())
    for name in names:
        for parent in Path(name.lower()).parents:
            _expect(parent.as_posix() not in seen, archive, name, "below a file")


def _check_size(archive: Path, unpacked: int) -> None:
    packed = archive.stat().st_size
    if unpacked > max(FREE_BYTES, MOST_RATIO * packed):
        raise DataError(archive, f"{unpacked:,} bytes packed in {packed:,}", f"at most {MOST_RATIO} times as many")


def _write(source, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with source, open(path, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _expect(truth: bool, archive: Path, member: str, fault: str) -> None:
    if not truth:
        raise DataError(
            archive, f"the member {member!r} {fault}", "plain files inside the folder", "Nothing was unpacked"
        )
