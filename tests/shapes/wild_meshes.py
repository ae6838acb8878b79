"""Mesh files as found on the web, on old disks and in the mail of a hostile sender; each function writes one to a folder."""

from __future__ import annotations

import base64
import json
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import trimesh

Make = Callable[[Path], Path]  # writes a file and its companions to a folder; returns the path of the file
EMPTY_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def meshes() -> Iterator[tuple[str, Make]]:
    """The name and the function of every file."""
    suffixes = ("ply", "stl", "off", "obj", "glb", "gltf")
    for number, (name, arrays) in enumerate(_geometries().items()):
        for suffix in (suffixes[number % 6], suffixes[(number + 3) % 6]):
            yield f"{name} as {suffix}", lambda folder, a=arrays, s=suffix: _exported(folder, s, *a)
    for suffix, texts in (("obj", OBJ), ("ply", PLY), ("stl", STL), ("off", OFF)):
        for name, content in texts.items():
            yield f"{suffix} {name}", lambda folder, s=suffix, c=content: _written(folder / f"a.{s}", c)
    for name, change in GLTF.items():
        yield f"gltf {name}", lambda folder, c=change: _gltf(folder, c)
    for name, content in GLB.items():
        yield f"glb {name}", lambda folder, c=content: _written(folder / "a.glb", c)
    for name, file in (("Chinese", "茶壶 二.obj"), ("signs", "#1 50% 'new' & old.obj"), ("blanks", "my  mug .obj")):
        yield f"a name of {name}", lambda folder, f=file: _written(folder / f, CUBE)
    yield "materials with what they lack", _with_materials


