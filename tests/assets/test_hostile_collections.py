"""A hostile manifest, archive or lock file changes nothing outside its folder and stops no other entry."""

import gzip
import http.server
import io
import json
import re
import tarfile
import threading
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from odd_bench.assets.archive import unpack
from odd_bench.assets.lock import LOCK, read_lock
from odd_bench.assets.manifest import ManifestError
from odd_bench.assets.manifest_file import parse
from odd_bench.cli.assets import app
from odd_bench.data.errors import DataError
from odd_bench.names import name_problem

HEAD = """
title: t
kind: shapes
source: https://example.org
licence: {name: CC0}
obtain: download
steps: [ask]
layouts: [{match: '(?P<shape>[^/]+)/mesh\\.obj'}]
"""
NAMES = ("../../../victim", "/tmp/victim", "..", ".", "", "a/b", "a\\b", "C:x", "x" * 300, "a\0b", 7, None, ["a"])


def entry(**values):
    return HEAD + "entries: " + json.dumps([{"category": "c", "unpack": "zip", "url": "http://x/ok.zip", **values}])


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_name_that_leads_out_of_the_folder_is_refused(name):
    with pytest.raises(ManifestError):
        parse(entry(name=name), "t", "t.yaml")


@pytest.mark.parametrize("key", ["category", "file"])
@pytest.mark.parametrize("value", ["../victim", "/tmp/x", "a\\b", 7, ["a"], {"a": 1}])
def test_every_other_unsafe_name_in_a_manifest_is_refused(key, value):
    with pytest.raises(ManifestError):
        parse(entry(**{"name": "good", key: value}), "t", "t.yaml")


@pytest.mark.parametrize("path", ["../../victim.json", "/etc/passwd", "a\\b", 7, ["a"]])
def test_a_category_file_outside_the_folder_is_refused(path):
    text = HEAD.replace("}]", ", category_file: " + json.dumps(path) + "}]")
    with pytest.raises(ManifestError, match="category_file"):
        parse(text, "t", "t.yaml")


@pytest.mark.parametrize("ending", [".part", ".part.tag"])
def test_a_download_named_like_the_part_file_of_another_is_refused(ending):
    with pytest.raises(ManifestError, match="expected an extension that unfinished downloads do not use"):
        parse(entry(name="good", file=f"ok.zip{ending}"), "t", "t.yaml")


@pytest.mark.parametrize("key", ["id", "resolution", "format"])
def test_poly_haven_names_that_lead_out_of_the_folder_are_refused(key):
    with pytest.raises(ManifestError):
        parse(HEAD + "entries: " + json.dumps([{"name": "a", "polyhaven": {"id": "x", key: "../../x"}}]), "t", "t.yaml")


@given(
    st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from([name for name in NAMES if isinstance(name, str)])
)
def test_a_manifest_accepts_every_name_that_is_one_path_component(name):
    try:
        manifest = parse(entry(name=name), "t", "t.yaml")
    except ManifestError:
        assert name_problem(name)
    else:
        assert name_problem(manifest.entries[0].name) == ""


@pytest.mark.parametrize("text", [
    "[" * 100_000, "a: &a [*a]", "steps: 3", HEAD + "entries: 3", HEAD + "entries: [3]", HEAD + "layouts: {a: b}",
    HEAD + "title: u", "? [a]\n: b", "a: !!python/object:os.system x", HEAD + "entries: [{name: a, split: 3}]",
])  # fmt: skip
def test_a_manifest_of_another_kind_is_refused(text):
    with pytest.raises(ManifestError):
        parse(text, "t", "t.yaml")


def test_a_repeated_key_is_reported():
    with pytest.raises(ManifestError, match="key 'title' twice"):
        parse(HEAD + "title: u", "t", "t.yaml")


