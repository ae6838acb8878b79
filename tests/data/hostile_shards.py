"""Shards as a hostile sender or a failing disk would make them: each function spoils one shard in one way."""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import h5py
import numpy as np

ATTRIBUTES = ("format", "version", "complete", "codec", "split", "dataset")
SCENE_ATTRIBUTES = ("split", "category", "shape", "plan_sha256", "label_sha256", "image_sha256")
FIELDS = ("images", "image_offsets", "masks", "mask_offsets", "cameras", "objects", "depth")
OUTSIDE = 1 << 40

WRONG_VALUES = {
    "a number": 7, "floats": np.zeros((3, 4)), "many numbers": np.zeros(8000, "u1"), "bytes": np.bytes_(b"\xff\xfe\xff"),
    "nothing": h5py.Empty("f4"), "a table": np.zeros(2, [("a", "f4"), ("b", "S3")]), "texts": ["a", "b"],
    "a path": "../../victim", "a long text": "x" * 5000, "an empty text": "",
}  # fmt: skip


def shards(source: Path, folder: Path, every: int = 1) -> Iterator[tuple[str, Path]]:
    """Spoilt copies of a whole shard with their names, one after another under one path. every: the step through the ways."""
    target = folder / source.name
    for name, spoil in islice(ways(source), 0, None, every):
        target.write_bytes(source.read_bytes())
        with h5py.File(target, "r+") as file:
            spoil(file)
        yield name, target


def flipped(source: Path, folder: Path, count: int, seed: int) -> Iterator[tuple[str, Path]]:
    """Copies with a few flipped bits, half of them in the first kilobytes and the heaps, where the structure lies."""
    rng, content, target = random.Random(seed), source.read_bytes(), folder / source.name
    for number in range(count):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8))):
            end = 4096 if number % 2 else len(content)
            damaged[rng.randrange(end)] ^= 1 << rng.randrange(8)
        target.write_bytes(bytes(damaged))
        yield f"flip {seed}/{number}", target


def flipped_structure(source: Path, folder: Path, count: int, seed: int) -> Iterator[tuple[str, Path]]:
    """Copies with one or two flipped bits in the structures of HDF5: everywhere but in the values of the fields."""
    rng, content, target = random.Random(seed), source.read_bytes(), folder / source.name
    own = np.ones(len(content), bool)
    with h5py.File(source) as file:
        for scene in file["scenes"].values():
            for field in scene.values():
                for start, size in _pieces(field):
                    own[start : start + size] = False
    places = np.flatnonzero(own).tolist()
    for number in range(count):
        damaged = bytearray(content)
        for place in rng.choices(places, k=rng.choice((1, 1, 2))):
            damaged[place] ^= 1 << rng.randrange(8)
        target.write_bytes(bytes(damaged))
        yield f"structure {seed}/{number}", target


def _pieces(field: h5py.Dataset) -> list[tuple[int, int]]:
    """Where the values of a field lie in the file: offsets and lengths in bytes."""
    if field.chunks is None:
        return [(field.id.get_offset(), field.id.get_storage_size())]
    chunks = [field.id.get_chunk_info(number) for number in range(field.id.get_num_chunks())]
    return [(chunk.byte_offset, chunk.size) for chunk in chunks]


