"""A hostile archive is reported and leaves nothing, or all of its files lie inside the folder; none makes the reader hang."""

import resource

import pytest

from odd_bench.assets.archive import unpack
from odd_bench.data.errors import DataError
from tests.assets.hostile_archives import HARMLESS, TARS, ZIPS
from tests.damaged_files import alarm

CASES = [("tar", name, make) for name, make in TARS.items()] + [("zip", name, make) for name, make in ZIPS.items()]


@pytest.mark.parametrize(("kind", "name", "make"), CASES, ids=[f"{kind}: {name}" for kind, name, _ in CASES])
def test_a_hostile_archive_is_reported_and_leaves_nothing(tmp_path, kind, name, make):
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    (place / "archive").write_bytes(make())
    with alarm(30):
        try:
            files = unpack(place / "archive", place / "out", kind)
        except DataError as error:
            assert name not in HARMLESS and "archive" in str(error)
            assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", place, place / "archive"]
        else:
            assert name in HARMLESS and files
    inside = {path for path in tmp_path.rglob("*") if path.is_relative_to(place / "out")}
    assert set(tmp_path.rglob("*")) - inside == {tmp_path / "a", place, place / "archive"}
    assert all(path.is_dir() or (path.is_file() and not path.is_symlink()) for path in inside)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 << 20  # kilobytes