def test_the_folder_of_another_entry_is_left_alone_and_the_other_entries_are_fetched(tmp_path, monkeypatch):
    """The archives of the case are served as a sender would serve them."""
    contents = {"/good.zip": zipped({"mesh.obj": b"v 0 0 0\n"}), "/empty.zip": zipped({"folder/": b""}),
                "/long.zip": zipped({"x" * 300 + "/mesh.obj": b""}), "/pax.tar.gz": pax_bomb()}  # fmt: skip

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(contents[self.path])))
            self.end_headers()
            self.wfile.write(contents[self.path])

        def log_message(self, *arguments):
            pass

    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "thesis.txt").write_text("years")
    monkeypatch.chdir(tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        evil = HEAD + "entries: " + json.dumps([{"name": "../../../victim", "unpack": "zip", "url": f"{url}/good.zip"}])
        (tmp_path / "evil.yaml").write_text(evil)
        refused = CliRunner().invoke(app, ["fetch", "evil.yaml", "--to", "assets"])
        entries = [{"name": name, "category": "c", "unpack": kind, "url": f"{url}/{name}.{kind}{end}"}
                   for name, kind, end in (("empty", "zip", ""), ("long", "zip", ""), ("pax", "tar", ".gz"),
                                           ("good", "zip", ""))]  # fmt: skip
        (tmp_path / "mixed.yaml").write_text(HEAD + "entries: " + json.dumps(entries))
        mixed = CliRunner().invoke(app, ["fetch", "mixed.yaml", "--to", "assets"])
        server.shutdown()
    assert isinstance(refused.exception, ManifestError) and refused.exception.exit_code == 2
    assert (victim / "thesis.txt").read_text() == "years" and not (tmp_path / "assets" / "evil").exists()
    assert mixed.exit_code == 1 and "1 new, 0 kept, 3 refused" in mixed.output
    assert sorted(path.name for path in (tmp_path / "assets" / "mixed" / "unpacked").iterdir()) == ["good"]


def zipped(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def pax_bomb(size=40_000_000):
    """A tar archive whose extended header unpacks to many times the size of the archive."""
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, size
    body = io.BytesIO()
    with gzip.open(body, "wb") as packed:
        packed.write(header.tobuf(tarfile.USTAR_FORMAT))
        packed.write(bytes(size))
        packed.write(bytes(1024))
    return body.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"\x1f\x8b\0", bytes(10_000), zipped({"a/": b""})])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_file_that_is_not_an_archive_leaves_nothing(tmp_path, content, kind):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError):
        unpack(tmp_path / "a", tmp_path / "out", kind)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_leftovers_of_tools_are_not_unpacked(tmp_path):
    members = {"./a/mesh.obj": b"1", "__MACOSX/a/._mesh.obj": b"2", "a/.DS_Store": b"3"}
    (tmp_path / "a.zip").write_bytes(zipped(members))
    assert unpack(tmp_path / "a.zip", tmp_path / "out", "zip") == ["a/mesh.obj"]


@pytest.mark.parametrize("path", ["../../victim", "/etc/passwd", "a/../../b", ""])
def test_a_lock_file_with_paths_elsewhere_is_refused(tmp_path, path):
    file = {"size_bytes": 1, "sha256": "0"}
    entry = {"licence": {"name": "x"}, "downloads": {}, "files": {path: file}}
    (tmp_path / LOCK).write_text(json.dumps({"version": 1, "manifest": "m", "source": "s", "entries": {"a": entry}}))
    with pytest.raises(DataError, match="a lock file"):
        read_lock(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 100_000, b'{"version": 1}', b'{"version": 1, "entries": 3}'])
def test_a_damaged_lock_file_is_reported(tmp_path, content):
    """The hint is to remove only the lock file, because the fetched files may be whole."""
    (tmp_path / LOCK).write_bytes(content)
    with pytest.raises(DataError) as error:
        read_lock(tmp_path)
    assert not re.search("(?i)(delete|remove) (the|this) folder", str(error.value))
