"""Fetches a collection entry by entry; each is verified and written into the lock file before the next."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from odd_bench.assets import polyhaven
from odd_bench.assets.archive import unpack
from odd_bench.assets.arrange import arrange
from odd_bench.assets.checksums import Remote, sums
from odd_bench.assets.download import WAIT_S, Unreachable, download
from odd_bench.assets.find import find
from odd_bench.assets.lock import Lock, LockedEntry, LockedFile, read_lock
from odd_bench.assets.manifest import Entry, Manifest
from odd_bench.assets.verify import file_problem
from odd_bench.atomic import storage_errors
from odd_bench.data.errors import DataError
from odd_bench.errors import WrongUse
from odd_bench.locking import locked as held

DOWNLOADS, UNPACKED, READY = "downloads", "unpacked", "ready"
AT_WORK = ".fetch.lock"  # held by the call that changes the folder
FOLDER_ENTRY = "from folder"  # entry of the lock file for shapes from a folder of the user
LIMIT_S = 120.0  # processor time for converting one file


class ByHand(WrongUse):
    """A collection that cannot be downloaded; the message ends with the steps to get it."""

    in_lines = True


@dataclass
class Outcome:
    """fetched, kept: names of entries; kept entries existed already and are unchanged. failed: reason by entry or file.

    unpainted: missing textures by shape.
    """

    fetched: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    unpainted: dict[str, str] = field(default_factory=dict)


def by_hand(manifest: Manifest) -> str:
    """The steps to get the collection without this program."""
    steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(manifest.steps, 1))
    return f"{manifest.title}, {manifest.source}\n{steps}"


def fetch(
    manifest: Manifest,
    folder: Path,
    only: tuple[str, ...] = (),
    progress: Callable[[str, int, int | None], None] = lambda entry, received, total: None,
    wait_s: float = WAIT_S,
) -> Outcome:
    """Download all entries of a collection, or the named ones, into its folder.

    progress: called with an entry, the bytes received and the total. If an entry fails, it is reported and the next one is fetched.
    A host that cannot be reached is not asked again. Raises ByHand if there is nothing to download, Unreachable, with the steps by
    hand, if no host can be reached, and InUse if another call is running in the folder.
    """
    if manifest.obtain == "by hand":
        raise ByHand(
            f"{manifest.name}: found nothing to download; expected your copy of it, with --from. "
            f"Get it by hand:\n{by_hand(manifest)}"
        )
    entries = [manifest.entry(name) for name in only] or list(manifest.entries)
    with held(folder / AT_WORK):
        return _fetch(manifest, entries, folder, progress, wait_s)


def _fetch(manifest: Manifest, entries: list[Entry], folder: Path, progress, wait_s: float) -> Outcome:
    lock = read_lock(folder) or Lock(manifest.name, manifest.source)
    outcome, silent = Outcome(), {}  # hosts that cannot be reached, and why
    for entry in entries:
        locked = lock.entries.get(entry.name)
        if locked and not any(file_problem(folder, path, file) for path, file in locked.files.items()):
            outcome.kept.append(entry.name)
            continue
        if (host := _host(manifest, entry)) in silent:
            outcome.failed[entry.name] = str(silent[host])
            continue
        try:
            with storage_errors(folder, "space for the download in a writable folder"):
                lock.entries[entry.name] = _fetch_entry(manifest, entry, folder, progress, wait_s)
        except Unreachable as error:
            silent[host], outcome.failed[entry.name] = error, str(error)
            continue
        except DataError as error:
            outcome.failed[entry.name] = str(error)
            continue
        lock.save(folder)
        outcome.fetched.append(entry.name)
    reasons = {str(error) for error in silent.values()}
    if reasons and not outcome.fetched and reasons.issuperset(outcome.failed.values()):
        error = next(iter(silent.values()))
        raise Unreachable(
            error.where, error.found, error.expected, f"Without a network:\n{by_hand(manifest)}"
        ) from error
    return outcome


def _host(manifest: Manifest, entry: Entry) -> str:
    """The host of an entry, or the address itself if it has none."""
    url = manifest.api if entry.polyhaven else entry.url
    try:
        return urlsplit(url).netloc
    except ValueError:
        return url


def take_folder(
    manifest: Manifest,
    source: Path,
    folder: Path,
    most: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Arrange shapes that the user unpacked for the shape library, by the layouts of the manifest.

    most: the most shapes, evenly spread over the folder. progress: called with the numbers of finished and of all shapes. Raises
    DataError if the folder holds none, InUse if another call is running in `folder`.
    """
    if not manifest.layouts:
        raise DataError(manifest.name, "no layout in its manifest", "a collection that can be read from a folder")
    found = find(source, manifest.layouts, _categories(manifest), most)
    with held(folder / AT_WORK):
        arranged = arrange(found, source, folder / READY, LIMIT_S, progress)
        files = {f"{READY}/{path}" for paths in arranged.shapes.values() for path in paths}
        lock = read_lock(folder) or Lock(manifest.name, manifest.source)
        lock.entries[FOLDER_ENTRY] = LockedEntry(manifest.licence, {}, _locked(folder, files))
        lock.save(folder)
    return Outcome(fetched=list(arranged.shapes), failed=arranged.refused, unpainted=arranged.unpainted)


def _fetch_entry(manifest: Manifest, entry: Entry, folder: Path, progress, wait_s: float) -> LockedEntry:
    downloads, files = {}, set()
    for remote in _remotes(manifest, entry):
        received = download(
            remote,
            folder / remote.path,
            lambda count, size=remote.size_bytes: progress(entry.name, count, size),
            wait_s,
        )
        downloads[remote.url] = received.sha256
        files.add(remote.path)
    if entry.unpack:
        files = _unpacked(manifest, entry, folder)
    return LockedEntry(manifest.licence_of(entry), downloads, _locked(folder, files))


def _remotes(manifest: Manifest, entry: Entry) -> tuple[Remote, ...]:
    if entry.polyhaven:
        return polyhaven.remotes(entry, manifest.api)
    if not entry.url:
        raise DataError(f"{manifest.name}: {entry.name}", "no url in its manifest", "a url to download from")
    return (Remote(entry.url, f"{DOWNLOADS}/{entry.file}", entry.size_bytes, entry.md5, entry.sha256),)


def _unpacked(manifest: Manifest, entry: Entry, folder: Path) -> set[str]:
    """Unpack the download, remove the archive, and arrange its shapes; returns the paths of all files that remain."""
    archive, place = folder / DOWNLOADS / entry.file, folder / UNPACKED / entry.name
    place.parent.mkdir(parents=True, exist_ok=True)
    files = {f"{UNPACKED}/{entry.name}/{path}" for path in unpack(archive, place, entry.unpack)}
    if manifest.layouts:
        found = find(folder / UNPACKED, manifest.layouts, _categories(manifest), below=entry.name)
        arranged = arrange(found, folder / UNPACKED, folder / READY, LIMIT_S)
        if arranged.refused:
            shutil.rmtree(place)
            raise DataError(place, "; ".join(arranged.refused.values()), "shapes that can be read")
        files |= {f"{READY}/{path}" for paths in arranged.shapes.values() for path in paths}
    archive.unlink()
    return files


def _categories(manifest: Manifest) -> dict[str, str]:
    return {entry.name: entry.category for entry in manifest.entries if entry.category}


def _locked(folder: Path, files: set[str]) -> dict[str, LockedFile]:
    checked = {path: sums(folder / path) for path in sorted(files)}
    return {path: LockedFile(found.size_bytes, found.sha256) for path, found in checked.items()}
