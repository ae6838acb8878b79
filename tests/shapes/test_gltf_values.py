"""glTF files with unusual encodings of colours and places look as in viewers, or are refused."""

import base64
import io
import json
import struct

import numpy as np
import pytest
import trimesh
from PIL import Image

from odd_bench.color import encoded
from odd_bench.shapes.mesh_file import ShapeRefused, read_mesh

LIGHT = np.array([0.2, 0.05, 0.5, 1.0])
SHOWN = [124, 63, 188]  # the sRGB bytes of that linear light
RED, BLUE = [200, 0, 0], [0, 0, 200]
BOX = trimesh.creation.box()
CORNERS, FACES = np.asarray(BOX.vertices, "<f4"), np.asarray(BOX.faces, "<u4").reshape(-1)
TEXTURED = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}


class Gltf:
    """A box in a file that is built up accessor by accessor."""

    def __init__(self):
        self.body, self.tree = (
            b"",
            {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}]},
        )
        self.tree |= {"accessors": [], "bufferViews": []}
        self.attributes = {}

    def view(self, content: bytes, **more) -> int:
        self.tree["bufferViews"].append({"buffer": 0, "byteOffset": len(self.body), "byteLength": len(content), **more})
        self.body += content + bytes(-len(content) % 4)
        return len(self.tree["bufferViews"]) - 1

    def accessor(self, values: np.ndarray, code: int, view: dict | None = None, **more) -> int:
        kind = "SCALAR" if values.ndim == 1 else f"VEC{more.pop('width', values.shape[1])}"
        stored = {"bufferView": self.view(values.tobytes(), **(view or {})), "componentType": code, "type": kind}
        self.tree["accessors"].append({**stored, "count": len(values), **more})
        return len(self.tree["accessors"]) - 1

    def sparse(self, values: np.ndarray) -> int:
        index = self.view(np.arange(len(values), dtype="<u2").tobytes())
        content = self.view(values.astype("<f4").tobytes())
        places = {"indices": {"bufferView": index, "componentType": 5123}, "values": {"bufferView": content}}
        kind, count = f"VEC{values.shape[1]}", len(values)
        stored = {"componentType": 5126, "type": kind, "count": count, "sparse": {"count": count, **places}}
        self.tree["accessors"].append(stored)
        return len(self.tree["accessors"]) - 1

    def picture(self) -> None:
        """A picture that is red on the left and blue on the right."""
        pixels = np.zeros((4, 8, 3), np.uint8)
        pixels[:, :4], pixels[:, 4:] = RED, BLUE
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, "PNG")
        self.tree |= {
            "images": [{"bufferView": self.view(content.getvalue()), "mimeType": "image/png"}],
            "textures": [{"source": 0}],
        }

    def saved(self, folder, material: dict | None = None, ending: str = "glb", **more):
        primitive = {
            "attributes": {"POSITION": self.accessor(CORNERS, 5126), **self.attributes},
            "indices": self.accessor(FACES, 5125),
        }
        if material is not None:
            primitive["material"], self.tree["materials"] = 0, [material]
        primitive |= more.pop("primitive", {})
        self.tree |= {"meshes": [{"primitives": [primitive]}], "buffers": [{"byteLength": len(self.body)}], **more}
        path = folder / f"a.{ending}"
        if ending == "gltf":
            (folder / "a.bin").write_bytes(self.body)
            self.tree["buffers"][0]["uri"] = "a.bin"
            path.write_text(json.dumps(self.tree))
            return path
        text = json.dumps(self.tree).encode()
        text += b" " * (-len(text) % 4)
        head = struct.pack("<5I", 0x46546C67, 2, 28 + len(text) + len(self.body), len(text), 0x4E4F534A)
        path.write_bytes(head + text + struct.pack("<2I", len(self.body), 0x4E4942) + self.body)
        return path


def seen(path) -> list[int]:
    raw = read_mesh(path)
    (color,) = np.unique(raw.colors(np.arange(len(raw.faces)), np.full((len(raw.faces), 3), 1 / 3)), axis=0)
    return color.tolist()


def sides(path) -> list[float]:
    return np.ptp(read_mesh(path).vertices, axis=0).round(3).tolist()


@pytest.mark.parametrize("ending", ["glb", "gltf"])
@pytest.mark.parametrize(("kind", "code", "most"), [("<u2", 5123, 65535), ("u1", 5121, 255), ("<f4", 5126, 1)])
def test_texture_coordinates_may_be_normalised_integers(tmp_path, ending, kind, code, most):
    file, stored = Gltf(), np.zeros((8, 4), kind)
    stored[:, :2] = 0.75 * most
    view = {"byteStride": 4 * stored.itemsize}
    file.attributes["TEXCOORD_0"] = file.accessor(stored, code, view, width=2, normalized=most > 1)
    file.picture()
    assert seen(file.saved(tmp_path, TEXTURED, ending)) == BLUE


