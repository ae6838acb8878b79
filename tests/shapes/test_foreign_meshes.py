"""Foreign mesh files have the colours and places that viewers show, list what is missing, and open no other files."""

import io
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from odd_bench.color import encoded
from odd_bench.shapes.gltf import prepared
from odd_bench.shapes.library import INDEX, JOURNAL, Entry, LibraryError, ingest, open_library
from odd_bench.shapes.mesh_file import ShapeRefused, read_mesh
from tests.damaged_files import alarm

LIGHT = (0.2, 0.05, 0.5)
SHOWN = (124, 63, 188)  # the sRGB bytes of that linear light


def glb(path, factor=None, colors=None, texture=None):
    """A box as a glTF file: its numbers are linear light, and its texture is sRGB."""
    mesh = trimesh.creation.box()
    parts = [np.asarray(mesh.vertices, "<f4").tobytes(), np.asarray(mesh.faces, "<u4").tobytes()]
    attributes, accessors = {"POSITION": 0}, [
        {"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 8, "min": [-0.5] * 3, "max": [0.5] * 3},
        {"bufferView": 1, "componentType": 5125, "type": "SCALAR", "count": 36},
    ]  # fmt: skip
    if colors is not None:
        kinds = {"f": (5126, {}), "u1": (5121, {"normalized": True}), "u2": (5123, {"normalized": True})}
        code, more = kinds["f" if colors.dtype.kind == "f" else colors.dtype.str[1:]]
        attributes["COLOR_0"] = len(accessors)
        shape = f"VEC{colors.shape[1]}"
        accessors.append({"bufferView": len(parts), "componentType": code, "type": shape, "count": 8, **more})
        parts.append(colors.tobytes())
    tree = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}]}
    primitive = {"attributes": attributes, "mode": 4, "indices": 1}
    if factor is not None or texture is not None:
        pbr = {"metallicFactor": 0} | ({"baseColorFactor": [*factor, 1]} if factor is not None else {})
        if texture is not None:
            attributes["TEXCOORD_0"] = len(accessors)
            accessors.append({"bufferView": len(parts), "componentType": 5126, "type": "VEC2", "count": 8})
            parts.append(np.full((8, 2), 0.5, "<f4").tobytes())
            tree |= {"images": [texture if isinstance(texture, dict) else {"bufferView": len(parts), "mimeType": "image/png"}],
                     "textures": [{"source": 0}]}  # fmt: skip
            parts += [] if isinstance(texture, dict) else [texture]
            pbr["baseColorTexture"] = {"index": 0}
        primitive["material"] = 0
        tree["materials"] = [{"pbrMetallicRoughness": pbr}]
    tree["meshes"] = [{"primitives": [primitive]}]
    tree["accessors"] = accessors
    padded = [part + bytes(-len(part) % 4) for part in parts]
    starts = np.cumsum([0, *map(len, padded)])
    tree["bufferViews"] = [{"buffer": 0, "byteOffset": int(start), "byteLength": len(part)}
                           for start, part in zip(starts, parts, strict=False)]  # fmt: skip
    tree["buffers"] = [{"byteLength": int(starts[-1])}]
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    body = b"".join(padded)
    head = struct.pack("<3I", 0x46546C67, 2, 28 + len(text) + len(body))
    path.write_bytes(
        head + struct.pack("<2I", len(text), 0x4E4F534A) + text + struct.pack("<2I", len(body), 0x4E4942) + body
    )
    return path


def picture(color, format="PNG", size=(4, 4)):
    content = io.BytesIO()
    Image.new("RGB", size, color).save(content, format)
    return content.getvalue()


def seen(path):
    raw = read_mesh(path)
    (color,) = np.unique(raw.colors(np.arange(len(raw.faces)), np.full((len(raw.faces), 3), 1 / 3)), axis=0)
    return tuple(color.tolist())


