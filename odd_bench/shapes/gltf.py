"""glTF files made ready for trimesh, which takes their linear colours for sRGB and drops vertex colours under a material.

Source: glTF 2.0 specification, sections 3.7.2.1 (COLOR_0) and 3.9.2 (baseColorFactor): both are linear light.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

import numpy as np

from odd_bench.color import encoded, linear

VERTEX_COLOR = "_linear_color"  # the attribute's name for trimesh, which leaves such attributes as they are
MAGIC, JSON_CHUNK = 0x46546C67, 0x4E4F534A
MOST_VALUES = 100_000_000  # that all accessors declare together


def prepared(content: bytes, suffix: str) -> bytes:
    """The file with its factors in sRGB and its vertex colours under VERTEX_COLOR. Raises ValueError for a file of another
    format.
    """
    if suffix == ".gltf":
        return json.dumps(_edited(json.loads(content.decode("utf-8-sig")))).encode()
    return _rewritten(content, _edited)


def _rewritten(content: bytes, edit: Callable[[dict], dict]) -> bytes:
    """A GLB with its JSON edited. Raises ValueError for a file of another format."""
    magic, version, _, length, kind = struct.unpack_from("<5I", content)
    if (magic, version, kind) != (MAGIC, 2, JSON_CHUNK):
        raise ValueError("no GLB of version 2")
    tree = json.dumps(edit(json.loads(content[20 : 20 + length]))).encode()
    tree += b" " * (-len(tree) % 4)
    rest = content[20 + length :]
    return struct.pack("<5I", MAGIC, 2, 20 + len(tree) + len(rest), len(tree), JSON_CHUNK) + tree + rest


def with_linear_factors(glb: bytes) -> bytes:
    """A GLB that trimesh wrote: it puts the sRGB colours of other formats where glTF has linear ones."""
    return _rewritten(glb, lambda tree: _with_factors(tree, linear))


def linear_colors(values: np.ndarray) -> np.ndarray:
    """(v, 3) linear light 0..1 of a COLOR_0 accessor, whose integers stand for fractions of their largest value."""
    scale = np.iinfo(values.dtype).max if values.dtype.kind in "iu" else 1.0
    return np.nan_to_num(np.asarray(values, float)[:, :3] / scale).clip(0, 1)


def _edited(tree: dict) -> dict:
    declared = sum(int(accessor.get("count", 0)) for accessor in tree.get("accessors", ()))
    if declared > MOST_VALUES:
        raise ValueError(f"{declared:,} values declared, more than {MOST_VALUES:,}")
    for mesh in tree.get("meshes", ()):
        for primitive in mesh.get("primitives", ()):
            attributes = primitive.get("attributes", {})
            if "COLOR_0" in attributes:
                attributes[VERTEX_COLOR] = attributes.pop("COLOR_0")
    return _with_factors(tree, encoded)


def _with_factors(tree: dict, change: Callable[[np.ndarray], np.ndarray]) -> dict:
    for material in tree.get("materials", ()):
        own = material.get("pbrMetallicRoughness", {})
        old = material.get("extensions", {}).get("KHR_materials_pbrSpecularGlossiness", {})
        for place, key in ((own, "baseColorFactor"), (old, "diffuseFactor")):
            if key in place:
                factor = [float(value) for value in place[key]]
                place[key] = [*change(np.array(factor[:3])).tolist(), *factor[3:]]
    return tree
