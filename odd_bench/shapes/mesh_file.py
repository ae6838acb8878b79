"""The content of a mesh file: triangles, the named pieces that they belong to, and their paint."""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from odd_bench.color import encoded, linear
from odd_bench.data.damage import check_plain
from odd_bench.data.errors import DataError
from odd_bench.geometry.shape import Material
from odd_bench.plain_file import read_plain
from odd_bench.shapes.companions import MOST_BYTES, Companions
from odd_bench.shapes.gltf import VERTEX_COLOR, linear_colors, prepared
from odd_bench.shapes.plain_colors import off_colors, ply_colors, with_usual_names
from odd_bench.shapes.textures import Textures

Y_UP = (".glb", ".gltf", ".obj")  # formats whose y axis points up, by standard or convention
Z_UP = (".stl",)  # by the convention of 3-D printing; all other formats say nothing, and z is assumed to point up
LINEAR = (".glb", ".gltf")  # formats whose factors and vertex colours are linear light
MOST_FACES = 400_000
MOST_CORNERS = 3 * MOST_FACES
MOST_PIECES = 2000  # of an OBJ file: the time that trimesh takes to name them grows with their square
MOST_LETTERS = 300  # of what is said about a file
MOST_HEAD_BYTES = 1 << 16
DECLARED = {  # where the number of faces stands, by format
    ".ply": re.compile(rb"ply\b(?:(?!end_header)[\s\S])*?\nelement face (\d{1,12})\s"),
    ".off": re.compile(rb"\s*\w*OFF(?:\s+#[^\n]*\n)*\s+\d+\s+(\d{1,12})\s"),
}
CORNERS = re.compile(rb"\nelement vertex (\d{1,18})\s")
PIECE = re.compile(rb"^[ \t]*usemtl[ \t]+([^\r\n]*)", re.M)
GREY = (176, 176, 176)


class ShapeRefused(Exception):
    """A file cannot become a shape. reason: a short fixed phrase, by which refusals are counted."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True)
class RawMesh:
    """The content of a mesh file.

    vertices: (v, 3) float, z up, centred on the origin, largest side 1. faces: (f, 3) int. face_slot: (f,) int, the slot (named
    piece or material) of every face. corner_color: (f, 3, 3) float 0..255, linear light if is_linear, else sRGB.
    corner_uv: (f, 3, 2) float texture coordinates. slot_names, materials, textures: one per slot; a texture is (h, w, 3) uint8
    sRGB or None. missing: the names of files that the mesh file refers to and that cannot be used.
    """

    vertices: np.ndarray
    faces: np.ndarray
    face_slot: np.ndarray
    corner_color: np.ndarray
    corner_uv: np.ndarray
    slot_names: tuple[str, ...]
    materials: tuple[Material, ...]
    textures: tuple[np.ndarray | None, ...]
    is_linear: bool = False
    missing: tuple[str, ...] = ()

    def colors(self, face: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(n, 3) uint8 sRGB colours of points on the mesh. face: (n,) int. weights: (n, 3) barycentric coordinates."""
        color = np.einsum("nk,nkc->nc", weights, self.corner_color[face]) / 255.0
        uv = np.einsum("nk,nkc->nc", weights, self.corner_uv[face])
        for slot, texture in enumerate(self.textures):
            own = self.face_slot[face] == slot
            if texture is not None and own.any():
                texels = _texels(texture, uv[own]) / 255.0
                color[own] *= linear(texels) if self.is_linear else texels
        srgb = encoded(color) if self.is_linear else color
        return np.round(np.clip(255.0 * srgb, 0, 255)).astype(np.uint8)


def says_up(path: Path) -> bool:
    """Whether the format of a file, by its suffix, says which axis points up."""
    return path.suffix.lower() in (*Y_UP, *Z_UP)


def read_mesh(path: Path) -> RawMesh:
    """Read a mesh file of a format that trimesh knows. Raises ShapeRefused if it is unreadable, cut short, empty or too large."""
    path = Path(path)
    try:
        return _read(path)
    except (ShapeRefused, MemoryError):
        raise
    except DataError as error:
        raise ShapeRefused("cannot be read", error.found) from error
    except Exception as error:  # readers of many formats fail in many ways; each is a file that cannot be read
        raise ShapeRefused("cannot be read", one_line(error)) from error


