"""HDF5 files of scenes: one finished scene staged, many packed into a shard, either opened and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py

from odd_bench.atomic import write_atomically
from odd_bench.data.codec import CodecConfig
from odd_bench.data.digest import image_sha256, label_sha256
from odd_bench.data.errors import DataError
from odd_bench.data.layout import FIELDS, SCENE_ATTRIBUTES, read_masks, read_record, read_scene, write_scene
from odd_bench.data.record import SceneRecord

FORMAT, VERSION = "odd-bench/shard", 1
AGAIN = "Remove the file and run the same generate command again"


@dataclass(frozen=True)
class SceneDigests:
    """What identifies a stored scene: its name and the sha256 of its plan line, its labels and its pictures."""

    name: str
    plan_sha256: str
    label_sha256: str
    image_sha256: str


def write_staged(path: Path, record: SceneRecord, codec: CodecConfig) -> SceneDigests:
    """Keep one finished scene in its own small file: it appears under `path` only once it is on the disk and reads back.

    Raises DataError where the record's arrays do not fit each other, StorageError where it cannot be written.
    """
    with _memory_file() as file:
        file.attrs["codec"] = codec.name
        write_scene(file.create_group("scenes"), record, codec)
        wanted = _stored_digests(file["scenes"][record.scene.name])
        content = _finished(file)
    write_atomically(Path(path), content, lambda part: _expect([wanted], verify_shard(part), part))
    return wanted


def read_staged(path: Path) -> SceneRecord:
    """The one scene of a staged file. Raises DataError on anything that is not a whole, undamaged staged file."""
    with open_shard(path) as file:
        names = list(file["scenes"])
        if len(names) != 1:
            raise DataError(path, f"{len(names)} scenes", "one staged scene", AGAIN)
        group = file["scenes"][names[0]]
        verify_scene(group)
        return read_record(group)


def pack_shard(staged_paths: Sequence[Path], shard_path: Path, dataset_name: str, split: str) -> list[SceneDigests]:
    """Copy staged scenes, still encoded, into one shard. Returns the digests in the order of `staged_paths`.

    The shard appears under `shard_path` only once every scene in it reads back with the digests it was staged with. The
    staged files stay. The same staged files give the same bytes. Raises DataError as `write_staged` does.
    """
    wanted = []
    with _memory_file() as shard:
        shard.attrs["dataset"], shard.attrs["split"] = dataset_name, split
        scenes = shard.create_group("scenes")
        for path in staged_paths:
            with open_shard(path) as staged:
                wanted += [_copy(staged, scenes, name, path) for name in staged["scenes"]]
        content = _finished(shard)
    write_atomically(Path(shard_path), content, lambda part: _expect(wanted, verify_shard(part), part))
    return wanted


def salvage_scenes(path: Path, wanted: Mapping[str, str], staged: Callable[[str], Path]) -> set[str]:
    """Stage the wanted scenes of a damaged shard that are whole themselves; returns their names.

    wanted: plan digest by scene name. staged: where to keep a scene, by name. What was staged and packed again has the bytes it
    would have had. Raises DataError where the file as a whole cannot be opened, StorageError where nothing can be written.
    """
    saved = set()
    with open_shard(path) as file:
        for name, plan_sha256 in wanted.items():
            try:
                digests = verify_scene(file["scenes"][name])
                content = _staged_content(file, name)
            except Exception:
                continue
            if digests.plan_sha256 == plan_sha256:
                write_atomically(
                    staged(name), content, lambda part, one=digests: _expect([one], verify_shard(part), part)
                )
                saved.add(name)
    return saved


def verify_shard(path: Path) -> list[SceneDigests]:
    """Digests of every scene, recomputed from its content; a staged file is a shard of one scene.

    Raises DataError naming the scene and the digest that is not the stored one.
    """
    with open_shard(path) as file:
        return [verify_scene(group) for group in file["scenes"].values()]


def verify_scene(group: h5py.Group) -> SceneDigests:
    """Recompute the digests of one scene group; DataError where one is not the stored one or a field cannot be read."""
    stored = _stored_digests(group)
    try:
        depth = group["depth"][()] if "depth" in group else None
        scene = read_scene(group)
        instance, change = read_masks(group, range(len(scene.cameras)))
        labels = label_sha256(scene, instance, change, depth, stored.plan_sha256)
        images = image_sha256(group["images"][()], group["image_offsets"][()])
    except (OSError, ValueError, IndexError, TypeError, SyntaxError) as error:  # as h5py, numpy and Pillow put it
        raise DataError(f"{group.file.filename}{group.name}", str(error), "fields that can be read", AGAIN) from error
    for name, found, expected in (
        ("label_sha256", labels, stored.label_sha256),
        ("image_sha256", images, stored.image_sha256),
    ):
        if found != expected:
            raise DataError(f"{group.file.filename}{group.name}/{name}", f"content {found[:12]}", expected[:12], AGAIN)
    return stored


def open_shard(path: Path) -> h5py.File:
    """Open a shard for reading. Raises DataError where it is absent, truncated, foreign, unfinished or of another version."""
    path = Path(path)
    if not path.is_file():
        raise DataError(path, "no such file", "an odd-bench shard")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(path, f"{path.stat().st_size:,} bytes that HDF5 cannot open ({_reason(error)})",
                        "a whole HDF5 file", AGAIN) from error  # fmt: skip
    problem = _header_problem(file)
    if problem is not None:
        file.close()
        raise DataError(path, *problem)
    return file


def _header_problem(file: h5py.File) -> tuple[str, str, str] | None:
    """Found, expected and hint where a file is not a finished shard of this version."""
    if file.attrs.get("format") != FORMAT:
        return f"format {file.attrs.get('format')!r}", FORMAT, "Move the foreign file out of the data set's folder"
    if file.attrs.get("version") != VERSION:
        hint = "Use the release of odd-bench that wrote it, or make the data set again"
        return f"version {file.attrs.get('version')}", f"version {VERSION}", hint
    if not file.attrs.get("complete") or "scenes" not in file:
        return "an unfinished shard", "complete = True", AGAIN
    return None


def _reason(error: OSError) -> str:
    """The part of an HDF5 error that a user can read."""
    return str(error).partition("(")[2].rstrip(")") or str(error)


def _staged_content(shard: h5py.File, name: str) -> bytes:
    """The bytes of a staged file with one scene of a shard, still encoded."""
    with _memory_file() as file:
        file.attrs["codec"] = shard.attrs["codec"]
        shard.copy(shard["scenes"][name], file.create_group("scenes"), name)
        return _finished(file)


def _memory_file() -> h5py.File:
    """A new HDF5 file in memory: HDF5 never meets a full disk, and the bytes can be written in one go."""
    file = h5py.File("shard", "w", driver="core", backing_store=False, block_size=1 << 20)
    file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
    return file


def _finished(file: h5py.File) -> bytes:
    """Mark the file complete. Returns its bytes."""
    file.attrs["complete"] = True
    file.flush()
    return file.id.get_file_image()


def _copy(staged: h5py.File, scenes: h5py.Group, name: str, path: Path) -> SceneDigests:
    shard = scenes.file
    codec = shard.attrs.setdefault("codec", staged.attrs["codec"])
    split = staged["scenes"][name].attrs["split"]
    if codec != staged.attrs["codec"] or split != shard.attrs["split"] or name in scenes:
        found = f"codec {staged.attrs['codec']}, split {split}, {'a second' if name in scenes else 'one'} {name}"
        raise DataError(path, found, f"codec {codec}, split {shard.attrs['split']}, every scene once", AGAIN)
    staged.copy(staged["scenes"][name], scenes, name)
    return _stored_digests(scenes[name])


def _stored_digests(group: h5py.Group) -> SceneDigests:
    missing = [field for field in FIELDS if field not in group]
    missing += [name for name in SCENE_ATTRIBUTES if name not in group.attrs]
    if missing:
        raise DataError(
            f"{group.file.filename}{group.name}", f"no {', '.join(missing)}", "every field of a scene", AGAIN
        )
    attributes = (group.attrs[name] for name in ("plan_sha256", "label_sha256", "image_sha256"))
    return SceneDigests(group.name.rsplit("/", 1)[-1], *attributes)


def _expect(wanted: list[SceneDigests], found: list[SceneDigests], path: Path) -> None:
    """Raise DataError unless the file that was just written holds exactly the wanted scenes."""
    if sorted(wanted, key=lambda one: one.name) != found:
        raise DataError(path, f"{len(found)} scenes read back", f"the {len(wanted)} scenes written", "Check the disk")
