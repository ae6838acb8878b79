"""Laws of every procedural mechanical part."""

import os
from functools import cache

import numpy as np
import pytest

from odd_bench.geometry.mesh import count_bodies, face_volumes, is_closed
from odd_bench.geometry.shape import Material, PartEdit, Shape
from odd_bench.shapes.cad import FAMILIES, make_part
from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.kernel import cylinder, prism, screw, sweep
from odd_bench.shapes.cad.machined import Machined
from odd_bench.shapes.cad.profile import circle, rectangle

NAMES = sorted(FAMILIES)
INSTANCES = int(
    os.environ.get("ODD_BENCH_PART_INSTANCES", "1")
)  # seeds of every family in the slow test; 200 before a release


@cache
def first(family: str) -> Machined:
    """The instance of seed 0, which keeps its mesh for all that is asked of it."""
    return make_part(family, 0)


def intact(family: str) -> Shape:
    return first(family).shape()


def assert_one_solid(shape: Shape) -> None:
    assert is_closed(shape.faces)
    assert face_volumes(shape.vertices, shape.faces).sum() > 0
    assert count_bodies(shape.vertices, shape.faces) == 1


def assert_well_made(shape: Shape) -> None:
    assert_one_solid(shape)
    assert 2_000 <= len(shape.faces) <= 60_000
    assert np.ptp(shape.vertices, axis=0).max() == pytest.approx(1.0)
    assert (shape.vertices.min(axis=0) + shape.vertices.max(axis=0)) / 2 == pytest.approx(0.0, abs=1e-9)
    assert len(shape.face_part) == len(shape.face_material) == len(shape.face_color) == len(shape.faces)
    assert set(np.unique(shape.face_part)) == set(range(len(shape.part_names))), "a part is hidden"
    assert shape.face_material.max() < len(shape.materials)


def points(shape: Shape) -> set[tuple[float, ...]]:
    return {tuple(vertex) for vertex in np.round(shape.vertices, 9)}


def test_there_are_at_least_forty_families():
    assert len(FAMILIES) >= 40


def test_the_error_for_an_unknown_family_names_the_known_ones():
    with pytest.raises(KeyError, match="spur_gear"):
        make_part("spurious_gear", 0)


@pytest.mark.parametrize("family", NAMES)
def test_a_part_is_one_closed_solid_in_its_canonical_frame(family):
    assert_well_made(intact(family))


@pytest.mark.parametrize("family", NAMES)
def test_the_instances_of_a_family_have_at_least_eight_parameters(family):
    names = set(first(family).parameters)
    for seed in range(1, 8):
        names |= set() if len(names) >= 8 else set(make_part(family, seed).parameters)
    assert len(names) >= 8


@pytest.mark.parametrize("family", [name for name in NAMES if first(name).movable_parts])
def test_removing_a_movable_part_leaves_a_closed_solid_that_is_the_same_elsewhere(family):
    model, whole = first(family), intact(family)
    rest = model.shape([PartEdit(model.movable_parts[-1], remove=True)])
    assert_one_solid(rest)
    before, after = points(whole), points(rest)
    assert after != before
    assert len(after & before) > 0.3 * len(before)


def test_paint_changes_one_part_and_no_vertex():
    model, whole = first("flange"), intact("flange")
    rubber = Material("rubber", roughness=0.9)
    painted = model.shape([PartEdit("neck", material=rubber, color=(1.0, 0.0, 0.0))])
    own = painted.face_part == painted.part_names.index("neck")
    assert np.array_equal(painted.vertices, whole.vertices)
    assert np.array_equal(painted.faces, whole.faces)
    assert (painted.face_color[own] == (255, 0, 0)).all()
    assert np.array_equal(painted.face_color[~own], whole.face_color[~own])
    assert {painted.materials[k] for k in painted.face_material[own]} == {rubber}


def test_the_error_for_an_unknown_part_names_the_known_ones():
    with pytest.raises(KeyError, match="neck"):
        make_part("flange", 0).shape([PartEdit("nec", remove=True)])


def test_the_same_seed_gives_the_same_bytes():
    for family in ("spur_gear", "valve", "hex_bolt"):
        again = make_part(family, 0).shape()
        for field in ("vertices", "faces", "face_part", "face_material", "face_color"):
            assert getattr(again, field).tobytes() == getattr(intact(family), field).tobytes(), (family, field)


def test_draws_do_not_depend_on_each_other():
    first, second = Draws((1, 2)), Draws((1, 2))
    alone = first.real("length", 2, 3)
    second.whole("holes", 1, 9)
    assert second.real("length", 2, 3) == alone
    assert Draws((1, 3)).real("length", 2, 3) != alone


def test_a_twin_changes_one_parameter_and_names_it():
    for seed in range(12):
        twin = make_part("flange", 4).twin(np.random.default_rng(seed))
        name, _, change = twin.change.rpartition(": ")
        before, _, after = change.partition(" -> ")
        assert name in make_part("flange", 4).parameters
        assert before != after
        assert_one_solid(twin.shape)


@pytest.mark.parametrize("edge", (0.0, 0.3))
def test_a_prism_has_the_volume_of_its_section(edge):
    section = rectangle(6, 4, corner=1.0) - circle(1.0)
    full = section.area() * 5
    lost = section.area() * 2 * edge
    assert full - lost - 1e-6 <= prism(section, 0, 5, edge).volume() <= full + 1e-6


def test_a_prism_refuses_an_edge_that_folds_its_section():
    with pytest.raises(ValueError, match="folds the section"):
        prism(rectangle(4, 0.5, corner=0.1), 0, 2, edge=0.4)


def test_a_sweep_along_a_line_is_a_cylinder():
    line = np.stack([np.linspace(0, 3, 5), np.zeros(5), np.zeros(5)], axis=1)
    ring = circle(1.0, segments=48)
    assert sweep(line, ring.to_polygons()[0], (0, 0, 1)).volume() == pytest.approx(3 * ring.area())


def test_a_thread_lies_between_its_root_and_its_crest():
    thread, root, crest = screw(5.0, 1.5, 0, 12, 0.8), cylinder(4.2, 0, 12), cylinder(5.0, 0, 12)
    assert (root - thread).volume() < 0.01 * root.volume()  # the thread is a polygon in section
    assert (thread - crest).volume() == pytest.approx(0, abs=1e-9)
    assert 1.1 * root.volume() < thread.volume() < 0.9 * crest.volume()


@pytest.mark.slow
@pytest.mark.parametrize("family", NAMES)
def test_parts_of_many_seeds_and_their_twins_are_sound(family):
    for seed in range(1, 1 + INSTANCES):
        model, rng = make_part(family, seed), np.random.default_rng(seed)
        assert_well_made(model.shape())
        if model.movable_parts:
            assert_one_solid(
                model.shape([PartEdit(model.movable_parts[rng.integers(len(model.movable_parts))], remove=True)])
            )
        assert_one_solid(model.twin(rng).shape)
