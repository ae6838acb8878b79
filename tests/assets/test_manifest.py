import pytest

from odd_bench.assets.manifest import ManifestError
from odd_bench.assets.manifest_file import load, names, parse
from odd_bench.render.surroundings import BUNDLED_ENVIRONMENTS, FLOOR_STYLES
from odd_bench.shapes import toys
from odd_bench.shapes.cad import FAMILIES

HEAD = """
title: Things
kind: shapes
source: https://example.org
licence: {name: CC0-1.0}
obtain: download
steps: [Ask.]
"""


def test_every_shipped_manifest_is_valid():
    assert {
        "toys",
        "parts",
        "environments",
        "floors",
        "toys4k",
        "abc",
        "objaverse",
        "google_scanned_objects",
        "polyhaven",
    } <= set(names())
    for name in names():
        manifest = load(name)
        assert manifest.steps and manifest.licence.name and manifest.source
        if manifest.obtain == "download":
            assert all(entry.url or entry.polyhaven for entry in manifest.entries)
        if manifest.kind == "shapes" and manifest.obtain in ("download", "by hand"):
            assert manifest.layouts, f"{name} cannot be taken from a folder"


def test_manifests_of_procedural_assets_agree_with_the_code():
    entries = load("toys").entries
    assert {entry.name for entry in entries if "train" in entry.split} == set(toys.SEEN)
    assert {entry.name for entry in entries if entry.split == ("test-unseen",)} == set(toys.UNSEEN)
    assert tuple(sorted(entry.file for entry in load("environments").entries)) == BUNDLED_ENVIRONMENTS
    assert [entry.name for entry in load("floors").entries] == list(FLOOR_STYLES)
    assert {entry.name for entry in load("parts").entries} == set(FAMILIES), (
        "assets_manifest/parts.yaml lists the families"
    )


def test_urls_are_filled_in_and_name_the_files():
    entry = parse(
        HEAD + "url: https://example.org/{name}.zip\nentries:\n- {name: a_1, unpack: zip}", "things", "t.yaml"
    ).entry("a_1")
    assert (entry.url, entry.file, entry.split) == ("https://example.org/a_1.zip", "a_1.zip", ("any",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "t.yaml: found list; expected keys and values"),
        ("a: [", "t.yaml: found while parsing.*expected YAML"),
        (HEAD + "licens: x", "unknown key 'licens'; expected one of .*Did you mean licence"),
        (HEAD.replace("title: Things", ""), "missing 1 required positional argument: 'title'"),
        (HEAD.replace("shapes", "sheep"), "kind 'sheep'; expected one of"),
        (HEAD.replace("steps: [Ask.]", ""), "no steps; expected how to get the collection"),
        (HEAD + "entries: [{name: a, md5: abc}]", "t.yaml: a: found md5 'abc'; expected 32 lower-case"),
        (HEAD + "entries: [{name: a, sha256: 12}]", "a: found sha256 12; expected 64"),
        (HEAD + "entries: [{name: a, url: 'file:///etc/passwd'}]", "url 'file:///etc/passwd'; expected http or https"),
        (HEAD + "entries: [{name: a, file: ../b}]", "file '../b'; expected a path within the folder"),
        (HEAD + "entries: [{name: a, split: testing}]", r"split \['testing'\]; expected some of"),
        (HEAD + "entries: [{name: a, unpack: rar}]", "unpack 'rar'; expected one of"),
        (HEAD + "entries: [{name: a}, {name: a}]", r"entries \['a'\] twice"),
        (HEAD + "entries: [{nam: a}]", "entry without name: found unknown key 'nam'.*Did you mean name"),
        (HEAD + "layouts: [{match: '('}]", "expected a regular expression"),
        (HEAD + "layouts: [{match: '.*'}]", r"expected a group \(\?P<shape>"),
    ],
)
def test_every_fault_in_a_manifest_is_reported(text, message):
    with pytest.raises(ManifestError, match=message):
        parse(text, "t", "t.yaml")


def test_unknown_names_get_a_hint(tmp_path):
    with pytest.raises(ManifestError, match=r"found 'toys4'; expected one of.*Did you mean toys4k"):
        load("toys4")
    with pytest.raises(ManifestError, match="no such file"):
        load(str(tmp_path / "mine.yaml"))
    with pytest.raises(
        ManifestError, match=r"toys: found no entry 'lyon'; expected one of its 51 entries. Did you mean lion"
    ):
        load("toys").entry("lyon")
