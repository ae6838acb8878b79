"""Prepares glTF files for trimesh, which mistakes their linear colours for sRGB and drops vertex colours if there is a material.

Source: glTF 2.0 specification, sections 3.7.2.1 (COLOR_0) and 3.9.2 (baseColorFactor): both are linear light.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

import numpy as np

from odd_bench.color import encoded, linear
from odd_bench.shapes.gltf_values import MOST_VALUES, appended, buffer_bytes, is_plain, transformed, values

VERTEX_COLOR = "_linear_color"  # a name that trimesh does not know, so that it leaves the attribute as it is
MAGIC, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
TRIANGLES, FAN = 4, 6  # modes of a primitive
UNDERSTOOD = (
    "KHR_mesh_quantization",
    "KHR_texture_transform",
    "KHR_materials_",
    "KHR_lights_punctual",
    "EXT_texture_webp",
)


def prepared(content: bytes, suffix: str, fetch: Callable[[str], bytes]) -> bytes:
    """The file with its factors in sRGB, its vertex colours renamed to VERTEX_COLOR and its values as plain numbers.

    suffix: `.gltf`, or that of a GLB. fetch: returns the content of a file that this file refers to. Raises ValueError for
    another format, or for a file that requires a feature which is not supported here.
    """
    if suffix == ".gltf":
        return json.dumps(_edited(json.loads(content.decode("utf-8-sig")), b"", fetch)[0]).encode()
    return _rewritten(content, lambda tree, binary: _edited(tree, binary, fetch))


def _rewritten(content: bytes, edit: Callable[[dict, bytes], tuple[dict, bytes]]) -> bytes:
    """A GLB with its JSON and its binary chunk edited. Raises ValueError for a file of another format or with a cut-off chunk."""
    magic, version, _, length, kind = struct.unpack_from("<5I", content)
    if (magic, version, kind) != (MAGIC, 2, JSON_CHUNK):
        raise ValueError("not a GLB of version 2")
    tree, rest, binary = json.loads(content[20 : 20 + length]), content[20 + length :], b""
    if len(rest) >= 8 and struct.unpack_from("<I", rest, 4) == (BINARY_CHUNK,):
        (size,) = struct.unpack_from("<I", rest)
        if size > len(rest) - 8:
            raise ValueError(f"a chunk of {size:,} bytes, of which the file has {len(rest) - 8:,}")
        binary = rest[8 : 8 + size]
    tree, binary = edit(tree, binary)
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<2I", len(binary), BINARY_CHUNK) + binary if binary else b""
    head = struct.pack("<5I", MAGIC, 2, 20 + len(text) + len(chunk), len(text), JSON_CHUNK)
    return head + text + chunk


def with_linear_factors(glb: bytes) -> bytes:
    """A GLB that trimesh wrote, with linear factors: trimesh writes sRGB colours where glTF expects linear ones."""
    return _rewritten(glb, lambda tree, binary: (_with_factors(tree, linear), binary))


def linear_colors(values: np.ndarray) -> np.ndarray:
    """(v, 3) linear light 0..1 from the values of a COLOR_0 accessor; integers are fractions of their type's largest value."""
    scale = np.iinfo(values.dtype).max if values.dtype.kind in "iu" else 1.0
    return np.nan_to_num(np.asarray(values, float)[:, :3] / scale).clip(0, 1)


def _edited(tree: dict, binary: bytes, fetch: Callable[[str], bytes]) -> tuple[dict, bytes]:
    declared = sum(int(accessor.get("count", 0)) for accessor in tree.get("accessors", ()))
    if declared > MOST_VALUES:
        raise ValueError(f"{declared:,} values declared, more than {MOST_VALUES:,}")
    if unknown := [name for name in tree.get("extensionsRequired", ()) if not str(name).startswith(UNDERSTOOD)]:
        raise ValueError(f"the file requires the extension {unknown[0]}, which is not supported")
    for material in tree.get("materials", ()):
        _take_older_material(material)
        material.setdefault("pbrMetallicRoughness", {}).setdefault("baseColorFactor", [1.0, 1.0, 1.0, 1.0])
    made = _Made(tree, binary, buffer_bytes(tree, binary, fetch))
    for mesh in tree.get("meshes", ()):
        for primitive in mesh.get("primitives", ()):
            if primitive.get("mode", TRIANGLES) == FAN:
                raise ValueError("triangle fans")
            _edit_primitive(primitive, tree, made)
    return _with_factors(tree, encoded), made.binary