def ways(source: Path) -> Iterator[tuple[str, Callable[[h5py.File], None]]]:
    """The name and the function of every way."""
    with h5py.File(source) as file:
        scene = next(iter(file["scenes"]))
    path = f"scenes/{scene}"
    for what, value in WRONG_VALUES.items():
        for name in ATTRIBUTES:
            yield f"{name} is {what}", lambda file, n=name, v=value: _set(file, n, v)
        for name in SCENE_ATTRIBUTES:
            yield f"scene's {name} is {what}", lambda file, n=name, v=value: _set(file[path], n, v)
    for name in (*FIELDS, "legacy_boxes"):
        for what, make in _fields(source).items():
            yield f"{name} is {what}", lambda file, n=name, m=make: _replace(file, f"{path}/{n}", m)
    for where in ("scenes", path):
        for what, make in _fields(source).items():
            yield f"/{where} is {what}", lambda file, w=where, m=make: _replace(file, w, m)
    for name in ("..", "a\\b", "c:d", "x" * 300, ".hidden", " ", "line\nbreak", "\u202egnp.x"):
        yield f"a scene called {name[:9]!r}", lambda file, n=name: file.move(path, file["scenes"].name + "/" + n)
    for name in ("image_offsets", "mask_offsets"):
        for what, change in _OFFSETS.items():
            yield f"{name} {what}", lambda file, n=f"{path}/{name}", c=change: _edit(file[n], c)
    for name in ("images", "masks"):
        for what, blob in _BLOBS.items():
            yield f"{name} hold {what}", lambda file, n=name, b=blob: _with_blob(file[path], n, b())
    for key in ("width", "height"):
        for value in (0, 1, 65535):
            yield f"{key} is {value}", lambda file, k=key, v=value: _column(file[f"{path}/cameras"], k, v)
    for key, value in (("K", np.nan), ("camera_from_world", np.inf), ("K", 0.0), ("camera_from_world", 0.0)):
        yield f"cameras' {key} is {value}", lambda file, k=key, v=value: _column(file[f"{path}/cameras"], k, v)
    for key, value in (("type", b"\xff\xfe"), ("label", 255), ("aabb", np.nan), ("obb", -1.0), ("obb", 1e300),
                       ("world_from_object", np.nan), ("visible_pixels", -5), ("magnitude", np.inf)):  # fmt: skip
        yield f"objects' {key} is {value!r}", lambda file, k=key, v=value: _column(file[f"{path}/objects"], k, v)
    yield "depth unpacks to 128 megabytes", lambda file: _depth_bomb(file[path])
    for what, spoil in _STRUCTURES.items():
        yield what, lambda file, s=spoil: s(file, path)
    for what, options in _PACKINGS.items():
        yield f"depth packed {what}", lambda file, o=options: _pack_depth(file[path], o)
    for what, change in _CHUNKS.items():
        yield f"a chunk of depth {what}", lambda file, c=change: _change_chunk(file[path], c)


def _linked(file: h5py.File, where: str, target: str) -> None:
    """Replace the object by another hard link."""
    found = file[target]
    del file[where]
    file[where] = found


def _circle(file: h5py.File, path: str) -> None:
    """The scene is a soft link to a link that leads back to it."""
    file.move(path, "kept")
    file[path], file["loop"] = h5py.SoftLink("/loop"), h5py.SoftLink("/" + path)


def _typed(file: h5py.File, name: str, kind: object) -> None:
    """Give an attribute of the file another type."""
    del file.attrs[name]
    file.attrs.create(name, 1 if np.dtype(kind).kind in "iufb" else b"1", dtype=kind)


def _retyped(file: h5py.File, name: str, change: Callable[[np.dtype], object]) -> None:
    """Store a field with the same values in another type."""
    values = file[name][()]
    del file[name]
    file[name] = values.astype(change(values.dtype))


def _reordered(table: np.dtype) -> np.dtype:
    return np.dtype([(name, table[name]) for name in reversed(table.names)])


def _padded(table: np.dtype) -> np.dtype:
    offsets = [table.fields[name][1] for name in table.names]
    kinds = [table[name] for name in table.names]
    return np.dtype({"names": list(table.names), "formats": kinds, "offsets": offsets, "itemsize": table.itemsize + 64})


def _pointing(file: h5py.File, name: str, kind: object, value: Callable[[h5py.File], object]) -> None:
    """Replace a field by one reference to something in the file."""
    del file[name]
    file.create_dataset(name, (1,), kind)[0] = value(file)


def _resized(file: h5py.File, name: str, rows: int) -> None:
    values = file[name][()]
    del file[name]
    file[name] = np.resize(values, (rows, *values.shape[1:])) if rows else values[:0]


def _many_links(file: h5py.File, path: str) -> None:
    for number in range(20):
        file[f"scenes/again-{number}"] = file[path]