def _geometries() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Vertices and faces of every kind of bad geometry."""
    box, ball = trimesh.creation.box((1, 0.8, 0.6)), trimesh.creation.icosphere(2)
    corners, faces = np.array(box.vertices), np.array(box.faces)
    far = corners.copy()
    far[0] = np.nan
    endless = corners.copy()
    endless[3, 1] = np.inf
    flat = corners * [1, 1, 0]
    fin = np.vstack([corners, [[0, 0, 2.0]]]), np.vstack([faces, [[0, 1, 8], [1, 0, 8]]])
    dust = [
        trimesh.creation.box((0.01, 0.01, 0.01)).apply_translation(at)
        for at in np.random.default_rng(0).random((60, 3))
    ]
    pair = trimesh.util.concatenate([box, trimesh.creation.box().apply_translation((0.4, 0.3, 0.2))])
    inner = trimesh.util.concatenate([ball, trimesh.creation.icosphere(2, radius=0.4)])
    return {
        "faces of one corner": (corners, np.vstack([faces, [[0, 0, 0], [1, 1, 2]]])),
        "faces without area": (np.vstack([corners, corners[:1]]), np.vstack([faces, [[0, 8, 1]]])),
        "a corner that is no number": (far, faces),
        "a corner at infinity": (endless, faces),
        "coordinates of 1e30": (corners * 1e30, faces),
        "coordinates of 1e-30": (corners * 1e-30, faces),
        "a place far away": (corners + 1e7, faces),
        "an edge of four faces": fin,
        "a hole": (corners, faces[:-1]),
        "its inside outside": (corners, faces[:, ::-1]),
        "half of its faces turned": (corners, np.vstack([faces[:6], faces[6:, ::-1]])),
        "every face twice": (corners, np.vstack([faces, faces])),
        "no thickness": (flat, faces),
        "one triangle": (corners[:3], np.array([[0, 1, 2]])),
        "sixty specks": (np.vstack([one.vertices for one in dust]), np.vstack([one.faces + 8 * i for i, one in enumerate(dust)])),
        "two boxes in each other": (np.array(pair.vertices), np.array(pair.faces)),
        "a ball in a ball": (np.array(inner.vertices), np.array(inner.faces)),
        "all corners in one place": (np.zeros((8, 3)), faces),
    }  # fmt: skip


def _exported(folder: Path, suffix: str, vertices: np.ndarray, faces: np.ndarray) -> Path:
    if suffix in ("glb", "gltf"):
        return _gltf(folder, lambda tree: None, vertices, faces)
    path = folder / f"a.{suffix}"
    trimesh.Trimesh(vertices, faces, process=False).export(path)
    return path


def _written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


CORNERS = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n"
CUBE = CORNERS + "f 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
OBJ = {
    "with indices from the end": CORNERS + "f -4 -2 -3\nf -4 -3 -1\nf -4 -1 -2\nf -3 -2 -1\n",
    "with an index too large": CORNERS + "f 1 2 9\n",
    "with index 0": CORNERS + "f 0 1 2\n",
    "with a polygon of 40 corners": "".join(f"v {np.cos(a)} {np.sin(a)} 0\n" for a in np.linspace(0, 6, 40))
    + "f " + " ".join(map(str, range(1, 41))) + "\n",
    "of other line ends, with a mark": "\ufeff" + CUBE.replace("\n", "\r\n"),
    "with lines continued": CORNERS + "f 1 \\\n3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n",
    "with normals that are missing": CORNERS + "f 1//1 2//2 3//3\n",
    "with words for numbers": "v a b c\n" + CUBE,
    "with numbers past all": CORNERS.replace("v 1", "v 1e999") + "f 1 2 3\n",
    "of points and lines": CORNERS + "p 1 2\nl 1 2 3\n",
    "with colours at its corners": "".join(f"{line} 0.2 0.4 0.6\n" for line in CORNERS.splitlines()) + CUBE[len(CORNERS):],
    "with materials that are not there": "mtllib gone.mtl\nusemtl red\n" + CUBE,
    "with materials above its folder": "mtllib ../../etc/passwd\nusemtl root\n" + CUBE,
    "of nothing": "",
    "of noise": np.random.default_rng(1).bytes(3000),
    "cut short": CUBE[:-3],
}  # fmt: skip


def _ply(vertices: int, faces: int, body: str, format_: str = "ascii 1.0", more: str = "") -> bytes:
    head = f"ply\nformat {format_}\nelement vertex {vertices}\nproperty float x\nproperty float y\nproperty float z\n{more}"
    return (head + f"element face {faces}\nproperty list uchar int vertex_indices\nend_header\n{body}").encode()


POINTS = "0 0 0\n1 0 0\n0 1 0\n0 0 1\n"
SIDES = "3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n"
COLORS = "property uchar red\nproperty uchar green\nproperty uchar blue\n"
BIG = struct.pack(">12f", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)
PLY = {
    "that is whole": _ply(4, 4, POINTS + SIDES),
    "with colours": _ply(4, 4, "".join(f"{line} 9 99 199\n" for line in POINTS.splitlines()) + SIDES, more=COLORS),
    "without faces": _ply(4, 0, POINTS),
    "that declares a billion corners": _ply(10**9, 4, POINTS + SIDES),
    "that declares a billion corners, packed": _ply(10**9, 4, POINTS, "binary_little_endian 1.0"),
    "cut short": _ply(4, 4, POINTS + SIDES)[:-9],
    "with an index too large": _ply(4, 1, POINTS + "3 0 1 7\n"),
    "with a negative index": _ply(4, 1, POINTS + "3 0 1 -2\n"),
    "with the large end first": _ply(4, 0, "", "binary_big_endian 1.0") + BIG,
    "with faces of 255 corners": _ply(4, 1, "255 " + "0 " * 255 + "\n"),
    "of another kind": _ply(4, 4, POINTS + SIDES, "base64 1.0"),
    "without an end": b"ply\nformat ascii 1.0\n" + b"comment " + b"x" * 100_000,
}


def _stl(count: int, triangles: int, head: bytes = b"") -> bytes:
    rows = b"".join(struct.pack("<12fH", 0, 0, 1, 0, 0, 0, 1, i, 0, 0, 1, i, 0) for i in range(triangles))
    return head.ljust(80, b"\0") + struct.pack("<I", count) + rows


STL = {
    "that is packed and says solid": _stl(4, 4, b"solid of a box"),
    "with fewer triangles than it says": _stl(900, 4),
    "that declares four billion triangles": _stl(2**32 - 1, 4),
    "of a head alone": _stl(0, 0),
    "cut within its head": b"solid",
    "of text without an end": "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n",
    "of text with words for numbers": "solid a\nfacet normal 0 0 1\nouter loop\nvertex a b c\nendloop\nendfacet\nendsolid a\n",
}
OFF = {
    "that is whole": "OFF\n# a corner of a cube\n4 4 0\n" + POINTS + SIDES,
    "with its counts in the first line": "OFF 4 4 0\n" + POINTS + SIDES,
    "with colours": "COFF\n4 4 0\n" + "".join(f"{line} 9 99 199 255\n" for line in POINTS.splitlines()) + SIDES,
    "with fewer faces than it says": "OFF\n4 9 0\n" + POINTS + SIDES,
    "that declares a billion corners": "OFF\n1000000000 4 0\n" + POINTS + SIDES,
    "with a negative count": "OFF\n-4 4 0\n" + POINTS + SIDES,
    "of one word": "OFF\n",
}


def _gltf(
    folder: Path, change: Callable[[dict], object], vertices: np.ndarray | None = None, faces: np.ndarray | None = None
) -> Path:
    """A box, or the given mesh, with its buffer next to it; `change` edits the tree."""
    box = trimesh.creation.box()
    vertices = np.asarray(box.vertices if vertices is None else vertices, "<f4")
    faces = np.asarray(box.faces if faces is None else faces, "<u4")
    content = vertices.tobytes() + faces.tobytes()
    tree = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0, "name": "box"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "mode": 4}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": len(vertices)},
                      {"bufferView": 1, "componentType": 5125, "type": "SCALAR", "count": faces.size}],
        "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": vertices.nbytes},
                        {"buffer": 0, "byteOffset": vertices.nbytes, "byteLength": faces.nbytes}],
        "buffers": [{"byteLength": len(content), "uri": "a.bin"}],
    }  # fmt: skip
    (folder / "a.bin").write_bytes(content)
    (folder / "a.png").write_bytes(EMPTY_PNG)
    change(tree)
    return _written(folder / "a.gltf", json.dumps(tree))


def _textured(uri: str) -> Callable[[dict], object]:
    material = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}

    def change(tree: dict) -> None:
        tree.update(images=[{"uri": uri}], textures=[{"source": 0}], materials=[material])
        tree["meshes"][0]["primitives"][0]["material"] = 0

    return change


def _set(*keys, to) -> Callable[[dict], object]:
    def change(tree: dict) -> None:
        for key in keys[:-1]:
            tree = tree[key]
        tree[keys[-1]] = to

    return change


PRIMITIVE = ("meshes", 0, "primitives", 0)
GLTF = {
    "with an accessor that is not there": _set(*PRIMITIVE, "indices", to=77),
    "with a negative accessor": _set(*PRIMITIVE, "indices", to=-5),
    "with its indices past the buffer": _set("accessors", 1, "count", to=4000),
    "with a view past the buffer": _set("bufferViews", 1, "byteOffset", to=10**9),
    "with a buffer that is not there": _set("buffers", 0, "uri", to="gone.bin"),
    "with a buffer above its folder": _set("buffers", 0, "uri", to="../../../etc/passwd"),
    "with a buffer on the web": _set("buffers", 0, "uri", to="http://127.0.0.1:9/a.bin"),
    "with a buffer in its text": _set("buffers", 0, "uri", to="data:application/octet-stream;base64,AAAA"),
    "with a type of a later version": _set("accessors", 0, "componentType", to=5130),
    "with nodes in a circle": lambda tree: tree["nodes"].extend([{"children": [2]}, {"children": [1]}])
    or tree["scenes"][0]["nodes"].append(1),
    "with a node that is its own child": _set("nodes", 0, "children", to=[0]),
    "with a mesh that is not there": _set("nodes", 0, "mesh", to=9),
    "of strips": _set(*PRIMITIVE, "mode", to=5),
    "of points": _set(*PRIMITIVE, "mode", to=0),
    "without indices": lambda tree: tree["meshes"][0]["primitives"][0].pop("indices"),
    "without corners": lambda tree: tree["meshes"][0]["primitives"][0]["attributes"].pop("POSITION"),
    "scaled to nothing": _set("nodes", 0, "scale", to=[0, 0, 0]),
    "with a matrix of words": _set("nodes", 0, "matrix", to=["a"] * 16),
    "packed by an extension": lambda tree: tree.update(extensionsRequired=["KHR_draco_mesh_compression"]),
    "with a texture that is not there": _textured("gone.png"),
    "with a texture that it has": _textured("a.png"),
    "with a texture above its folder": _textured("../../secret.png"),
    "with names of every alphabet": _set("nodes", 0, "name", to="茶壶\u202e / ../x"),
    "that lists its scene twice": lambda tree: tree["scenes"][0]["nodes"].append(0),
    "of nothing but a head": lambda tree: [tree.pop(key) for key in list(tree) if key != "asset"],
}  # fmt: skip
TEXT = json.dumps({"asset": {"version": "2.0"}}).encode()
GLB = {
    "of a head alone": struct.pack("<3I", 0x46546C67, 2, 12),
    "of version 1": struct.pack("<3I", 0x46546C67, 1, 12 + 8) + bytes(8),
    "longer than it is": struct.pack("<3I", 0x46546C67, 2, 2**31) + struct.pack("<2I", 2**31, 0x4E4F534A) + TEXT,
    "of nested lists": struct.pack("<3I", 0x46546C67, 2, 100_020) + struct.pack("<2I", 100_000, 0x4E4F534A) + b"[" * 100_000,
    "that is a picture": EMPTY_PNG,
}  # fmt: skip


def _with_materials(folder: Path) -> Path:
    """Two materials, one with an existing picture and one with a pipe in place of its picture."""
    (folder / "a.png").write_bytes(EMPTY_PNG)
    os.mkfifo(folder / "pipe.png")
    (folder / "a.mtl").write_text("newmtl red\nKd 1 0 0\nmap_Kd a.png\nnewmtl blue\nKd 0 0 1\nmap_Kd pipe.png\n")
    faces = "vt 0 0\nusemtl red\nf 1/1 3/1 2/1\nf 1/1 2/1 4/1\nusemtl blue\nf 1/1 4/1 3/1\nf 2/1 3/1 4/1\n"
    return _written(folder / "a.obj", "mtllib a.mtl\n" + CORNERS + faces)
