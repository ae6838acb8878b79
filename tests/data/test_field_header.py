"""What a header says is what HDF5 says, and a header of any other bytes is left to HDF5."""

import shutil

import h5py
import numpy as np
import pytest

from odd_bench.data import fields
from odd_bench.data.codec import DEPTH_STEP_M, CodecConfig, depth_from_steps
from odd_bench.data.damage import reading
from odd_bench.data.errors import DataError
from odd_bench.data.field_header import _header, address, read_header
from odd_bench.data.fields import Storage, find_field
from odd_bench.data.shards import pack_shard, write_staged
from odd_bench.data.stored_scene import BYTES, OFFSETS
from odd_bench.data.tables import CAMERA_TYPE, object_type
from tests.data.synthetic import make_record

VIEWS = 3
TYPES = {"images": BYTES, "image_offsets": OFFSETS, "masks": BYTES, "mask_offsets": OFFSETS, "cameras": CAMERA_TYPE,
         "objects": object_type(VIEWS)}  # fmt: skip


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headers")
    staged = [folder / f"{i}.h5" for i in range(2)]
    for i, path in enumerate(staged):
        write_staged(path, make_record(index=i, pixels=32, views=VIEWS), CodecConfig())
    pack_shard(staged, folder / "train-00000.h5", "headers", "train")
    return folder / "train-00000.h5"


def found(path, scene, name):
    """Shape and place of a field as `find_field` finds it, or what it says is wrong."""
    try:
        with reading(path, "a field"), h5py.File(path) as file:
            field = find_field(file["scenes"][scene], name, TYPES[name], 1, Storage.of(file))
            return field.shape, field.start
    except DataError as error:
        return str(error)


def by_hdf5(path, scene, name, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(fields, "read_header", lambda *_: None)
        return found(path, scene, name)


def test_every_flat_field_of_a_shard_is_found_by_its_header_where_hdf5_finds_it(shard):
    with h5py.File(shard) as file:
        descriptor = Storage.of(file).descriptor
        for group in file["scenes"].values():
            for name, dtype in TYPES.items():
                header = read_header(group, name, dtype, descriptor)
                assert (header.count,) == group[name].shape
                assert header.start == group[name].id.get_offset()


def test_another_type_a_link_and_nothing_are_left_to_hdf5(shard, tmp_path):
    path = shutil.copy(shard, tmp_path)
    with h5py.File(path, "r+") as file:
        group = next(iter(file["scenes"].values()))
        group["linked"] = h5py.SoftLink("images")
        group["elsewhere"] = h5py.ExternalLink("other.h5", "/images")
    with h5py.File(path) as file:
        group, descriptor = next(iter(file["scenes"].values())), Storage.of(file).descriptor
        for name, dtype in (
            ("images", OFFSETS),
            ("linked", BYTES),
            ("elsewhere", BYTES),
            ("nothing", BYTES),
            ("depth", BYTES),
        ):
            assert read_header(group, name, dtype, descriptor) is None


@pytest.mark.parametrize("name", TYPES)
def test_a_flipped_bit_of_a_header_is_told_as_hdf5_tells_it(shard, tmp_path, name, monkeypatch):
    path, content = tmp_path / shard.name, shard.read_bytes()
    with h5py.File(shard) as file:
        scene, group = next(iter(file["scenes"].items()))
        start = address(group, name)
    for place in range(start, start + len(_header(TYPES[name]))):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        assert found(path, scene, name) == by_hdf5(path, scene, name, monkeypatch)


def test_what_begins_with_something_else_than_hdf5_is_left_to_hdf5(shard, tmp_path):
    path = tmp_path / shard.name
    path.write_bytes(bytes(512) + shard.read_bytes())
    with h5py.File(path) as file:
        assert Storage.of(file).descriptor is None


def test_depths_are_the_nearest_of_32_bits_to_their_steps():
    steps = np.arange(1 << 16, dtype=np.uint16)
    assert depth_from_steps(steps).dtype == np.float32
    assert np.array_equal(depth_from_steps(steps), (steps * DEPTH_STEP_M).astype(np.float32))
