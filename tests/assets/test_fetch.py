import gzip
import hashlib
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from typer.testing import CliRunner

from odd_bench.assets.fetch import FOLDER_ENTRY, ByHand, fetch, take_folder
from odd_bench.assets.find import path_pattern
from odd_bench.assets.lock import LOCK, LockedFile, read_lock
from odd_bench.assets.manifest_file import load, names, parse
from odd_bench.assets.verify import file_problem, verify
from odd_bench.cli.assets import app
from odd_bench.data.errors import DataError
from odd_bench.shapes.library import ingest
from odd_bench.shapes.mesh_file import read_mesh
from tests.damaged_files import alarm

HEAD = """
title: Things
kind: shapes
source: https://example.org
licence: {name: CC0-1.0}
obtain: download
steps: [Ask the author., Unpack it.]
"""
UP = (0.5, 1.0, 2.0)  # sides of the box below


def zipped(members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def textured_box() -> dict[str, bytes]:
    """A z-up model like the scanned objects: its texture lies in another folder than its material says."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(picture, "PNG")
    mesh = trimesh.creation.box(UP)
    mesh.visual = trimesh.visual.TextureVisuals(
        uv=np.full((len(mesh.vertices), 2), 0.5),
        material=trimesh.visual.material.SimpleMaterial(image=Image.new("RGB", (8, 8))),
    )
    obj, files = trimesh.exchange.obj.export_obj(mesh, return_texture=True, mtl_name="model.mtl")
    material = b"newmtl material_0\nmap_Kd texture.png\n"
    assert b"usemtl" in obj.encode() and files
    name = next(line.split()[1] for line in obj.splitlines() if line.startswith("usemtl"))
    material = material.replace(b"material_0", name.encode())
    return {
        "meshes/model.obj": obj.encode(),
        "meshes/model.mtl": material,
        "materials/textures/texture.png": picture.getvalue(),
    }


@pytest.fixture
def things(host):
    """Three entries: a file with a right checksum, one with a wrong checksum, and an archive that tries to escape."""
    host.files = {"good.exr": b"light", "bad.exr": b"dark", "evil.zip": zipped({"../evil": b"1"})}
    sha256 = hashlib.sha256(b"light").hexdigest()
    entries = f"""
url: {host.address}/{{name}}
entries:
- {{name: good.exr, sha256: {sha256}, licence: {{name: CC-BY-4.0}}}}
- {{name: bad.exr, sha256: {sha256}}}
- {{name: evil.zip, unpack: zip}}
- {{name: gone.exr}}
"""
    return parse(HEAD + entries, "things", "things.yaml")


def test_bad_entries_are_reported_and_the_others_are_fetched(things, host, tmp_path):
    outcome = fetch(things, tmp_path / "things", wait_s=0.0)
    assert outcome.fetched == ["good.exr"] and set(outcome.failed) == {"bad.exr", "evil.zip", "gone.exr"}
    assert "found sha256" in outcome.failed["bad.exr"] and "is outside the folder" in outcome.failed["evil.zip"]
    assert "HTTP 404" in outcome.failed["gone.exr"]
    assert not (tmp_path / "evil").exists() and not (tmp_path / "things" / "evil").exists()
    lock = read_lock(tmp_path / "things")
    assert lock.entries["good.exr"].licence.name == "CC-BY-4.0"
    assert list(lock.entries["good.exr"].downloads.values()) == [hashlib.sha256(b"light").hexdigest()]
    host.requests.clear()
    again = fetch(things, tmp_path / "things", only=("good.exr",), wait_s=0.0)
    assert again.kept == ["good.exr"] and not host.requests


def test_the_size_of_a_file_is_compared_before_its_bytes(tmp_path):
    (tmp_path / "a.glb").touch()
    os.truncate(tmp_path / "a.glb", 10**12)
    os.mkfifo(tmp_path / "b.glb")
    with alarm(30):
        assert file_problem(tmp_path, "a.glb", LockedFile(5, "0")) == "a.glb has 1,000,000,000,000 bytes, expected 5"
        assert file_problem(tmp_path, "b.glb", LockedFile(5, "0")) == "b.glb is no plain file"
        assert file_problem(tmp_path, "c.glb", LockedFile(5, "0")) == "c.glb is missing"


def test_verify_names_every_wrong_missing_and_foreign_file(host, tmp_path):
    host.files = {name: name.encode() for name in "abcd"}
    manifest = parse(
        HEAD + f"url: {host.address}/{{name}}\nentries: [{{name: a}}, {{name: b}}, {{name: c}}, {{name: d}}]", "t", "t"
    )
    folder = tmp_path / "t"
    with pytest.raises(DataError, match=r"no assets.lock.json.*Run `odd-bench assets fetch`"):
        verify(manifest, folder)
    fetch(manifest, folder, only=("a", "b", "c"))
    assert verify(manifest, folder).problems == () and verify(manifest, folder).absent == ("d",)
    (folder / "downloads" / "a").write_text("x")
    (folder / "downloads" / "b").write_text("longer")
    (folder / "downloads" / "c").unlink()
    (folder / "mine.txt").write_text("x")
    (folder / "downloads" / "d.part").write_text("x")
    problems = verify(manifest, folder).problems
    assert [problem.split(" has sha256")[0] for problem in problems] == [
        "a: downloads/a", "b: downloads/b has 6 bytes, expected 1", "c: downloads/c is missing",
        "downloads/d.part is an incomplete download", "mine.txt is not in the lock file",
    ]  # fmt: skip
    assert fetch(manifest, folder).fetched == ["a", "b", "c", "d"]
    (folder / "mine.txt").unlink()
    assert verify(manifest, folder).problems == ()
    (folder / LOCK).write_text("{}")
    with pytest.raises(DataError, match="expected a lock file"):
        verify(manifest, folder)


def test_bundled_environments_match_the_manifest():
    result = CliRunner().invoke(app, ["verify", "environments"])
    assert result.exit_code == 0 and "8 files, 0 problems" in result.output


def test_archives_become_upright_shapes_with_their_textures(host, tmp_path):
    host.files["box.zip"] = zipped(textured_box())
    layouts = "layouts: [{match: '(?P<shape>[^/]+)/meshes/model\\.obj', up: z}]\n"
    text = HEAD + layouts + f"entries: [{{name: box, category: box, url: '{host.url('box.zip')}', unpack: zip}}]"
    manifest = parse(text, "t", "t")
    assert fetch(manifest, tmp_path).fetched == ["box"]
    raw = read_mesh(tmp_path / "ready" / "box" / "box.glb")
    np.testing.assert_allclose(np.ptp(raw.vertices, axis=0), np.array(UP) / 2, atol=1e-6)
    color = raw.colors(np.array([0]), np.full((1, 3), 1 / 3))
    assert color.tolist() == [[200, 30, 30]]
    assert verify(manifest, tmp_path).problems == ()
    assert not list((tmp_path / "downloads").iterdir())


def test_addresses_and_checksums_come_from_the_poly_haven_api(host, tmp_path):
    def file(path, content):
        host.files[path] = content
        return {"url": host.url(path), "size": len(content), "md5": hashlib.md5(content).hexdigest()}

    host.files["files/sky"] = json.dumps({"hdri": {"1k": {"exr": file("sky_1k.exr", b"sky")}}}).encode()
    maps = {
        "Diffuse": {"1k": {"jpg": file("oak_diff_1k.jpg", b"d")}},
        "Rough": {"1k": {"jpg": file("oak_rough_1k.jpg", b"r")}},
    }
    host.files["files/oak"] = json.dumps(maps).encode()
    wrong = {"hdri": {"1k": {"exr": {**file("bad.exr", b"b"), "md5": "0" * 32}}}}
    host.files["files/bad"] = json.dumps(wrong).encode()
    entries = f"""
api: {host.address}
entries:
- {{name: sky, polyhaven: {{id: sky}}}}
- {{name: oak, polyhaven: {{id: oak, format: jpg, maps: [Diffuse, Rough]}}}}
- {{name: bad, polyhaven: {{id: bad}}}}
- {{name: big, polyhaven: {{id: sky, resolution: 64k}}}}
"""
    manifest = parse(HEAD + entries, "t", "t")
    outcome = fetch(manifest, tmp_path, wait_s=0.0)
    assert outcome.fetched == ["sky", "oak"] and "found md5" in outcome.failed["bad"]
    assert "found ['1k'], expected '64k'" in outcome.failed["big"]
    assert (tmp_path / "environments" / "sky.exr").read_bytes() == b"sky"
    assert sorted(path.name for path in (tmp_path / "floors" / "oak").iterdir()) == [
        "oak_diff_1k.jpg",
        "oak_rough_1k.jpg",
    ]
    assert verify(manifest, tmp_path).problems == ()


def test_a_folder_of_abc_becomes_a_library(tmp_path):
    source = tmp_path / "abc_0000"
    for number in range(6):
        folder = source / f"{number:08d}"
        folder.mkdir(parents=True)
        trimesh.creation.box((1, 2, 3 + number)).export(folder / f"{number:08d}_{'0' * 24}_trimesh_000.obj")
    (source / "readme.txt").write_text("not a shape")
    outcome = take_folder(load("abc"), source, tmp_path / "assets", most=3)
    assert outcome.fetched == ["part/00000000", "part/00000002", "part/00000005"] and not outcome.failed
    assert verify(load("abc"), tmp_path / "assets").problems == ()
    entries = ingest(tmp_path / "assets" / "ready", tmp_path / "store", limit_s=0.01).entries
    assert [entry.name for entry in entries] == ["part-00000000", "part-00000002", "part-00000005"]
    assert {entry.category for entry in entries} == {"part"}
    file = tmp_path / "assets" / "ready" / "part" / "00000005" / "00000005.obj"
    assert np.ptp(read_mesh(file).vertices, axis=0).min() == pytest.approx(1 / 8)


def test_objaverse_categories_come_from_its_annotation_file(tmp_path):
    source, shape = tmp_path / "hf", "ab" * 16
    (source / "glbs" / "000-023").mkdir(parents=True)
    trimesh.creation.box((1, 1, 1)).export(source / "glbs" / "000-023" / f"{shape}.glb")
    with pytest.raises(DataError, match="JSON with the shapes of each category"):
        take_folder(load("objaverse"), source, tmp_path / "assets")
    (source / "lvis-annotations.json.gz").write_bytes(gzip.compress(json.dumps({"chicken_(animal)": [shape]}).encode()))
    assert take_folder(load("objaverse"), source, tmp_path / "assets").fetched == [f"chicken_-animal/{shape}"]


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "photo.jpg").write_text("x")
    with pytest.raises(
        DataError, match=r"1 file, such as photo\.jpg, none of a shape, expected paths like \.\.\./SHAPE/N_"
    ):
        take_folder(load("abc"), tmp_path, tmp_path / "assets")
    with pytest.raises(DataError, match=r"nowhere: found no such folder"):
        take_folder(load("abc"), tmp_path / "nowhere", tmp_path / "assets")


@pytest.mark.blender
def test_blender_files_of_toys4k_become_shapes_and_bad_ones_are_refused(tmp_path, monkeypatch):
    """A red cone on a cube with a hidden sphere: hidden objects are left out, and z stays up."""
    own = [place for place in sys.path if "bpy" not in Path(place).parts]
    monkeypatch.setattr(
        sys, "path", own
    )  # children inherit it, and Blender adds a place from which it cannot be imported
    source = tmp_path / "toys4k_blend_files"
    write_blend_in_a_process_of_its_own(source / "tower" / "tower_000" / "tower_000.blend")
    broken = source / "tower" / "tower_001" / "tower_001.blend"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not a blend file")
    outcome = take_folder(load("toys4k"), source, tmp_path / "assets")
    assert outcome.fetched == ["tower/tower_000"]
    assert list(outcome.failed) == [broken.as_posix()] and "tower_001.blend" in outcome.failed[broken.as_posix()]
    raw = read_mesh(tmp_path / "assets" / "ready" / "tower" / "tower_000.glb")
    np.testing.assert_allclose(np.ptp(raw.vertices, axis=0), (0.5, 0.5, 1.0), atol=1e-5)
    top = raw.vertices[raw.vertices[:, 2] > 0.49]
    assert np.ptp(top[:, :2], axis=0).max() < 0.01, "the tip of the cone points up"
    assert raw.colors(np.array([0]), np.full((1, 3), 1 / 3))[0].argmax() == 0
    assert read_lock(tmp_path / "assets").entries[FOLDER_ENTRY].files


def write_blend_in_a_process_of_its_own(path):
    import multiprocessing

    path.parent.mkdir(parents=True)
    process = multiprocessing.get_context("spawn").Process(target=write_blend, args=(str(path),))
    process.start()
    process.join()


def write_blend(path: str) -> None:
    import bpy

    from odd_bench.blender_jobs.process import leave, reset

    reset()
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 0.5))
    bpy.ops.mesh.primitive_cone_add(radius1=0.4, depth=1, location=(0, 0, 1.5))
    material = bpy.data.materials.new("red")
    material.use_nodes = True
    material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.8, 0.05, 0.05, 1)
    for item in bpy.context.scene.objects:
        item.data.materials.append(material)
    bpy.ops.mesh.primitive_uv_sphere_add(radius=5)
    bpy.context.object.hide_render = True
    bpy.ops.wm.save_as_mainfile(filepath=path)
    leave(0)


def test_the_commands_report_what_happened(things, host, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + f"url: {host.address}/{{name}}\nentries: [{{name: good.exr}}, {{name: gone.exr}}]")
    arguments = [str(path), "--to", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["fetch", *arguments])
    assert result.exit_code == 1 and "1 new, 0 kept, 1 refused" in result.output and "gone.exr" in result.output
    result = CliRunner().invoke(app, ["fetch", *arguments, "--only", "good.exr"])
    assert result.exit_code == 0 and "0 new, 1 kept, 0 refused" in result.output
    (tmp_path / "out" / "mine" / "downloads" / "good.exr").write_text("wrong")
    result = CliRunner().invoke(app, ["verify", *arguments])
    assert result.exit_code == 1 and "1 problems, 1 entries never fetched" in result.output
    assert "Toys4K" in CliRunner().invoke(app, ["list"]).output
    assert "forms.gle" in CliRunner().invoke(app, ["list", "toys4k"]).output


def test_the_steps_by_hand_are_printed_without_a_network(tmp_path):
    manifest = parse(HEAD + "entries: [{name: a, url: 'http://127.0.0.1:9/a'}]", "t", "t")
    with pytest.raises(
        DataError, match=r"Without a network:\nThings, https://example.org\n  1. Ask the author.\n  2. Unpack it."
    ):
        fetch(manifest, tmp_path, wait_s=0.0)
    result = CliRunner().invoke(app, ["fetch", "toys4k", "--to", str(tmp_path)])
    assert isinstance(result.exception, ByHand) and "forms.gle" in str(result.exception)


def test_layouts_are_shown_as_people_write_paths():
    shown = {path_pattern(layout.match) for name in names() for layout in load(name).layouts}
    assert {".../CATEGORY/SHAPE/SHAPE.blend", "glbs/N-N/SHAPE.glb", "SHAPE/.../meshes/model.obj"} <= shown
    assert not any(set(pattern) & set("()[]?\\+") for pattern in shown)


@pytest.mark.parametrize("command", [["verify"], ["preview", "--sheet", "sheet.png"]])
def test_the_error_for_a_collection_never_fetched_says_how_to_fetch_it(tmp_path, command):
    called = CliRunner().invoke(app, [command[0], "polyhaven", *command[1:], "--to", str(tmp_path)])
    assert called.exit_code == 1 and "`odd-bench assets fetch`" in str(called.exception)
