"""HDF5 files of scenes: staging one finished scene, packing many into a shard, and opening and checking both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import h5py

from odd_bench.atomic import write_atomically
from odd_bench.data.codec import CodecConfig
from odd_bench.data.damage import Inaccessible, again, check_plain, described, reading
from odd_bench.data.digest import image_sha256, label_sha256
from odd_bench.data.errors import DataError
from odd_bench.data.fields import Place, Storage, attribute, has_field, place, scene_names, subgroup, text
from odd_bench.data.layout import FIELDS, SCENE_ATTRIBUTES, write_scene
from odd_bench.data.record import SceneRecord
from odd_bench.data.stored_scene import Labels, StoredScene
from odd_bench.scene import Scene

FORMAT, VERSION = "odd-bench/shard", 1
WHOLE = "a whole HDF5 file"


@dataclass(frozen=True)
class SceneDigests:
    """The name of a stored scene, and the SHA-256 digests of its plan line, its labels and its pictures."""

    name: str
    plan_sha256: str
    label_sha256: str
    image_sha256: str


def write_staged(path: Path, record: SceneRecord, codec: CodecConfig) -> SceneDigests:
    """Write one finished scene to a file of its own. The file appears at `path` after it has been written and read back.

    Raises DataError if the arrays of the record do not match each other, and StorageError if the file cannot be written.
    """
    with _memory_file() as file:
        file.attrs["codec"] = codec.name
        write_scene(file.create_group("scenes"), record, codec)
        wanted = _stored_digests(stored_scene(file, record.scene.name))
        content = _finished(file)
    write_atomically(Path(path), content, lambda part: _expect([wanted], verify_shard(part), part))
    return wanted


def pack_shard(staged_paths: Sequence[Path], shard_path: Path, dataset_name: str, split: str) -> list[SceneDigests]:
    """Copy staged scenes, without decoding them, into one shard. Returns the digests in the order of `staged_paths`.

    The shard appears at `shard_path` after every scene in it has been read back and has the digests with which it was staged.
    The staged files stay. The same staged files give the same bytes. Raises DataError if a staged file is damaged or belongs to
    another shard, and StorageError if the shard cannot be written.
    """
    wanted = []
    with _memory_file() as shard:
        shard.attrs["dataset"], shard.attrs["split"] = dataset_name, split
        scenes = shard.create_group("scenes")
        for path in staged_paths:
            with opened(path) as staged:
                wanted += [_copy(staged, scenes, name, path) for name in scene_names(staged)]
        content = _finished(shard)
    write_atomically(Path(shard_path), content, lambda part: _expect(wanted, verify_shard(part), part))
    return wanted


def salvage_scenes(path: Path, wanted: Mapping[str, str], staged: Callable[[str], Path]) -> set[str]:
    """Stage the undamaged wanted scenes of a damaged shard, and return their names.

    wanted: plan digests by scene name. staged: maps a scene's name to the path of its staged file. A shard packed from salvaged
    scenes has the same bytes as before. Raises DataError if the file cannot be opened at all, and StorageError if a staged file
    cannot be written.
    """
    saved = set()
    with opened(path) as file:
        for name, plan_sha256 in wanted.items():
            try:
                with reading(path, WHOLE):
                    stored = stored_scene(file, name)
                    digests = verify_scene(stored)
                    content = _staged_content(file, stored)
            except DataError:
                continue
            if digests.plan_sha256 == plan_sha256:
                write_atomically(
                    staged(name), content, lambda part, one=digests: _expect([one], verify_shard(part), part)
                )
                saved.add(name)
    return saved


def verify_shard(path: Path) -> list[SceneDigests]:
    """Recompute the digests of every scene from its content. A staged file counts as a shard of one scene.

    Raises DataError, with the scene and the digest, if a digest is not the stored one.
    """
    with opened(path) as file:
        return [verify_scene(scene) for scene in stored_scenes(file)]


def read_scenes(path: Path) -> Iterator[Scene]:
    """Yield the cameras and objects of every scene of a shard. Raises DataError if the shard cannot be read."""
    with opened(path) as file:
        for scene in stored_scenes(file):
            yield scene.scene


def verify_scene(stored: StoredScene, labels: Labels | None = None) -> SceneDigests:
    """Recompute the digests of one scene. Raises DataError if one is not the stored one or a field cannot be read.

    labels: the labels of the scene, if they have been read already.
    """
    digests = _stored_digests(stored)
    found = labels or stored.labels()
    label = label_sha256(stored.scene, found.instance, found.change, found.depth_steps, digests.plan_sha256)
    images = image_sha256(*stored.encoded_images())
    for name, content, expected in (
        ("label_sha256", label, digests.label_sha256),
        ("image_sha256", images, digests.image_sha256),
    ):
        if content != expected:
            where = place(stored.group, name)
            raise DataError(where, f"content {content[:12]}", expected[:12], again(stored.group.file.filename))
    return digests


def stored_scenes(file: h5py.File) -> Iterator[StoredScene]:
    """Yield the scenes of an open shard in the order of their names."""
    for name in scene_names(file):
        yield stored_scene(file, name)


def stored_scene(file: h5py.File, name: str) -> StoredScene:
    """One scene of an open shard. Raises DataError if it does not exist, or is only a link."""
    return OpenShard(file).scene(name)


class OpenShard:
    """An open shard, for reading many of its scenes."""

    def __init__(self, file: h5py.File):
        with reading(f"{file.filename}/scenes", "a group of scenes"):
            self._scenes, self._storage = subgroup(file, "scenes"), Storage.of(file)

    def scene(self, name: str) -> StoredScene:
        """One scene of the shard. Raises DataError if it does not exist, or is only a link."""
        with reading(Place(self._scenes, name), "a scene"):
            return StoredScene(subgroup(self._scenes, name), name, self._storage)


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open a shard for reading, as a context. Raises DataError as `open_shard` does; other exceptions pass unchanged."""
    with open_shard(path) as file:
        yield file


