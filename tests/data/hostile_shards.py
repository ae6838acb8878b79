"""Shards as a hostile sender or a failing disk makes them: each function spoils one shard in one way."""

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
    """Spoilt copies of a whole shard, each with its name, one after the other under one path. every: so many ways apart."""
    target = folder / source.name
    for name, spoil in islice(ways(source), 0, None, every):
        target.write_bytes(source.read_bytes())
        with h5py.File(target, "r+") as file:
            spoil(file)
        yield name, target


def flipped(source: Path, folder: Path, count: int, seed: int) -> Iterator[tuple[str, Path]]:
    """Copies with a few flipped bits; half of them in the first kilobytes and the heaps, where the structure lies."""
    rng, content, target = random.Random(seed), source.read_bytes(), folder / source.name
    for number in range(count):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8))):
            end = 4096 if number % 2 else len(content)
            damaged[rng.randrange(end)] ^= 1 << rng.randrange(8)
        target.write_bytes(bytes(damaged))
        yield f"flip {seed}/{number}", target


def ways(source: Path) -> Iterator[tuple[str, Callable[[h5py.File], None]]]:
    """Name and function of every way."""
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
    """Every view of the field is the same blob."""
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