def test_factors_and_vertex_colours_are_linear_light(tmp_path):
    assert seen(glb(tmp_path / "a.glb", factor=LIGHT)) == SHOWN
    assert seen(glb(tmp_path / "a.glb", colors=np.tile(np.array(LIGHT, "<f4"), (8, 1)))) == SHOWN


def test_vertex_colours_are_multiplied_with_the_material(tmp_path):
    colors = np.tile(np.array([*LIGHT, 1], "<f4"), (8, 1))
    assert seen(glb(tmp_path / "a.glb", factor=(1, 1, 1), colors=colors)) == SHOWN
    half = np.array(seen(glb(tmp_path / "a.glb", factor=(0.5, 0.5, 0.5), colors=colors)))
    assert np.abs(half - 255 * encoded(np.array(LIGHT) / 2)).max() <= 1


@pytest.mark.parametrize(("kind", "most"), [("<f4", 1.0), ("u1", 255), ("<u2", 65535)])
def test_vertex_colours_of_every_type_are_read(tmp_path, kind, most):
    values = np.array([51 / 255, 1.0, 0.0, 1.0])
    colors = np.tile((values * most).round(6 if most == 1 else 0).astype(kind), (8, 1))
    assert seen(glb(tmp_path / "a.glb", colors=colors)) == (124, 255, 0)


def test_a_texture_is_multiplied_in_linear_light(tmp_path):
    path = glb(tmp_path / "a.glb", factor=(0.5, 1, 1), texture=picture((188, 63, 124)))
    expected = 255 * encoded(np.array([0.5 * 0.5, 0.05, 0.2]))
    assert np.abs(np.array(seen(path)) - expected).max() <= 1.5


def test_other_formats_keep_their_colours(tmp_path):
    mesh = trimesh.creation.box()
    mesh.visual.vertex_colors = (51, 13, 128, 255)
    mesh.export(tmp_path / "a.ply")
    assert seen(tmp_path / "a.ply") == (51, 13, 128)


@pytest.mark.parametrize("far", [(50.0, 0.0, 0.0), (np.nan, 0.0, 0.0), (np.inf, 0.0, 0.0)])
def test_a_vertex_that_no_face_uses_changes_nothing(tmp_path, far):
    mesh = trimesh.creation.box((1, 2, 3))
    lone = trimesh.Trimesh(np.vstack([mesh.vertices, far]), mesh.faces, process=False)
    for name, one in (("a.ply", mesh), ("b.ply", lone)):
        one.export(tmp_path / name)
    with_it, without = read_mesh(tmp_path / "b.ply"), read_mesh(tmp_path / "a.ply")
    assert np.array_equal(with_it.vertices, without.vertices) and np.array_equal(with_it.faces, without.faces)


def obj(folder, texture):
    (folder / "a.obj").write_text(
        "mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvt 0 0\nusemtl m\n"
        "f 1/1 2/1 3/1\nf 1/1 2/1 4/1\nf 1/1 3/1 4/1\nf 2/1 3/1 4/1\n"
    )
    (folder / "a.mtl").write_text(f"newmtl m\nKd 1 1 1\nmap_Kd {texture}\n")
    return folder / "a.obj"


def test_a_missing_texture_is_counted_as_missing(tmp_path):
    assert read_mesh(obj(tmp_path, "gone.png")).missing == ("gone.png",)
    (tmp_path / "there.png").write_bytes(picture((9, 9, 9)))
    assert read_mesh(obj(tmp_path, "there.png")).missing == ()
    (tmp_path / "a.mtl").unlink()
    assert read_mesh(tmp_path / "a.obj").missing == ("a.mtl",)


@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"", b"\x89PNG\r\n\x1a\n", bytes(100)])
def test_a_texture_of_an_unsupported_format_is_counted_as_missing(tmp_path, content):
    (tmp_path / "t.png").write_bytes(content)
    assert read_mesh(obj(tmp_path, "t.png")).missing == ("t.png",)
    inside = read_mesh(glb(tmp_path / "a.glb", texture=content or b"x"))
    assert inside.textures == (None,)