def one_line(error: Exception) -> str:
    """Kind and text of an error, short: some libraries put a whole line of the file into theirs."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:MOST_LETTERS]


def _read(path: Path) -> RawMesh:
    import trimesh

    trimesh.util.log.disabled = True  # it prints tracebacks of what is noted as missing here
    companions = Companions(path)
    check_plain(path, "a mesh file")
    if path.stat().st_size > MOST_BYTES:
        raise ShapeRefused("too large a file", f"{path.stat().st_size:,} bytes; expected at most {MOST_BYTES:,}")
    content, suffix = read_plain(path, MOST_BYTES).removeprefix(codecs.BOM_UTF8), path.suffix.lower()
    content = prepared(content, suffix, companions.get) if suffix in LINEAR else content
    content = with_usual_names(content, MOST_HEAD_BYTES) if suffix == ".ply" else content
    _check_declared(content, suffix)
    scene = trimesh.load_scene(io.BytesIO(content), suffix[1:], process=False, resolver=companions)
    _check_placed(scene)
    textures = Textures(companions.missing)
    textures.take_from(list(scene.geometry.values()))
    pieces = [piece for piece in scene.dump() if isinstance(piece, trimesh.Trimesh) and len(piece.faces)]
    count = sum(len(piece.faces) for piece in pieces)
    if count == 0:
        raise ShapeRefused("no faces", path.name)
    if count < (declared := _declared_faces(content, suffix)):
        raise ShapeRefused("cut short", f"{count} triangles; the file declares {declared} faces")
    if count > MOST_FACES:
        raise ShapeRefused("too many faces", f"{count}; expected at most {MOST_FACES}")
    _take_plain_colors(pieces, content, suffix, companions)
    return _joined(pieces, path, companions, textures)


def _check_placed(scene) -> None:
    """Refuse a scene whose nodes place too many faces, before each is copied there: a node costs some forty bytes of a file."""
    placed = scene.graph.geometry_nodes
    count = sum(len(getattr(piece, "faces", ())) * len(placed.get(name, ())) for name, piece in scene.geometry.items())
    if count > MOST_FACES:
        raise ShapeRefused("too many faces", f"{count}; expected at most {MOST_FACES}")


def _take_plain_colors(pieces: list, content: bytes, suffix: str, companions: Companions) -> None:
    """Give the pieces the colours that trimesh does not read. Colours that cannot be used are added to `companions.missing`."""
    if suffix == ".ply":
        for piece in pieces:
            if (colors := ply_colors(piece)) is not None:
                piece.visual.vertex_colors = np.round(colors).astype(np.uint8)
    if suffix == ".off":
        (piece,) = pieces
        try:
            found = off_colors(content, len(piece.vertices), len(piece.faces))
        except ValueError as error:
            companions.missing.append(str(error)[:80])
            return
        if found is not None:
            setattr(piece.visual, f"{found[0]}_colors", np.round(found[1]).astype(np.uint8))


def _declared_faces(content: bytes, suffix: str) -> int:
    """The number of faces that a file declares, each of one or more triangles; 0 if its format does not declare it."""
    found = DECLARED[suffix].match(content[:MOST_HEAD_BYTES]) if suffix in DECLARED else None
    return int(found[1]) if found else 0


def _check_declared(content: bytes, suffix: str) -> None:
    """Refuse a file that is too large by its own words, before it is read: in memory it takes thirty times its bytes."""
    if (faces := _declared_faces(content, suffix)) > MOST_FACES:
        raise ShapeRefused("too many faces", f"{faces}; expected at most {MOST_FACES}")
    corners = CORNERS.search(content[:MOST_HEAD_BYTES]) if suffix == ".ply" else None
    if corners and int(corners[1]) > MOST_CORNERS:
        raise ShapeRefused("too many vertices", f"{int(corners[1])}; expected at most {MOST_CORNERS}")
    if suffix == ".obj" and (pieces := len(set(PIECE.findall(content)))) > MOST_PIECES:
        raise ShapeRefused("too many pieces", f"{pieces} materials; expected at most {MOST_PIECES}")


def _joined(pieces: list, path: Path, companions: Companions, textures: Textures) -> RawMesh:
    is_linear = path.suffix.lower() in LINEAR
    offsets = np.cumsum([0] + [len(piece.vertices) for piece in pieces])
    vertices = np.concatenate([np.asarray(piece.vertices, np.float64) for piece in pieces])
    faces = np.concatenate([np.asarray(piece.faces) + start for piece, start in zip(pieces, offsets, strict=False)])
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ShapeRefused(
            "cannot be read", f"a face refers to vertex {faces.max()}; the file has {len(vertices)} vertices"
        )
    used, place = np.unique(faces, return_inverse=True)  # vertices that no face uses are dropped
    paints = [_paint(piece, is_linear, textures) for piece in pieces]
    return RawMesh(
        vertices=_canonical(vertices[used], y_up=path.suffix.lower() in Y_UP),
        faces=place.reshape(faces.shape),
        face_slot=np.repeat(np.arange(len(pieces)), [len(piece.faces) for piece in pieces]),
        corner_color=np.concatenate([color for color, _, _, _ in paints]),
        corner_uv=np.concatenate([uv for _, uv, _, _ in paints]),
        slot_names=tuple(_unique_names([_name(piece, path) for piece in pieces])),
        materials=tuple(material for _, _, material, _ in paints),
        textures=tuple(texture for _, _, _, texture in paints),
        is_linear=is_linear,
        missing=tuple(dict.fromkeys(companions.missing)),
    )


def _name(piece, path: Path) -> str:
    """The name of a piece in the file. For formats without names trimesh gives the file's name, which becomes `body`."""
    name = str(piece.metadata.get("name") or "body")
    return "body" if name == path.name else name