_STRUCTURES: dict[str, Callable[[h5py.File, str], None]] = {
    "the scenes hold themselves": lambda file, path: _linked(file, path, "scenes"),
    "the scene is the whole file": lambda file, path: _linked(file, path, "/"),
    "the scenes are the whole file": lambda file, path: _linked(file, "scenes", "/"),
    "the scene is a circle of links": _circle,
    "one scene under twenty more names": _many_links,
    "masks are the pictures": lambda file, path: _linked(file, f"{path}/masks", f"{path}/images"),
    "cameras are the objects": lambda file, path: _linked(file, f"{path}/cameras", f"{path}/objects"),
    "version is a float": lambda file, path: _typed(file, "version", "f8"),
    "version is a giant integer": lambda file, path: _typed(file, "version", "u8") or file.attrs.modify("version", 2**64 - 1),
    "complete is an enumeration": lambda file, path: _typed(file, "complete", h5py.enum_dtype({"no": 0, "yes": 1}, "u1")),
    "format is opaque": lambda file, path: _set(file, "format", np.void(b"odd-bench/shard")),
    "format is a reference": lambda file, path: _set(file, "format", file["scenes"].ref),
    "split is an array of one text": lambda file, path: _set(file[path], "split", np.array(["train"], h5py.string_dtype())),
    "split is text of a fixed length": lambda file, path: _set(file[path], "split", np.bytes_(b"../x")),
    "images are references": lambda file, path: _pointing(file, f"{path}/images", h5py.ref_dtype, lambda f: f.ref),
    "objects are regions": lambda file, path: _pointing(
        file, f"{path}/objects", h5py.regionref_dtype, lambda f: f[f"{path}/masks"].regionref[:9]
    ),
    "images are signed": lambda file, path: _retyped(file, f"{path}/images", lambda kind: "i1"),
    "offsets are of 64 bits": lambda file, path: _retyped(file, f"{path}/image_offsets", lambda kind: "<i8"),
    "offsets are the other way round": lambda file, path: _retyped(file, f"{path}/mask_offsets", lambda kind: ">u4"),
    "cameras' columns stand in another order": lambda file, path: _retyped(file, f"{path}/cameras", _reordered),
    "objects' rows have room between them": lambda file, path: _retyped(file, f"{path}/objects", _padded),
    "no objects": lambda file, path: _resized(file, f"{path}/objects", 0),
    "no cameras": lambda file, path: _resized(file, f"{path}/cameras", 0),
    "no pictures": lambda file, path: _resized(file, f"{path}/images", 0),
    "no offsets": lambda file, path: _resized(file, f"{path}/mask_offsets", 0),
    "a hundred objects": lambda file, path: _resized(file, f"{path}/objects", 100),
    "two thousand cameras": lambda file, path: _resized(file, f"{path}/cameras", 2000),
}  # fmt: skip

_PACKINGS: dict[str, dict] = {
    "in whole": {"chunks": None},
    "in chunks of one row": {"chunks": (1, 1, 32)},
    "in chunks of all views": {"chunks": (3, 32, 32)},
    "by a filter of somebody": {"chunks": (1, 32, 32), "compression": 32099, "allow_unknown_filter": True},
    "with a filter before gzip": {"chunks": (1, 32, 32), "compression": "gzip", "fletcher32": True},
    "by gzip twice": {"chunks": (1, 32, 32), "compression": "gzip", "scaleoffset": 0},
    "by lzf": {"chunks": (1, 32, 32), "compression": "lzf"},
    "with room for more views": {"chunks": (1, 32, 32), "maxshape": (None, 32, 32), "shuffle": True, "compression": "gzip"},
}  # fmt: skip