class _Made:
    """Makes plain accessors in place of those whose bytes are not their values; each is made once.

    binary: the binary chunk, including the new accessors.
    """

    def __init__(self, tree: dict, binary: bytes, buffers: list[Callable[[], bytes]]):
        self.binary, self._tree, self._buffers = binary, tree, buffers
        self._numbers: dict[tuple[int, str], int] = {}
        self._values = 0

    def plain(self, number: int, transform: dict | None = None) -> int:
        """The number of an accessor with the plain values of accessor `number`, which is `number` itself if it is plain already.

        transform: KHR_texture_transform to apply to the values, or None. Raises ValueError.
        """
        if not 0 <= number < len(self._tree.get("accessors", ())):
            raise ValueError(f"no accessor {number}; the file has {len(self._tree.get('accessors', ()))}")
        if is_plain(self._tree["accessors"][number]) and transform is None:
            return number
        key = number, json.dumps(transform)
        if key not in self._numbers:
            found = values(self._tree, number, self._buffers)
            self._values += found.size
            if self._values > MOST_VALUES:
                raise ValueError(f"more than {MOST_VALUES:,} values have to be converted")
            if transform is not None:
                found = transformed(found.astype(float), transform).astype("<f4")
            self._numbers[key], self.binary = appended(self._tree, self.binary, found)
        return self._numbers[key]


def _edit_primitive(primitive: dict, tree: dict, made: _Made) -> None:
    attributes = primitive.get("attributes", {})
    texture = _base_texture(primitive, tree)
    if texture is not None:
        transform = texture.get("extensions", {}).get("KHR_texture_transform")
        wanted = f"TEXCOORD_{(transform or {}).get('texCoord', texture.get('texCoord', 0))}"
        if wanted in attributes:
            attributes["TEXCOORD_0"] = made.plain(attributes[wanted], transform)
    for key in ("POSITION", "COLOR_0"):
        if key in attributes:
            attributes[key] = made.plain(attributes[key])
    if "indices" in primitive:
        primitive["indices"] = made.plain(primitive["indices"])
    if "COLOR_0" in attributes:
        attributes[VERTEX_COLOR] = attributes.pop("COLOR_0")


def _base_texture(primitive: dict, tree: dict) -> dict | None:
    number, materials = primitive.get("material"), tree.get("materials", ())
    if not isinstance(number, int) or not 0 <= number < len(materials):
        return None
    return materials[number]["pbrMetallicRoughness"].get("baseColorTexture")


def _take_older_material(material: dict) -> None:
    """Translate the colour and gloss of KHR_materials_pbrSpecularGlossiness to the material of glTF 2.0."""
    old = material.get("extensions", {}).pop("KHR_materials_pbrSpecularGlossiness", None)
    if old is not None:
        new = {"metallicFactor": 0.0, "roughnessFactor": 1.0 - float(old.get("glossinessFactor", 1.0))}
        names = {"diffuseFactor": "baseColorFactor", "diffuseTexture": "baseColorTexture"}
        material["pbrMetallicRoughness"] = new | {name: old[key] for key, name in names.items() if key in old}


def _with_factors(tree: dict, change: Callable[[np.ndarray], np.ndarray]) -> dict:
    for material in tree.get("materials", ()):
        own = material.get("pbrMetallicRoughness", {})
        if "baseColorFactor" in own:
            factor = [float(value) for value in own["baseColorFactor"]]
            own["baseColorFactor"] = [*change(np.array(factor[:3])).tolist(), *factor[3:]]
    return tree
