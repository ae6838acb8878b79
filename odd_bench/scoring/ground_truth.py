"""The ground-truth file `ground_truth.json.gz`: everything that scoring needs to know about a data set, without its pictures.

The digest is the SHA-256 of the canonical JSON of all scenes. It therefore changes if and only if something changes that scoring
reads. Writing the same scenes twice gives the same bytes.
"""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import numpy as np
from msgspec import Meta

from odd_bench.atomic import write_atomically
from odd_bench.scene import Scene
from odd_bench.scoring.problems import Problem, ScoringError
from odd_bench.scoring.quick import no_garbage_collection
from odd_bench.scoring.source import read_source
from odd_bench.scoring.strict_json import canonical, digest_of

FORMAT, VERSION = "odd-bench/ground-truth", 1
FILE_NAME = "ground_truth.json.gz"
DECIMALS = 6  # micrometres and microradians: more precise than any label, and short in the file
FRACTION_DECIMALS = 4

SixNumbers = Annotated[tuple[float, ...], Meta(min_length=6, max_length=6)]
SevenNumbers = Annotated[tuple[float, ...], Meta(min_length=7, max_length=7)]


@dataclass(frozen=True)
class TruthObject:
    """The part of an object that scoring needs.

    id: unique in the scene. aabb: (6,), centre x y z and size x y z, metres, world. obb: (7,), centre, local size, and yaw in
    radians. label: 1 = anomalous. type: kind of anomaly, None for a normal object. magnitude: size of the change as a fraction of
    the largest side. visible_fraction: visible / amodal pixels in each view. changed_pixels: visible pixels of the changed region
    in each view; empty if unknown. legacy_box: (6,), the box of the published data, None for other data.
    """

    id: int
    aabb: SixNumbers
    obb: SevenNumbers
    label: Annotated[int, Meta(ge=0, le=1)]
    type: str | None = None
    magnitude: float = 0.0
    visible_fraction: tuple[float, ...] = ()
    changed_pixels: tuple[int, ...] = ()
    legacy_box: SixNumbers | None = None


@dataclass(frozen=True)
class TruthScene:
    """The objects of one scene. shape: name of the base shape, which is the cluster of the bootstrap."""

    name: str
    split: str
    category: str
    shape: str
    objects: tuple[TruthObject, ...]


@dataclass(frozen=True)
class GroundTruth:
    """The ground truth of a data set. digest: `sha256:...` of the scenes. scenes: by name, sorted."""

    name: str
    version: str
    digest: str
    scenes: dict[str, TruthScene]

    def split(self, split: str) -> list[TruthScene]:
        """The scenes of one split, sorted by name."""
        return [scene for scene in self.scenes.values() if scene.split == split]


def truth_scene(scene: Scene) -> TruthScene:
    """The part of a labelled scene that scoring needs. The visible fraction of an object outside a picture is 0."""
    objects = []
    for item in scene.objects:
        amodal = np.maximum(item.amodal_pixels, 1)
        objects.append(
            TruthObject(
                id=int(item.id),
                aabb=tuple(map(float, item.aabb)),
                obb=tuple(map(float, item.obb)),
                label=int(item.label),
                type=item.type,
                magnitude=float(item.magnitude),
                visible_fraction=tuple(map(float, item.visible_pixels / amodal)),
                changed_pixels=tuple(map(int, item.changed_pixels)) if (item.changed_pixels >= 0).all() else (),
                legacy_box=None if item.legacy_box is None else tuple(map(float, item.legacy_box)),
            )
        )
    return TruthScene(scene.name, scene.split, scene.category, scene.shape, tuple(objects))


def write_ground_truth(path: str | Path, dataset_name: str, version: str, scenes: Iterable[TruthScene]) -> str:
    """Write the complete file, or none, and return its digest. Only one scene at a time is in memory."""
    path = Path(path)
    with tempfile.TemporaryFile() as spool:
        pieces = _spooled(scenes, spool)
        sha256 = hashlib.sha256()
        for piece in _body(pieces, spool):
            sha256.update(piece)
        stated = f"sha256:{sha256.hexdigest()}"
        dataset = {"name": dataset_name, "version": version, "digest": stated}
        # "dataset" comes first, so that a reader finds the data set in the first kilobyte
        head = f'{{"dataset":{canonical(dataset)},"format":"{FORMAT}","scenes":'.encode()
        tail = f',"version":{VERSION}}}'.encode()
        write_atomically(path, _gzipped(chain([head], _body(pieces, spool), [tail])))
    return stated


def _spooled(scenes: Iterable[TruthScene], spool: BinaryIO) -> dict[str, tuple[int, int]]:
    """Write the canonical JSON of all scenes to a file, one after another. Returns start and length by name."""
    places, start = {}, 0
    for scene in scenes:
        piece = canonical(scene_json(scene)).encode()
        places[scene.name] = start, len(piece)
        start += spool.write(piece)
    return places