_CHUNKS: dict[str, Callable[[bytes], tuple[bytes, int]]] = {
    "is cut short": lambda packed: (packed[: len(packed) // 2], 0),
    "says that it skips all filters": lambda packed: (packed, 3),
    "says that it is not shuffled": lambda packed: (packed, 1),
    "has more behind its end": lambda packed: (packed + b"more", 0),
    "has a wrong checksum": lambda packed: (packed[:-1] + bytes([packed[-1] ^ 1]), 0),
}


def _pack_depth(group: h5py.Group, options: dict) -> None:
    """Store the same depth in another way. No chunk is written for the unknown filter, because it cannot be."""
    values = group["depth"][()]
    del group["depth"]
    if "allow_unknown_filter" in options:
        group.create_dataset("depth", values.shape, values.dtype, **options)
    else:
        group.create_dataset("depth", data=values, **options)


def _change_chunk(group: h5py.Group, change: Callable[[bytes], tuple[bytes, int]]) -> None:
    """Store the same chunks in a new field, the second of them changed; in an existing field, HDF5 would keep its filter mask."""
    old = group["depth"]
    packed = [old.id.read_direct_chunk((view, 0, 0))[1] for view in range(len(old))]
    shape, kind, chunks = old.shape, old.dtype, old.chunks
    del group["depth"]
    depth = group.create_dataset(
        "depth", shape, kind, chunks=chunks, compression="gzip", shuffle=True, track_times=False
    )
    for view, content in enumerate(packed):
        depth.id.write_direct_chunk((view, 0, 0), *(change(content) if view == 1 else (content, 0)))


_OFFSETS = {
    "fall": lambda offsets: offsets[::-1].copy(),
    "lie far outside": lambda offsets: offsets + 2**31,
    "are all nothing": lambda offsets: offsets * 0,
}


def _png(width: int, height: int) -> bytes:
    """A PNG that only declares its size."""
    import struct

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _gif() -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.new("P", (64, 64)).save(content, "GIF")
    return content.getvalue()


_BLOBS = {
    "a picture of 30,000 x 30,000": lambda: _png(30_000, 30_000),
    "a picture cut short": lambda: _png(64, 64),
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\n",
    "a GIF": _gif,
    "nothing": lambda: b"",
    "zeros": lambda: bytes(500),
}


def _fields(source: Path) -> dict[str, Callable[[h5py.File, str], None]]:
    return {
        "missing": lambda file, name: None,
        "a group": lambda file, name: file.create_group(name),
        "a soft link": lambda file, name: file.__setitem__(name, h5py.SoftLink("/")),
        "a dangling link": lambda file, name: file.__setitem__(name, h5py.SoftLink("/nowhere")),
        "an external link": lambda file, name: file.__setitem__(name, h5py.ExternalLink(str(source), "/" + name)),
        "a named type": lambda file, name: file.__setitem__(name, np.dtype("f4")),
        "a scalar": lambda file, name: file.create_dataset(name, data=3),
        "no values": lambda file, name: file.create_dataset(name, data=h5py.Empty("u1")),
        "texts": lambda file, name: file.create_dataset(name, data=["a", "b"]),
        "floats": lambda file, name: file.create_dataset(name, data=np.zeros((2, 3, 4))),
        "giant": lambda file, name: file.create_dataset(name, (OUTSIDE,), "u1", chunks=(1 << 20,), compression="gzip"),
        "giant in one piece": lambda file, name: file.create_dataset(name, (OUTSIDE,), "u1"),
        "giant offsets": lambda file, name: file.create_dataset(name, (OUTSIDE,), "<u4"),
        "giant views": lambda file, name: file.create_dataset(
            name, (OUTSIDE, 64, 64), "<u2", chunks=(1, 64, 64), compression="gzip", shuffle=True
        ),
        "external values": lambda file, name: file.create_dataset(
            name, (5000,), "u1", external=[(str(source), 0, 5000)]
        ),
        "virtual values": _virtual(source),
    }  # fmt: skip


def _virtual(source: Path) -> Callable[[h5py.File, str], None]:
    def make(file: h5py.File, name: str) -> None:
        layout = h5py.VirtualLayout((100,), "u1")
        layout[:] = h5py.VirtualSource(str(source), "scenes/nobody", (100,))
        file.create_virtual_dataset(name, layout)

    return make


def _set(owner, name: str, value) -> None:
    if name in owner.attrs:
        del owner.attrs[name]
    owner.attrs[name] = value


def _replace(file: h5py.File, name: str, make: Callable[[h5py.File, str], None]) -> None:
    if name in file:
        del file[name]
    make(file, name)


def _edit(stored: h5py.Dataset, change: Callable[[np.ndarray], np.ndarray]) -> None:
    stored[...] = change(stored[()])


def _column(stored: h5py.Dataset, key: str, value) -> None:
    rows = stored[()]
    rows[key] = value
    stored[...] = rows


def _with_blob(group: h5py.Group, name: str, blob: bytes) -> None:
    """Replace every view of the field by the same blob."""
    offsets_name = {"images": "image_offsets", "masks": "mask_offsets"}[name]
    views = len(group[offsets_name]) - 1
    del group[name]
    group.create_dataset(name, data=np.frombuffer(blob * views, np.uint8))
    group[offsets_name][...] = np.arange(views + 1) * len(blob)


def _depth_bomb(group: h5py.Group) -> None:
    shape = group["depth"].shape
    del group["depth"]
    depth = group.create_dataset(
        "depth", shape, "<u2", chunks=(1, *shape[1:]), compression="gzip", shuffle=True, track_times=False
    )
    packer = zlib.compressobj(9)
    bomb = b"".join([packer.compress(bytes(1 << 20)) for _ in range(1 << 7)] + [packer.flush()])
    for view in range(shape[0]):
        depth.id.write_direct_chunk((view, 0, 0), bomb, 0)
