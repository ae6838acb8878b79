"""Colours of PLY and OFF files under other names and in other number formats."""

import numpy as np
import pytest
import trimesh

from odd_bench.shapes.mesh_file import read_mesh

BOX = trimesh.creation.box()
COLOR = [51, 13, 128]
CORNERS = [" ".join(map(str, corner)) for corner in BOX.vertices.tolist()]
FACES = ["3 " + " ".join(map(str, face)) for face in BOX.faces.tolist()]


def seen(path) -> list[int]:
    raw = read_mesh(path)
    (color,) = np.unique(raw.colors(np.arange(len(raw.faces)), np.full((len(raw.faces), 3), 1 / 3)), axis=0)
    return color.tolist()


@pytest.mark.parametrize("names", ["red green blue", "diffuse_red diffuse_green diffuse_blue", "r g b"])
@pytest.mark.parametrize(("kind", "values"), [("uchar", "51 13 128"), ("float", "0.2 0.05 0.502"), ("float", "51 13 128"),
                                              ("double", "51.0 13.0 128.0"), ("ushort", "13107 3341 32896")])  # fmt: skip
def test_ply_colours_under_all_names_and_in_all_types_are_read(tmp_path, names, kind, values):
    properties = [f"property float {axis}" for axis in "xyz"] + [f"property {kind} {name}" for name in names.split()]
    head = ["ply", "format ascii 1.0", "element vertex 8", *properties, "element face 12"]
    lines = [
        *head,
        "property list uchar int vertex_indices",
        "end_header",
        *(f"{one} {values}" for one in CORNERS),
        *FACES,
    ]
    (tmp_path / "a.ply").write_text("\n".join(lines) + "\n")
    assert seen(tmp_path / "a.ply") == COLOR


@pytest.mark.parametrize("values", ["51 13 128", "51 13 128 255", "0.2 0.05 0.502", "0.2 0.05 0.502 1.0"])
def test_off_colours_of_vertices_and_of_faces_are_read(tmp_path, values):
    path = tmp_path / "a.off"
    path.write_text("\n".join(["COFF", "8 12 0", *(f"{one} {values}" for one in CORNERS), *FACES]) + "\n")
    assert seen(path) == COLOR
    path.write_text("\n".join(["OFF  # faces", "8 12 0", *CORNERS, *(f"{one} {values}" for one in FACES)]) + "\n")
    assert seen(path) == COLOR
    path.write_text("\n".join(["OFF", "8 12 0", *CORNERS, *FACES]) + "\n")
    assert read_mesh(path).missing == ()


def test_off_colours_that_cannot_be_assigned_are_counted_as_missing(tmp_path):
    path = tmp_path / "a.off"
    path.write_text("\n".join(["OFF", "8 12 0", *CORNERS, FACES[0] + " 51 13 128", *FACES[1:]]) + "\n")
    assert read_mesh(path).missing == ("colours of only some faces, or of polygons",)