def open_shard(path: Path) -> h5py.File:
    """Open a shard for reading. Raises DataError if it is missing, in use, damaged, unfinished or of another format."""
    path = Path(path)
    check_plain(path, "an odd-bench shard")
    try:
        with reading(path, WHOLE):
            file = h5py.File(path, "r")
    except DataError as error:
        raise _cannot_open(path, error) from error.__cause__
    try:
        with reading(path, WHOLE):
            problem = _header_problem(file)
    except DataError:
        file.close()
        raise
    if problem is not None:
        file.close()
        raise DataError(path, *problem)
    return file


def _cannot_open(path: Path, error: DataError) -> DataError:
    """The error, extended by the size of the file if the file itself is the cause."""
    if isinstance(error, Inaccessible) or error.found != described(error.__cause__):
        return error
    return DataError(path, f"{path.stat().st_size:,} bytes that HDF5 cannot open ({error.found})", WHOLE, error.hint)


def _header_problem(file: h5py.File) -> tuple[str, str, str] | None:
    """What was found, what was expected, and a hint, if a file is not a finished shard of this version; otherwise None."""
    form, version = attribute(file, "format", str), attribute(file, "version", int)
    if form != FORMAT:
        return f"format {form!r}", FORMAT, "Move the foreign file out of the data set's folder"
    if version != VERSION:
        return (
            f"version {version}",
            f"version {VERSION}",
            "Use the release of odd-bench that wrote it, or make the data set again",
        )
    if not attribute(file, "complete", bool) or not has_field(file, "scenes"):
        return "an unfinished shard", "complete = True", again(file.filename)
    return None


def _staged_content(shard: h5py.File, stored: StoredScene) -> bytes:
    """The bytes of a staged file with one scene of a shard, copied without decoding."""
    with _memory_file() as file:
        file.attrs["codec"] = text(shard, "codec")
        shard.copy(stored.group, file.create_group("scenes"), stored.name)
        return _finished(file)


_numbers = count()  # HDF5 identifies open files by name, even those in memory


def _memory_file() -> h5py.File:
    """A new HDF5 file in memory. HDF5 then never meets a full disk, and the bytes can be written atomically."""
    file = h5py.File(f"shard-{next(_numbers)}", "w", driver="core", backing_store=False, block_size=1 << 20)
    file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
    return file


def _finished(file: h5py.File) -> bytes:
    """Mark the file as complete and return its bytes."""
    file.attrs["complete"] = True
    file.flush()
    return file.id.get_file_image()


def _copy(staged: h5py.File, scenes: h5py.Group, name: str, path: Path) -> SceneDigests:
    shard, scene = scenes.file, stored_scene(staged, name)
    own_codec, split = text(staged, "codec"), scene.text("split")
    codec = shard.attrs.setdefault("codec", own_codec)
    if codec != own_codec or split != shard.attrs["split"] or name in scenes:
        found = f"codec {own_codec}, split {split}, {'a second' if name in scenes else 'one'} {name}"
        raise DataError(path, found, f"codec {codec}, split {shard.attrs['split']}, every scene once", again(path))
    with reading(path, WHOLE):
        staged.copy(scene.group, scenes, name)
    return _stored_digests(stored_scene(shard, name))


def _stored_digests(stored: StoredScene) -> SceneDigests:
    missing = [name for name in FIELDS if not has_field(stored.group, name)]
    missing += [name for name in SCENE_ATTRIBUTES if attribute(stored.group, name, str) is None]
    if missing:
        where = place(stored.group)
        raise DataError(where, f"no {', '.join(missing)}", "every field of a scene", again(stored.group.file.filename))
    return SceneDigests(stored.name, *map(stored.text, ("plan_sha256", "label_sha256", "image_sha256")))


def _expect(wanted: list[SceneDigests], found: list[SceneDigests], path: Path) -> None:
    """Raise DataError unless the file that was just written contains exactly the wanted scenes."""
    if sorted(wanted, key=lambda one: one.name) != found:
        raise DataError(path, f"{len(found)} scenes read back", f"the {len(wanted)} scenes written", "Check the disk")