@pytest.mark.parametrize("ending", ["glb", "gltf"])
def test_a_second_set_of_texture_coordinates_and_its_transform_are_used(tmp_path, ending):
    for info, places in (
        ({"texCoord": 1}, (0.25, 0.75)),
        ({"extensions": {"KHR_texture_transform": {"offset": [0.5, 0]}}}, (0.25, 0.25)),
        ({"extensions": {"KHR_texture_transform": {"scale": [0.25, 1], "texCoord": 1}}}, (0.2, 2.6)),
        ({"extensions": {"KHR_texture_transform": {"rotation": np.pi, "offset": [1, 1]}}}, (0.25, 0.25)),
    ):
        file = Gltf()
        for number, place in enumerate(places):
            file.attributes[f"TEXCOORD_{number}"] = file.accessor(np.full((8, 2), place, "<f4"), 5126)
        file.picture()
        assert (
            seen(file.saved(tmp_path, {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0, **info}}}, ending))
            == BLUE
        )


@pytest.mark.parametrize("material", [{}, {"pbrMetallicRoughness": {}}, {"extensions": {"KHR_materials_unlit": {}}}])
def test_a_material_without_a_colour_is_white(tmp_path, material):
    assert seen(Gltf().saved(tmp_path, material)) == [255, 255, 255]
    file = Gltf()
    file.attributes["COLOR_0"] = file.accessor(np.tile(LIGHT.astype("<f4"), (8, 1)), 5126)
    assert seen(file.saved(tmp_path, material)) == SHOWN


def test_specular_glossiness_materials_show_their_diffuse_colour(tmp_path):
    older = lambda **values: {"extensions": {"KHR_materials_pbrSpecularGlossiness": values}}  # noqa: E731
    assert seen(Gltf().saved(tmp_path, older(diffuseFactor=LIGHT.tolist()))) == SHOWN
    file = Gltf()
    file.attributes["TEXCOORD_0"] = file.accessor(np.full((8, 2), 0.75, "<f4"), 5126)
    file.picture()
    half = seen(file.saved(tmp_path, older(diffuseTexture={"index": 0}, diffuseFactor=[1, 1, 0.5, 1])))
    expected = 255 * encoded(np.array([0, 0, 0.5 * ((200 / 255 + 0.055) / 1.055) ** 2.4]))
    assert np.abs(np.array(half) - expected).max() <= 1.5


@pytest.mark.parametrize("ending", ["glb", "gltf"])
def test_sparse_values_are_filled_in(tmp_path, ending):
    file = Gltf()
    file.attributes["COLOR_0"] = file.sparse(np.tile(LIGHT, (8, 1)))
    assert seen(file.saved(tmp_path, None, ending)) == SHOWN
    file = Gltf()
    file.attributes["POSITION"] = file.sparse(CORNERS * [1, 2, 4])
    assert sides(file.saved(tmp_path, None, ending)) == [0.25, 1.0, 0.5]  # z up


@pytest.mark.parametrize(("kind", "code", "most"), [("<i2", 5122, 32767), ("i1", 5120, 127)])
def test_positions_may_be_normalised_integers(tmp_path, kind, code, most):
    file, stored = Gltf(), np.zeros((8, 4), kind)
    stored[:, :3] = np.round(2 * CORNERS * [0.25, 1, 0.5] * most)
    file.attributes["POSITION"] = file.accessor(
        stored, code, {"byteStride": 4 * stored.itemsize}, width=3, normalized=True
    )
    more = {"nodes": [{"mesh": 0, "scale": [2, 1, 1]}], "extensionsRequired": ["KHR_mesh_quantization"]}
    assert np.abs(np.array(sides(file.saved(tmp_path, None, **more))) - [0.5, 0.5, 1.0]).max() < 0.01


def test_a_file_that_requires_an_unsupported_feature_is_refused(tmp_path):
    for name in ("EXT_mesh_gpu_instancing", "KHR_draco_mesh_compression", "EXT_meshopt_compression"):
        with pytest.raises(ShapeRefused, match=f"the file requires the extension {name}, which is not supported"):
            read_mesh(Gltf().saved(tmp_path, None, extensionsRequired=[name]))
    with pytest.raises(ShapeRefused, match="triangle fans"):
        read_mesh(Gltf().saved(tmp_path, None, primitive={"mode": 6}))


def test_values_beyond_their_buffer_are_refused(tmp_path):
    for change in (
        {"count": 10**6},
        {"byteOffset": 10**6},
        {"byteOffset": -4},
        {"count": -8},
        {"type": "VEC9"},
        {"componentType": 5130},
    ):
        file = Gltf()
        file.attributes["COLOR_0"] = file.accessor(np.full((8, 4), 255, "u1"), 5121, normalized=True)
        file.tree["accessors"][-1] |= change
        with pytest.raises(ShapeRefused):
            read_mesh(file.saved(tmp_path))
    empty = base64.b64encode(b"").decode()
    file = Gltf()
    file.attributes["COLOR_0"] = file.sparse(np.tile(LIGHT, (8, 1)))
    path = file.saved(tmp_path, None, "gltf")
    tree = json.loads(path.read_text())
    tree["buffers"][0]["uri"] = f"data:application/octet-stream;base64,{empty}"
    path.write_text(json.dumps(tree))
    with pytest.raises(ShapeRefused):
        read_mesh(path)