def test_no_file_above_the_folder_is_read(tmp_path):
    folder = tmp_path / "shapes"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(picture((1, 2, 3)))
    for name in ("../secret.png", str(tmp_path / "secret.png"), "..\\secret.png"):
        raw = read_mesh(obj(folder, name))
        assert raw.textures == (None,) and raw.missing == ("secret.png",)
    os.mkfifo(folder / "pipe.png")
    assert read_mesh(obj(folder, "pipe.png")).missing == ("pipe.png",)


@pytest.mark.parametrize("count", [10**12, 2**31])
def test_values_that_are_only_declared_cost_no_memory(count):
    tree = json.dumps({"accessors": [{"componentType": 5126, "type": "VEC3", "count": count}]}).encode()
    with pytest.raises(ValueError, match="values declared"):
        prepared(tree, ".gltf", Path.read_bytes)


@pytest.mark.parametrize("pieces", [1, 40])
def test_all_textures_of_a_file_share_one_bound_and_are_decoded_once(tmp_path, monkeypatch, pieces):
    monkeypatch.setattr("odd_bench.shapes.textures.MOST_PIXELS", 150)
    decoded, convert = [], Image.Image.convert
    monkeypatch.setattr(
        Image.Image, "convert", lambda image, *mode: decoded.append(image.size) or convert(image, *mode)
    )
    scene = trimesh.Scene()
    for number, size in enumerate(((10, 10), (12, 12), (5, 10))):
        texture = Image.new("RGB", size, (40 * number, 9, 9))
        material = trimesh.visual.material.PBRMaterial(baseColorTexture=texture, name=f"m{number}")
        for _ in range(pieces):
            box = trimesh.creation.box()
            box.visual = trimesh.visual.TextureVisuals(uv=np.zeros((len(box.vertices), 2)), material=material)
            scene.add_geometry(box)
    scene.export(tmp_path / "a.glb")
    decoded.clear()
    raw = read_mesh(tmp_path / "a.glb")
    assert sorted(decoded) == [(5, 10), (10, 10)]
    assert sorted(texture.shape[:2] for texture in raw.textures if texture is not None) == sorted(
        [(10, 10), (10, 5)] * pieces
    )
    assert raw.missing == ("a PNG of 12 x 12 in the file",)


def test_nodes_that_place_too_many_faces_are_refused_before_these_are_made(tmp_path, monkeypatch):
    scene = trimesh.Scene()
    for number in range(30):
        scene.add_geometry(trimesh.creation.box(), geom_name="box", node_name=f"n{number}")
    scene.export(tmp_path / "a.glb")
    monkeypatch.setattr("odd_bench.shapes.mesh_file.MOST_FACES", 29 * 12)
    monkeypatch.setattr(trimesh.Scene, "dump", None)
    with pytest.raises(ShapeRefused, match="too many faces: 360; expected at most 348"):
        read_mesh(tmp_path / "a.glb")


@pytest.mark.parametrize("name", ["../a.png", "/dev/zero", "gone.png"])
def test_a_texture_that_cannot_be_read_is_noted_and_prints_nothing(tmp_path, capfd, name):
    corners = "element vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    head = f"ply\nformat ascii 1.0\ncomment TextureFile {name}\n{corners}"
    rows = "0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    (tmp_path / "a.ply").write_text(f"{head}element face 1\nproperty list uchar int vertex_indices\nend_header\n{rows}")
    assert read_mesh(tmp_path / "a.ply").missing == (Path(name).name,)
    assert capfd.readouterr() == ("", "")