def _canonical(vertices: np.ndarray, y_up: bool) -> np.ndarray:
    """(v, 3) vertices with z up, centred on the origin and scaled to a largest side of 1. Raises ShapeRefused."""
    if not np.isfinite(vertices).all():
        raise ShapeRefused("coordinates not finite")
    if y_up:
        vertices = np.column_stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1]])
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    if (high - low).max() <= 0:
        raise ShapeRefused("no extent", f"{len(vertices)} vertices in one point")
    return (vertices - (low + high) / 2) / (high - low).max()


def _unique_names(names: list[str]) -> list[str]:
    """The names, with a number appended to every name that occurs more than once."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    again: dict[str, int] = {}
    unique = []
    for name in names:
        again[name] = again.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} {again[name]}")
    return unique


def _paint(piece, is_linear: bool, textures: Textures) -> tuple[np.ndarray, np.ndarray, Material, np.ndarray | None]:
    """Corner colours (f, 3, 3), corner uv (f, 3, 2), material and texture of one trimesh piece, as in RawMesh."""
    color, uv, material, texture = _surface(piece, textures)
    if is_linear:
        color = 255.0 * linear(color / 255.0)
        stored = piece.vertex_attributes.get(VERTEX_COLOR)
        if stored is not None and len(stored) == len(piece.vertices):
            light = linear_colors(np.asarray(stored))[piece.faces]
            color = color * light if piece.visual.kind == "texture" else 255.0 * light
    return color, uv, material, texture


def _surface(piece, textures: Textures) -> tuple[np.ndarray, np.ndarray, Material, np.ndarray | None]:
    """The same as _paint, with colours in sRGB 0..255 and without the vertex colours of a glTF file."""
    count = len(piece.faces)
    grey = np.full((count, 3, 3), GREY, np.float64)
    uv = np.zeros((count, 3, 2))
    visual = piece.visual
    if visual.kind == "vertex":
        return np.asarray(visual.vertex_colors, float)[piece.faces][..., :3], uv, Material("painted"), None
    if visual.kind == "face":
        return np.repeat(np.asarray(visual.face_colors, float)[:, None, :3], 3, axis=1), uv, Material("painted"), None
    if visual.kind != "texture":
        return grey, uv, Material("painted" if VERTEX_COLOR in piece.vertex_attributes else "plain"), None
    image, tint, material = _material(visual.material, textures)
    if visual.uv is None or image is None:
        return np.full((count, 3, 3), tint), uv, material, None
    return np.full((count, 3, 3), tint), np.nan_to_num(np.asarray(visual.uv, float)[piece.faces]), material, image


def _material(source, textures: Textures) -> tuple[np.ndarray | None, np.ndarray, Material]:
    """Texture or None, tint (3,) sRGB 0..255 and our material for a trimesh material; only glTF materials have a roughness."""
    texture = textures.of(source)
    factor = getattr(source, "baseColorFactor", None)
    if factor is None and texture is None:
        factor = source.main_color
    tint = np.full(3, 255.0) if factor is None else np.asarray(factor, float)[:3]
    roughness, metallic = getattr(source, "roughnessFactor", None), getattr(source, "metallicFactor", None)
    name = str(getattr(source, "name", None) or "material")
    metallic = 0.0 if metallic is None else float(metallic)
    return texture, tint, Material(name, 0.5 if roughness is None else float(roughness), metallic)


def _texels(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(n, 3) nearest texels, 0..255. uv: (n, 2), from the lower left corner; the texture repeats outside 0..1."""
    height, width = texture.shape[:2]
    column = np.floor((uv[:, 0] % 1.0) * width).astype(int).clip(0, width - 1)
    row = np.floor((1.0 - uv[:, 1] % 1.0) * height).astype(int).clip(0, height - 1)
    return texture[row, column].astype(float)
