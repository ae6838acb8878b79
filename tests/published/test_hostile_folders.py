"""A hostile scene folder is refused with a reason and the others are imported: nothing hangs, and nothing outside changes."""

import json
import os
import shutil
import struct
import zlib

import pytest
from typer.testing import CliRunner

from odd_bench.cli.data import app
from odd_bench.data.codec import CodecConfig
from odd_bench.data.errors import DataError
from odd_bench.data.reader import open_dataset
from odd_bench.data.run_folder import FolderError
from odd_bench.errors import StorageError
from odd_bench.published import run
from odd_bench.published.plan import ImportConfig, list_scenes
from odd_bench.published.run import _map_apart, import_scene
from odd_bench.published.splits import read_splits
from tests.data.hostile_shards import _png
from tests.published.deadly_reader import reads_or_dies
from tests.published.scene_folder_writer import names, write_scene_folder

GOOD = "mug_001-scene0"
NESTED = "[" * 200_000
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 256 256\n%%EndComments\n"


def exr(width, height):
    """An EXR header that only declares its size."""

    def attribute(name, kind, value):
        return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value

    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channel = b"R\0" + struct.pack("<iB3xii", 2, 0, 1, 1)
    parts = [(b"channels", b"chlist", channel + b"\0"), (b"compression", b"compression", b"\3"),
             (b"dataWindow", b"box2i", window), (b"displayWindow", b"box2i", window), (b"lineOrder", b"lineOrder", b"\0"),
             (b"pixelAspectRatio", b"float", struct.pack("<f", 1)), (b"screenWindowCenter", b"v2f", bytes(8)),
             (b"screenWindowWidth", b"float", struct.pack("<f", 1))]  # fmt: skip
    return b"\x76\x2f\x31\x01\2\0\0\0" + b"".join(attribute(*part) for part in parts) + b"\0" + bytes(64)