def _body(places: dict[str, tuple[int, int]], spool: BinaryIO) -> Iterator[bytes]:
    """Yield the canonical JSON of all scenes, which equals the result of `scenes_json`, in pieces."""
    between = b"{"
    for name in sorted(places):
        start, length = places[name]
        spool.seek(start)
        yield between + canonical(name).encode() + b":" + spool.read(length)
        between = b","
    yield b"}" if places else b"{}"


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one gzip stream without a timestamp, so that the same pieces give the same bytes."""
    stream = zlib.compressobj(9, wbits=31)
    for piece in pieces:
        yield stream.compress(piece)
    yield stream.flush()


def digest(scenes: Iterable[TruthScene]) -> str:
    """`sha256:` and the 64 hex digits of the hash of the canonical JSON of the scenes."""
    return digest_of(scenes_json(scenes))


def scene_digest(scene: TruthScene) -> str:
    """A digest of one scene, 16 hex digits. Prediction files may contain it, to tell later which scenes have changed."""
    return hashlib.sha256(canonical(scene_json(scene)).encode()).hexdigest()[:16]


class StoredScene(msgspec.Struct):
    """A scene as it is stored in the file, under its name."""

    split: str
    category: str
    shape: str
    objects: tuple[TruthObject, ...]


class StoredDataset(msgspec.Struct):
    """The data set as it is stored in the file."""

    name: str
    version: str
    digest: str


class StoredTruth(msgspec.Struct):
    """The content of the file."""

    format: str
    version: int
    dataset: StoredDataset
    scenes: dict[str, StoredScene]


def read_ground_truth(path: str | Path) -> GroundTruth:
    """Read and verify the file. Raises ScoringError if it is damaged, of another format, or does not match its digest."""
    path = Path(path)
    text = read_text(path)
    try:
        with no_garbage_collection():
            stored = msgspec.json.decode(text, type=StoredTruth)
    except (ValueError, RecursionError) as error:
        raise damaged(path, str(error)[:80]) from error
    if (stored.format, stored.version) != (FORMAT, VERSION):
        raise damaged(path, f"format {stored.format!r}, version {stored.version!r}")
    scenes = {name: truth_of(name, scene) for name, scene in sorted(stored.scenes.items())}
    if stored.dataset.digest != stored_digest(text, scenes):
        raise damaged(path, "scenes that do not match the digest")
    return GroundTruth(stored.dataset.name, stored.dataset.version, stored.dataset.digest, scenes)


def truth_of(name: str, scene: StoredScene) -> TruthScene:
    return TruthScene(name, scene.split, scene.category, scene.shape, scene.objects)


def stored_digest(text: str, scenes: dict[str, TruthScene]) -> str:
    """The digest of the scenes of a file. Files written by this module contain the canonical JSON, which is hashed directly."""
    start, end = text.find('"scenes":') + len('"scenes":'), text.rfind(',"version":')
    as_it_stands = digest_of(text[start:end])
    return as_it_stands if f'"digest":"{as_it_stands}"' in text[:1000] else digest(scenes.values())


def read_text(path: Path) -> str:
    """The text of a .json or .json.gz file. Raises ScoringError if it cannot be read."""
    source, problems = read_source(path)
    if source is None:
        raise damaged(path, problems[0].found)
    return source.text


def damaged(path: Path, found: str) -> ScoringError:
    hint = "Restore the file, or make it again with `odd-bench generate` or `odd-bench data import`"
    return ScoringError([Problem("ground truth", str(path), found, f"{FORMAT} version {VERSION}", hint)])


def scenes_json(scenes: Iterable[TruthScene]) -> str:
    return canonical({scene.name: scene_json(scene) for scene in scenes})


def scene_json(scene: TruthScene) -> dict[str, Any]:
    objects = [object_json(item) for item in sorted(scene.objects, key=lambda item: item.id)]
    return {"split": scene.split, "category": scene.category, "shape": scene.shape, "objects": objects}


def object_json(item: TruthObject) -> dict[str, Any]:
    entry = {
        "id": item.id,
        "aabb": rounded(item.aabb),
        "obb": rounded(item.obb),
        "label": item.label,
        "type": item.type,
        "magnitude": rounded([item.magnitude])[0],
        "visible_fraction": rounded(item.visible_fraction, FRACTION_DECIMALS),
        "changed_pixels": list(item.changed_pixels),
    }
    return entry if item.legacy_box is None else {**entry, "legacy_box": rounded(item.legacy_box)}


def rounded(values: Iterable[float], decimals: int = DECIMALS) -> list[float]:
    """Floats rounded to the precision of the file; -0.0 becomes 0.0."""
    return [round(float(value), decimals) + 0.0 for value in values]
