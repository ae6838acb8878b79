import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odd_bench import anomalies
from odd_bench.anomalies import AnomalyConfig, Refusal, make_variant
from odd_bench.anomalies.changed import difference
from odd_bench.anomalies.quality import assess
from odd_bench.anomalies.visible import looks_different
from odd_bench.geometry import refusal as reasons
from odd_bench.geometry.mesh import count_bodies, is_closed
from odd_bench.geometry.raycast import nearest
from odd_bench.scene import ANOMALY_TYPES
from tests.anomalies.statuette import TYPES, coarse_box, statuette, variant

CONFIG = AnomalyConfig()


def inside_faces(shape, faces: np.ndarray, count: int = 4000) -> np.ndarray:
    """Random points inside the chosen faces."""
    rng = np.random.default_rng(0)
    chosen = rng.choice(np.flatnonzero(faces), count)
    return np.einsum("nk,nkc->nc", rng.dirichlet(np.ones(3), count), shape.vertices[shape.faces[chosen]])


@pytest.mark.parametrize("type", TYPES)
def test_a_variant_is_sound_and_marks_what_changed(type):
    intact, odd = statuette().shape(), variant(type)
    assert odd.type == type and type in ANOMALY_TYPES
    assert is_closed(odd.shape.faces) and count_bodies(odd.shape.vertices, odd.shape.faces) == 1
    assert odd.changed_faces.shape == (len(odd.shape.faces),) and odd.lost_faces.shape == (len(intact.faces),)
    assert odd.changed_faces.any() and odd.lost_faces.any() and not odd.changed_faces.all()
    assert CONFIG.distance[0] <= odd.magnitude <= CONFIG.distance[1]


@pytest.mark.parametrize("type", TYPES)
def test_unchanged_faces_lie_on_the_intact_surface(type):
    intact, odd = statuette().shape(), variant(type)
    assert nearest(intact, inside_faces(odd.shape, ~odd.changed_faces))[0].max() <= CONFIG.tolerance * 1.01
    assert nearest(odd.shape, inside_faces(intact, ~odd.lost_faces))[0].max() <= CONFIG.tolerance * 1.01


@pytest.mark.parametrize("type", TYPES)
def test_equal_generators_give_equal_bytes(type):
    first = variant(type)
    again = variant.__wrapped__(type)
    for name in ("vertices", "faces", "face_part", "face_material", "face_color"):
        assert getattr(first.shape, name).tobytes() == getattr(again.shape, name).tobytes()
    assert first.changed_faces.tobytes() == again.changed_faces.tobytes()
    assert first.lost_faces.tobytes() == again.lost_faces.tobytes()
    assert first.magnitude == again.magnitude


@pytest.mark.parametrize("type", TYPES)
def test_other_generators_give_other_variants(type):
    assert not np.array_equal(variant(type, 0).shape.vertices, variant(type, 3).shape.vertices) or not np.array_equal(
        variant(type, 0).shape.face_color, variant(type, 3).shape.face_color
    )


def test_a_shape_does_not_differ_from_itself():
    shape = statuette().shape()
    found = difference(shape, shape, CONFIG.tolerance)
    assert not found.changed_faces.any() and not found.lost_faces.any()
    assert not looks_different(shape, shape, [np.eye(4)], "bump", replace(CONFIG, patch=1e-9))
    with pytest.raises(Refusal, match=reasons.TOO_SMALL):
        assess(shape, shape, "bump", CONFIG)


def test_the_order_of_faces_and_materials_does_not_matter():
    shape = statuette().shape()
    order = np.random.default_rng(0).permutation(len(shape.faces))
    shuffled = replace(
        shape,
        faces=shape.faces[order],
        face_part=shape.face_part[order],
        face_material=(len(shape.materials) - 1 - shape.face_material)[order],
        face_color=shape.face_color[order],
        materials=shape.materials[::-1],
    )
    found = difference(shape, shuffled, CONFIG.tolerance)
    assert not found.changed_faces.any() and not found.lost_faces.any()


