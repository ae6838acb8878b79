import io
import stat
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.assets.archive import unpack
from odd_bench.assets.manifest import is_inside
from odd_bench.data.errors import DataError


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def tarred(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


MAKE = {"zip": zipped, "tar": tarred}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_good_archive_is_unpacked_unchanged(tmp_path, kind):
    members = [("meshes/model.obj", b"v 0 0 0"), ("a.txt", b""), ("x/y/z.bin", bytes(1000))]
    archive = MAKE[kind](tmp_path / "a", members)
    assert unpack(archive, tmp_path / "out", kind) == sorted(name for name, _ in members)
    assert all((tmp_path / "out" / name).read_bytes() == content for name, content in members)
    (tmp_path / "out" / "foreign").write_text("old")
    unpack(archive, tmp_path / "out", kind)
    assert not (tmp_path / "out" / "foreign").exists()


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "..\\evil", "a\\b"])
def test_no_member_is_written_outside_the_folder(tmp_path, kind, name):
    archive = MAKE[kind](tmp_path / "a", [("good", b"1"), (name, b"2")])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=r"is outside the folder.*Nothing was unpacked"):
        unpack(archive, tmp_path / "out", kind)
    assert sorted(tmp_path.rglob("*")) == before


def test_links_and_devices_are_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DataError, match="'link' is not a plain file"):
        unpack(zipped(tmp_path / "a", [(link, "/etc/passwd")]), tmp_path / "out", "zip")
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        info = tarfile.TarInfo("odd")
        info.type, info.linkname = kind, "/etc/passwd"
        with pytest.raises(DataError, match="'odd' is not a plain file"):
            unpack(tarred(tmp_path / "b", [(info, b"")]), tmp_path / "out", "tar")
    assert not (tmp_path / "out").exists()


def test_bombs_repeated_names_and_files_used_as_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match="at most 300 times"):
        unpack(zipped(tmp_path / "a", [("bomb", bytes(40_000_000))]), tmp_path / "out", "zip")
    with pytest.raises(DataError, match="'A' occurs twice"):
        unpack(zipped(tmp_path / "a", [("a", b"1"), ("A", b"2")]), tmp_path / "out", "zip")
    with pytest.raises(DataError, match="'a/b' is below a file"):
        unpack(zipped(tmp_path / "a", [("a", b"1"), ("a/b", b"2")]), tmp_path / "out", "zip")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_broken_archives_are_reported_and_leave_nothing(tmp_path, kind):
    archive = MAKE[kind](tmp_path / "a", [("good", bytes(range(256)) * 400)])
    content = archive.read_bytes()
    for broken in (b"", b"not an archive", content[: len(content) // 2]):
        archive.write_bytes(broken)
        with pytest.raises(DataError, match=f"a {kind} archive that can be unpacked"):
            unpack(archive, tmp_path / "out", kind)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


@given(st.text(alphabet="ab./\\: \0", max_size=12))
def test_every_accepted_member_lies_inside_the_folder(tmp_path_factory, path):
    root = tmp_path_factory.getbasetemp() / "root"
    if is_inside(path):
        assert (root / path).resolve().is_relative_to(root.resolve())


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut short", bytes(3000)])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_damaged_archive_does_not_replace_what_was_unpacked_before(tmp_path, kind, content):
    unpack(MAKE[kind](tmp_path / "a", [("model.obj", b"v 0 0 0")]), tmp_path / "out", kind)
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError):
        unpack(tmp_path / "a", tmp_path / "out", kind)
    assert (tmp_path / "out" / "model.obj").read_bytes() == b"v 0 0 0"
    assert not (tmp_path / "out.part").exists()