def replaced(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def piped(name):
    def damage(folder):
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return damage


def named(key, value):
    """Give an object another name, or the metadata another key."""

    def damage(folder):
        document = json.loads((folder / "scene3d.metadata.json").read_text())
        document["objects"][0][key] = value
        (folder / "scene3d.metadata.json").write_text(json.dumps(document))

    return damage


def changed(*keys, to):
    """Put another value somewhere in the metadata."""

    def damage(folder):
        document = json.loads((folder / "scene3d.metadata.json").read_text())
        place = document
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = to
        (folder / "scene3d.metadata.json").write_text(json.dumps(document))

    return damage


def endless(name):
    """A file of a terabyte that takes no space on disk."""
    return lambda folder: os.truncate(folder / name, 1 << 40)


def cut(name):
    return lambda folder: os.truncate(folder / name, (folder / name).stat().st_size // 2)


def foldered(name):
    def damage(folder):
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def linked(name, target):
    """Put a link in place of a file or a folder."""

    def damage(folder):
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            (folder / name).unlink()
        (folder / name).symlink_to(target)

    return damage


def second(**values):
    """Put other values in the second metadata."""

    def damage(folder):
        path = folder / "scene2d.metadata.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return damage


def twins(first, other):
    """Two objects whose names are equal on some file systems; only the first has masks."""
    return changed("objects", to=[{"name": name, "path": "a.blend"} for name in (first, other)])


def sidecar(**values):
    head = {"format": "odd-bench/scene-folder", "version": 1, "name": "a", "category": "mug", "shape": "mug_001"}
    return replaced("odd-bench.json", json.dumps({**head, "objects": [], **values}).encode())


def cut_text_chunk(folder):
    """A PNG whose compressed text unpacks to 500 MB."""
    path = folder / "RGB" / "0002.png"
    content, text = path.read_bytes(), b"zTXtc\0\0" + zlib.compress(bytes(500_000_000))
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    path.write_bytes(content[:33] + chunk + content[33:])


MASK = f"segmentations/{names(1)[0]}/{names(1)[0]}_0003.png"
HOSTILE = {
    "picture bomb": replaced("RGB/0003.png", _png(30_000, 30_000)),
    "first picture bomb": replaced("RGB/0000.png", _png(30_000, 30_000)),
    "large first picture": replaced("RGB/0000.png", _png(4000, 4000)),
    "mask bomb": replaced(MASK, _png(30_000, 30_000)),
    "label bomb": replaced("binary_labels/0003.png", _png(30_000, 30_000)),
    "text bomb": cut_text_chunk,
    "EPS picture": replaced("RGB/0003.png", EPS),
    "EPS mask": replaced(MASK, EPS),
    "nested metadata": replaced("scene3d.metadata.json", NESTED.encode()),
    "nested second metadata": replaced("scene2d.metadata.json", b'{"a":' * 100_000),
    "nested sidecar": replaced("odd-bench.json", NESTED.encode()),
    "binary metadata": replaced("scene3d.metadata.json", b"\xff\xfe\0"),
    "huge number": named("location", [1e400, 0, 0]),
    "texts for numbers": named("bbox", "abc"),
    "pipe for a picture": piped("RGB/0003.png"),
    "pipe for metadata": piped("scene3d.metadata.json"),
    "pipe for depth": piped("depth_exr/0003.exr"),
    "pipe for a mask": piped(MASK),
    "depth bomb": replaced("depth_exr/0003.exr", exr(60_000, 60_000)),
    "depth of no size": replaced("depth_exr/0003.exr", exr(0, -5)),
    "depth of text": replaced("depth_exr/0003.exr", EPS),
    "an object that climbs": named("name", "../../../../victim"),
    "an object of a number": named("name", 7),
    "an object without a name": named("name", ""),
    "a scene that climbs": sidecar(name="../../../victim"),
    "a category that climbs": sidecar(category="/etc"),
    "a shape of a list": sidecar(shape=["a"]),
    "a sidecar without objects": sidecar(objects=None),
    "metadata of two million lists": replaced("scene3d.metadata.json", b'{"objects": [' + b"[]," * 2_000_000 + b"[]]}"),
    "metadata of a terabyte": endless("scene3d.metadata.json"),
    "second metadata of a terabyte": endless("scene2d.metadata.json"),
    "metadata cut short": cut("scene3d.metadata.json"),
    "a picture cut short": cut("RGB/0003.png"),
    "a mask cut short": cut(MASK),
    "depth cut short": cut("depth_exr/0003.exr"),
    "a folder for a picture": foldered("RGB/0003.png"),
    "a folder for metadata": foldered("scene3d.metadata.json"),
    "a number of a million digits": replaced("scene3d.metadata.json", b'{"camera": ' + b"9" * 10**6 + b"}"),
    "objects that are a number": changed("objects", to=7),
    "a thousand objects": changed("objects", to=[{"name": f"a{i}"} for i in range(1000)]),
    "objects of lists": changed("objects", to=[[]]),
    "a hundred thousand cameras": changed("camera", "poses", to=[{}] * 100_000),
    "cameras of words": changed("camera", "poses", to=["a"] * 6),
    "a camera of zeros": changed("camera", "K", to=[[0] * 3] * 3),
    "a camera of nothing": changed("camera", "K", to=None),
    "a camera that is no number": changed("camera", "K", to=[[float("nan")] * 3] * 3),
    "a camera at infinity": changed("camera", "poses", 2, "rotation", to=[[1e308] * 4] * 4),
    "no camera at all": changed("camera", to=[]),
    "a name with a zero in it": named("name", "a\0b"),
    "a name of half a character": named("name", "\ud800"),
    "a name of a hundred thousand letters": named("name", "a" * 100_000),
    "a turn that is none": named("rotation_matrix", [[0] * 4] * 4),
    "a source file of a list": named("path", ["a"]),
    "a picture that is a link to itself": linked("RGB/0003.png", "0003.png"),
    "a picture that is a device": linked("RGB/0003.png", "/dev/zero"),
    "metadata that are a device": linked("scene3d.metadata.json", "/dev/zero"),
    "pictures that are the folder itself": linked("RGB", "."),
    "masks that are a link that leads nowhere": linked("segmentations", "../nowhere"),
    "depth that is a circle of links": linked("depth_exr", "depth_exr"),
    "names that differ in case": twins("Mug", "mug"),
    "names that differ in how accents are written": twins("caf\u00e9", "cafe\u0301"),
    "names of devices": twins("CON", "nul"),
    "labels that are a number": second(anomaly_labels=7),
    "labels of lists": second(anomaly_labels=[[]] * 4),
    "paths that are a number": second(blend_paths=7),
    "a box at infinity": named("bbox", [[float("inf")] * 3] * 2),
    "a place that is no number": named("location", [float("nan")] * 3),
    "a turn of 1e308": named("rotation_matrix", [[1e308] * 4] * 4),
    "a mirrored object": named("rotation_matrix", [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    "a focal length below nothing": changed("camera", "K", to=[[-300, 0, 24], [0, -300, 24], [0, 0, 1]]),
    "camera poses of numbers": changed("camera", "poses", to=[1] * 6),
    "a sidecar of another version": sidecar(version=2**70),
    "a sidecar of small arrays": sidecar(objects=[{"label": 0, "type": None, "legacy_box": None}] * 4),
}  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / GOOD
    write_scene_folder(folder, pixels=48, views=6)
    return folder


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_folder_is_refused_and_counted(good, tmp_path, name):
    folder = shutil.copytree(good, tmp_path / "source" / "mug_002-scene1")
    HOSTILE[name](folder)
    before = sorted(path for path in tmp_path.rglob("*"))
    (line,) = list_scenes(tmp_path / "source", None).lines
    outcome = import_scene(tmp_path / "source", line, tmp_path / "staged.h5", CodecConfig())
    assert outcome.kind and outcome.message and len(outcome.message) < 500
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_good_folders_are_imported(good, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(good, source / GOOD)
    for number, name in enumerate(("picture bomb", "nested metadata", "EPS mask", "a scene that climbs")):
        HOSTILE[name](shutil.copytree(good, source / f"mug_{number:03d}-bad"))
    for name in (GOOD, GOOD):  # two folders that claim one name
        sidecar(name=name)(shutil.copytree(good, source / f"mug_claims-{len(list(source.iterdir()))}"))
    (source / "__MACOSX").mkdir()
    shutil.copytree(good, source / "a:b")
    os.mkfifo(source / "pipe")
    result = CliRunner().invoke(app, ["import", str(source), "--name", "x", "--out", str(tmp_path / "out")])
    assert result.exit_code == 1 and "1 scene imported, 1 of them in this call; 7 refused" in result.stdout
    assert open_dataset(tmp_path / "out").scene_names() == [GOOD]
    assert {path.name for path in tmp_path.iterdir()} == {"source", "out"}


def test_a_scene_that_cannot_be_staged_is_the_only_one_lost(good, tmp_path, monkeypatch):
    """A fault that no reader noticed costs its scene; a full disk, which is no scene's fault, ends the call."""
    (line,) = list_scenes(good.parent, None).lines

    def outcome(error):
        monkeypatch.setattr(run, "write_staged", lambda *arguments: (_ for _ in ()).throw(error))
        return import_scene(good.parent, line, tmp_path / "staged.h5", CodecConfig())

    for error in (DataError("x", "objects not finite", "finite numbers"), OverflowError("too large"), TypeError("x")):
        assert outcome(error).kind == "damaged metadata"
    with pytest.raises(StorageError):
        outcome(StorageError("x", "No space left on device", "room"))


def test_a_data_set_among_the_scene_folders_is_refused_before_anything_is_written(good, tmp_path):
    shutil.copytree(good, tmp_path / "source" / GOOD)
    for place in ("source/out", "source", f"source/{GOOD}/out"):
        before = sorted(tmp_path.rglob("*"))
        ran = CliRunner().invoke(
            app, ["import", str(tmp_path / "source"), "--name", "x", "--out", str(tmp_path / place)]
        )
        assert isinstance(ran.exception, FolderError) and sorted(tmp_path.rglob("*")) == before


def test_a_place_that_cannot_be_written_is_refused_before_the_folders_are_read(good, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "list_scenes", lambda *arguments: pytest.fail("the work was begun"))
    (tmp_path / "file").touch()
    for place in ("file", "file/deeper"):
        ran = CliRunner().invoke(app, ["import", str(good.parent), "--name", "x", "--out", str(tmp_path / place)])
        assert isinstance(ran.exception, StorageError)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_split_files_from_every_editor_are_read(tmp_path, encoding):
    path = tmp_path / "split.json"
    path.write_bytes(json.dumps({"train": ["m\u00fcg"]}, ensure_ascii=False).encode(encoding))
    assert read_splits(path) == {"m\u00fcg": "train"}


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("before", ["", "toys\\scenes\\", "/data/toys/", "C:\\toys\\"])
def test_split_files_from_every_system_are_read(tmp_path, start, before):
    path = tmp_path / "split.json"
    path.write_text(start + json.dumps({"train": [f"{before}mug_001-scene0"], "seen-test": [f"{before}mug_002"]}))
    assert read_splits(path) == {"mug_001-scene0": "train", "mug_002": "test-seen"}


@pytest.mark.parametrize("listed", [[".."], ["a/.."], [""], [3], [None], "mug", [["a"]], {"a": 1}, ["x" * 500], 5])
def test_split_files_with_other_names_are_refused(tmp_path, listed):
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"train": listed}))
    with pytest.raises(DataError):
        read_splits(path)


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", ""])
def test_a_data_set_name_that_is_a_path_is_refused(name, tmp_path):
    with pytest.raises(DataError, match="one path component"):
        ImportConfig(name, tmp_path)


def test_a_folder_that_crashes_its_process_is_refused_and_the_others_are_imported(tmp_path):
    lines = [json.dumps({"scene": scene}) for scene in ("first", "deadly", "last")]
    outcomes = list(_map_apart(2, reads_or_dies, [tmp_path] * 3, lines))
    assert [(one.scene, one.kind) for one in outcomes] == [
        ("first", ""),
        ("deadly", "crashes its reader"),
        ("last", ""),
    ]