@pytest.mark.parametrize("type", ("bump", "missing_part"))
def test_changed_faces_are_lost_faces_when_the_shapes_are_swapped(type):
    intact, odd = statuette().shape(), variant(type).shape
    there, back = difference(intact, odd, CONFIG.tolerance), difference(odd, intact, CONFIG.tolerance)
    assert np.array_equal(there.changed_faces, back.lost_faces)
    assert np.array_equal(there.lost_faces, back.changed_faces)


def test_only_a_lifted_lid_is_changed():
    box = coarse_box()
    taller = replace(box, vertices=box.vertices + [0, 0, 0.05] * (box.vertices > 0.05)[:, 2:])
    found = difference(box, taller, CONFIG.tolerance)
    bottom = (box.vertices[box.faces][:, :, 2] < 0).all(axis=1)
    assert np.array_equal(found.changed_faces, ~bottom)  # the side walls reach above the old ones
    top = (box.vertices[box.faces][:, :, 2] > 0).all(axis=1)
    assert np.array_equal(found.lost_faces, top)


@pytest.mark.parametrize("bounds", [{"distance": (0.9, 1.0)}, {"changed_area": (0.99, 1.0)}])
def test_a_change_below_the_bounds_is_too_small(bounds):
    with pytest.raises(Refusal, match=reasons.TOO_SMALL):
        assess(statuette().shape(), variant("bump").shape, "bump", replace(CONFIG, **bounds))


@pytest.mark.parametrize("bounds", [{"distance": (0, 0.01)}, {"changed_area": (0, 0.01)}, {"volume": (2.0, 3.0)}])
def test_a_change_above_the_bounds_is_too_large(bounds):
    with pytest.raises(Refusal, match=reasons.TOO_LARGE):
        assess(statuette().shape(), variant("bump").shape, "bump", replace(CONFIG, **bounds))


def test_an_invisible_change_is_refused():
    with pytest.raises(Refusal, match=reasons.NOT_VISIBLE):
        assess(statuette().shape(), variant("bump").shape, "bump", replace(CONFIG, patch=2.0))


def test_an_opened_or_divided_shape_is_refused():
    shape, odd = statuette().shape(), variant("bump").shape
    labels = {name: getattr(odd, name)[1:] for name in ("faces", "face_part", "face_material", "face_color")}
    with pytest.raises(Refusal, match=reasons.NOT_CLOSED):
        assess(shape, replace(odd, **labels), "bump", CONFIG)
    with pytest.raises(Refusal, match=reasons.FELL_APART):
        assess(shape, beside(odd, coarse_box((0.05, 0.05, 0.05))), "bump", CONFIG)


def beside(shape, other):
    """Both shapes in one mesh, next to each other."""
    count = len(other.faces)
    return replace(
        shape,
        vertices=np.concatenate([shape.vertices, other.vertices + [0, 0, 2]]),
        faces=np.concatenate([shape.faces, other.faces + len(shape.vertices)]),
        **{
            name: np.concatenate([getattr(shape, name), getattr(shape, name)[:count]])
            for name in ("face_part", "face_material", "face_color")
        },
    )


def test_every_refusal_has_a_reason_from_the_list():
    folder = Path(anomalies.__file__).parent
    for path in (*sorted(folder.glob("*.py")), *sorted((folder.parent / "geometry").rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                names = {leaf.id for leaf in ast.walk(node.args[0]) if isinstance(leaf, ast.Name)} & set(dir(reasons))
                assert names and all(found.isupper() for found in names), (path, node.lineno)


@pytest.mark.parametrize("type", ("melted",))
def test_the_error_for_an_unknown_type_names_the_known_ones(type):
    with pytest.raises(ValueError, match=f"no anomaly '{type}'; known: bump, bend, twist"):
        make_variant(type, statuette(), statuette().shape(), np.random.default_rng(0))


def test_the_error_for_a_crack_without_modes_names_them():
    with pytest.raises(ValueError, match="crack needs the fracture modes of statuette-0001; found none"):
        make_variant("crack", statuette(), statuette().shape(), np.random.default_rng(0))