FACES = "element face {}\nproperty list uchar int vertex_indices\nend_header\n"
HEAD = "ply\nformat ascii 1.0\nelement vertex {}\nproperty float x\n" + FACES


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.ply", HEAD.format(1_200_001, 1), "too many vertices: 1200001"),
        ("a.ply", HEAD.format(3, 400_001), "too many faces: 400001"),
        ("a.off", "OFF\n3 400001 0\n", "too many faces: 400001"),
        ("a.obj", "".join(f"usemtl m{number}\nf 1 1 1\n" for number in range(2001)), "too many pieces: 2001"),
    ],
)
def test_a_file_too_large_by_its_own_words_is_refused_before_it_is_read(tmp_path, monkeypatch, name, content, reason):
    monkeypatch.setattr(trimesh, "load_scene", None)
    (tmp_path / name).write_text(content)
    with pytest.raises(ShapeRefused, match=reason):
        read_mesh(tmp_path / name)


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a.glb")
    with pytest.raises(ShapeRefused, match="cannot be read: a pipe"):
        read_mesh(tmp_path / "a.glb")


STAND_INS = {
    "pipe": os.mkfifo, "folder": Path.mkdir, "link to nothing": lambda path: path.symlink_to("gone"),
    "link to itself": lambda path: path.symlink_to(path), "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "file of 100 GB": lambda path: (path.touch(), os.truncate(path, 10**11)),
}  # fmt: skip


def test_what_stands_in_the_place_of_a_mesh_costs_itself_alone(tmp_path, monkeypatch):
    folder, read = tmp_path / "files", []
    folder.mkdir()
    for name, make in STAND_INS.items():
        make(folder / f"{name}.obj")
    obj(folder, "t.png")
    monkeypatch.setattr("odd_bench.shapes.library._read_apart", lambda path, entry, *_: read.append(path) or entry)
    with alarm(60):  # the bytes of the largest alone would take longer
        library = ingest(folder, tmp_path / "store")
    assert len(read) == len(library.used) == 1
    refused = {Path(entry.path).stem: entry for entry in library.entries if entry.reason}
    assert refused.keys() == STAND_INS.keys() - {"folder"}
    assert all(entry.detail and len(entry.detail.splitlines()) == 1 for entry in refused.values())
    with alarm(60):
        for name in STAND_INS:
            with pytest.raises(ShapeRefused) as caught:
                read_mesh(folder / f"{name}.obj")
            assert len(str(caught.value).splitlines()) == 1


def test_what_goes_wrong_behind_the_reader_is_told_in_a_short_line(tmp_path, monkeypatch):
    """Values of another shape than a mesh has get through the reader of trimesh."""

    def fail(*_):
        raise IndexError("index 2\n" * 10_000)

    monkeypatch.setattr("odd_bench.shapes.mesh_file._joined", fail)
    with pytest.raises(ShapeRefused, match="cannot be read: IndexError: index 2") as caught:
        read_mesh(obj(tmp_path, "t.png"))
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)


