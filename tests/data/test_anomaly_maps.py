"""The file of anomaly maps: written maps read back, and a damaged or hostile file is refused in one line."""

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.data.anomaly_maps import MapWriter, enlarged, open_maps
from odd_bench.data.errors import DataError

SIZE = (12, 18)


def suspicion(seed=0, size=SIZE):
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def write(path, scenes=("a", "b"), views=(3, 0), size=SIZE):
    with MapWriter(path) as out:
        for scene in scenes:
            for view in views:
                out.add(scene, view, suspicion(view, size))
    return path


def test_written_maps_read_back(tmp_path):
    with open_maps(write(tmp_path / "p.maps.h5")) as maps:
        assert maps.scenes == {"a", "b"}
        found = maps.maps("a", (0, 1, 3), SIZE)
        assert sorted(found) == [0, 3]
        for view, one in found.items():
            np.testing.assert_array_equal(one, suspicion(view))
        assert maps.maps("c", (0,), SIZE) == {}


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_a_map_of_a_divisor_stands_for_squares_of_pixels(tmp_path, factor):
    small = (SIZE[0] // factor, SIZE[1] // factor)
    with open_maps(write(tmp_path / "p.h5", size=small)) as maps:
        found = maps.maps("a", (0,), SIZE)[0]
    np.testing.assert_array_equal(found, np.kron(suspicion(0, small), np.ones((factor, factor), np.uint8)))


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6))
def test_enlarging_keeps_every_value_where_it_was(factor, height, width):
    small = suspicion(1, (height, width))
    np.testing.assert_array_equal(enlarged(small, factor)[::factor, ::factor], small)


@pytest.mark.parametrize("size", [(5, 18), (12, 9), (24, 36), (12, 17)])
def test_maps_of_other_sizes_are_refused(tmp_path, size):
    with open_maps(write(tmp_path / "p.h5", size=size)) as maps, pytest.raises(DataError, match="one whole number"):
        maps.maps("a", (0,), SIZE)


def test_a_failing_writer_keeps_the_old_file(tmp_path):
    path = write(tmp_path / "p.h5")
    before = path.read_bytes()
    with pytest.raises(RuntimeError), MapWriter(path) as out:
        out.add("z", 0, suspicion())
        raise RuntimeError
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["p.h5"]


@pytest.mark.parametrize(
    "scene, view, pixels, message",
    [
        ("a", 0, np.zeros((4, 4)), "expected \\(h, w\\) uint8"),
        ("a", 0, np.zeros((4, 4, 1), np.uint8), "expected \\(h, w\\) uint8"),
        ("a", 0, np.zeros((0, 4), np.uint8), "expected \\(h, w\\) uint8"),
        ("../a", 0, suspicion(), "a path, not one name"),
        ("a", -1, suspicion(), "view -1"),
        ("b", 7, suspicion(), "view 7 twice"),
        ("b", 8, suspicion(size=(2, 2)), "different sizes"),
        ("first", 1, suspicion(), "after another scene"),
    ],
)
def test_arrays_that_are_not_maps_are_refused_at_once(tmp_path, scene, view, pixels, message):
    out = MapWriter(tmp_path / "p.h5")
    out.add("first", 0, suspicion())
    out.add("b", 7, suspicion())
    with pytest.raises(ValueError, match=message):
        out.add(scene, view, pixels)
    out.close()


def one_line(error):
    text = str(error.value)
    assert "\n" not in text and ": found " in text and "expected " in text and "Write the maps again" in text


def test_bytes_that_are_not_maps_are_refused_in_one_line(tmp_path):
    path = tmp_path / "p.maps.h5"
    whole = write(path).read_bytes()
    for content in (b"", b"nonsense" * 99, whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(DataError) as error, open_maps(path):
            pass
        one_line(error)


@pytest.mark.parametrize("key, value", [("format", "other"), ("version", 2), ("complete", False)])
def test_other_formats_versions_and_unfinished_files_are_refused(tmp_path, key, value):
    path = write(tmp_path / "p.h5")
    with h5py.File(path, "r+") as file:
        file.attrs[key] = value
    with pytest.raises(DataError) as error, open_maps(path):
        pass
    one_line(error)


def replaced(group, name, **how):
    del group[name]
    group.create_dataset(name, **how)


def outside(group):
    del group["maps"]
    group["maps"] = h5py.ExternalLink("elsewhere.h5", "/scenes/a/maps")


def linked(group):
    del group["maps"]
    group["maps"] = h5py.SoftLink("/scenes/b/maps")


HOSTILE = {
    "external link": outside,
    "soft link": linked,
    "huge": lambda group: replaced(
        group, "maps", shape=(2, 1 << 20, 1 << 20), dtype="u1", chunks=(1, 1 << 10, 1 << 10)
    ),
    "huge by attribute": lambda group: group.attrs.update(height=1 << 40, width=1 << 40),
    "no size": lambda group: group.attrs.__delitem__("height"),
    "floats": lambda group: replaced(group, "maps", data=np.zeros((2, *SIZE)), chunks=(1, *SIZE)),
    "no maps": lambda group: group.__delitem__("maps"),
    "other chunks": lambda group: replaced(group, "maps", data=np.zeros((2, *SIZE), "u1"), chunks=(1, 3, 3)),
    "too few": lambda group: replaced(group, "maps", data=np.zeros((1, *SIZE), "u1"), chunks=(1, *SIZE)),
    "a view twice": lambda group: replaced(group, "views", data=np.array([3, 3], "<i4")),
    "a negative view": lambda group: replaced(group, "views", data=np.array([3, -1], "<i4")),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_scenes_are_refused_before_they_are_read(tmp_path, attack):
    path = write(tmp_path / "p.h5")
    with h5py.File(path, "r+") as file:
        HOSTILE[attack](file["scenes/a"])
    with open_maps(path) as maps:
        with pytest.raises(DataError) as error:
            maps.maps("a", (0, 3), SIZE)
        assert "\n" not in str(error.value)
        assert "/scenes/a" in str(error.value)
        assert len(maps.maps("b", (0, 3), SIZE)) == 2


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path):
    path = write(tmp_path / "p.h5")
    with h5py.File(path, "r+") as file:
        file["scenes"].move("a", ".hidden")
    with pytest.raises(DataError, match="a hidden name"), open_maps(path):
        pass