def junk(folder, count):
    """Files that are not meshes, and an index in which each of them is refused."""
    for number in range(count):
        path = folder / f"c{number % 5}" / "same" / f"{number:05d}" / "model.off"
        path.parent.mkdir(parents=True)
        path.write_text(f"OFF {number}\n")


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A store whose files have all been read; reading one again would fail the test."""
    from odd_bench.shapes import library

    junk(tmp_path / "many", 60)
    read = lambda path, entry, store, limit_s: Entry(**{**vars(entry), "reason": "no faces"})  # noqa: E731
    monkeypatch.setattr(library, "_read_apart", read)
    first = ingest(tmp_path / "many", tmp_path / "store")
    monkeypatch.setattr(library, "_read_apart", None)
    return tmp_path, first


def test_an_unchanged_library_is_not_written_again(known):
    folder, first = known
    before = (folder / "store" / INDEX).stat()
    assert ingest(folder / "many", folder / "store") == first
    after = (folder / "store" / INDEX).stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert len({entry.name for entry in first.entries}) == 60


def test_entries_read_before_an_interruption_are_kept_and_the_index_stays_whole(known, monkeypatch):
    from odd_bench.shapes import library

    folder, first = known
    (folder / "many" / "c0" / "new.off").write_text("OFF new\n")
    (folder / "many" / "c9").mkdir()
    (folder / "many" / "c9" / "last.off").write_text("OFF last\n")

    def read(path, entry, store, limit_s):
        if path.name == "last.off":
            raise KeyboardInterrupt
        return Entry(**{**vars(entry), "reason": "no faces"})

    monkeypatch.setattr(library, "_read_apart", read)
    with pytest.raises(KeyboardInterrupt):
        ingest(folder / "many", folder / "store")
    assert open_library(folder / "store") == first
    with (folder / "store" / JOURNAL).open("ab") as journal:
        journal.write(b'{"path": "torn')
    seen = []
    monkeypatch.setattr(
        library,
        "_read_apart",
        lambda path, entry, *rest: (seen.append(path.name), Entry(**{**vars(entry), "reason": "x"}))[1],
    )
    ingest(folder / "many", folder / "store")
    assert seen == ["last.off"] and not (folder / "store" / JOURNAL).exists()


@pytest.mark.parametrize("reason", ["no answer in time", "reader crashed", "no memory"])
def test_files_refused_because_of_the_machine_are_tried_again(known, monkeypatch, reason):
    from odd_bench.shapes import library

    folder, first = known
    index = json.loads((folder / "store" / INDEX).read_text())
    index["entries"][7]["reason"] = reason
    (folder / "store" / INDEX).write_text(json.dumps(index))
    seen = []
    monkeypatch.setattr(
        library,
        "_read_apart",
        lambda path, entry, *rest: (seen.append(entry.name), Entry(**{**vars(entry), "reason": "x"}))[1],
    )
    ingest(folder / "many", folder / "store")
    assert seen == [first.entries[7].name]


def test_links_are_followed_and_skipped_paths_are_reported(tmp_path, monkeypatch):
    from odd_bench.shapes import library

    monkeypatch.setattr(library, "_read_apart", lambda path, entry, *rest: entry)
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "links"
    for name in ("coffee mug/Ä #1 50%.ply", "coffee mug/b.ply", "茶壶/一.ply", "茶壶/二.ply"):
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / name).write_text(name)
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "x.ply").write_text("x")
    (folder / "mugs").symlink_to(elsewhere / "coffee mug")
    (folder / "pots").symlink_to(elsewhere / "茶壶")
    (folder / "real" / "loop").symlink_to(folder)
    (folder / "gone.ply").symlink_to(tmp_path / "nowhere")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._x.ply").write_text("x")
    found = ingest(folder, tmp_path / "store")
    assert [entry.name for entry in found.used] == ["mugs-b", "mugs-ä-1-50", "pots-一", "pots-二", "real-x"]
    assert found.categories == ("mugs", "pots", "real")
    assert {entry.path for entry in found.entries if entry.reason} == {"gone.ply", "real/loop"}
    assert [entry.name for entry in ingest(elsewhere, tmp_path / "other").used] == [
        "coffee-mug-b", "coffee-mug-ä-1-50", "茶壶-一", "茶壶-二",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["../../victim", "", "a/b", ".", "x" * 300, 3])
def test_an_index_with_unsafe_names_is_refused(tmp_path, name):
    entry = {"path": "a.ply", "sha256": "0", "name": name, "category": "c"}
    (tmp_path / INDEX).write_text(json.dumps({"version": 1, "entries": [entry]}))
    with pytest.raises(LibraryError):
        open_library(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 100_000, '{"version": 1, "entries": 3}', '{"version": 1}'])
def test_a_damaged_index_is_reported(tmp_path, content):
    (tmp_path / INDEX).write_text(content)
    with pytest.raises(LibraryError):
        open_library(tmp_path)
