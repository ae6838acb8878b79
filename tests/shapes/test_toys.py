"""Laws of every procedural toy."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import trimesh

from odd_bench.generate.rest import body, centre_of_mass, resting_facet
from odd_bench.geometry.shape import PartEdit, Shape
from odd_bench.shapes import toy
from odd_bench.shapes.isosurface import Layer, bounds, compose
from odd_bench.shapes.toys import BUILDERS, SEEN, UNSEEN, make_toy

CATEGORIES = sorted(BUILDERS)


@cache
def first(category: str) -> toy.Toy:
    """The toy of seed 0, which keeps its mesh for all that is asked of it."""
    return make_toy(category, 0)


def intact(category: str) -> Shape:
    return first(category).shape()


def as_mesh(shape: Shape) -> trimesh.Trimesh:
    return trimesh.Trimesh(shape.vertices, shape.faces, process=False)


def fingerprint(category: str, seed: int) -> np.ndarray:
    """Distances and colours at fixed points, which determine the mesh, without meshing."""
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (400, 3)).astype(np.float32)
    parts = make_toy(category, seed).parts
    distances = compose([Layer(part.field, part.blend, part.cut) for part in parts], points)
    colors = [part.pattern.colors(points).sum() for part in parts]
    return np.concatenate([distances, colors])


def assert_one_solid(shape: Shape) -> None:
    mesh = as_mesh(shape)
    assert mesh.is_watertight
    assert mesh.volume > 0
    assert mesh.body_count == 1


def assert_well_made(shape: Shape) -> None:
    assert_one_solid(shape)
    assert 30_000 <= len(shape.faces) <= 70_000
    assert np.ptp(shape.vertices, axis=0).max() == pytest.approx(1.0)
    assert (shape.vertices.min(axis=0) + shape.vertices.max(axis=0)) / 2 == pytest.approx(0.0, abs=1e-9)
    assert len(shape.face_part) == len(shape.face_material) == len(shape.face_color) == len(shape.faces)
    assert shape.face_part.max() < len(shape.part_names)
    assert shape.face_material.max() < len(shape.materials)


def test_every_category_of_the_paper_has_a_builder():
    assert set(CATEGORIES) == set(SEEN) | set(UNSEEN)


def test_the_error_for_an_unknown_category_names_the_known_ones():
    with pytest.raises(KeyError, match="horse"):
        make_toy("unicorn", 0)


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_toy_is_one_closed_solid_in_its_canonical_frame(category):
    assert_well_made(intact(category))


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_part_appears_on_the_surface(category):
    assert set(np.unique(intact(category).face_part)) == set(range(len(intact(category).part_names)))


@pytest.mark.parametrize("category", CATEGORIES)
def test_removing_a_movable_part_leaves_a_closed_solid_that_is_the_same_elsewhere(category):
    toy, whole = first(category), intact(category)
    assert len(toy.movable_parts) >= 2
    part = toy.movable_parts[-1]
    rest = toy.shape([PartEdit(part, remove=True)])
    assert_one_solid(rest)
    before = {tuple(v) for v in np.round(whole.vertices, 9)}
    after = {tuple(v) for v in np.round(rest.vertices, 9)}
    assert len(after & before) > 0.5 * len(before)
    assert after != before


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_seed_determines_the_toy(category):
    assert np.array_equal(fingerprint(category, 3), fingerprint(category, 3))
    assert not np.array_equal(fingerprint(category, 3)[:400], fingerprint(category, 4)[:400])


@pytest.mark.slow
@pytest.mark.parametrize("category", CATEGORIES)
def test_toys_of_many_seeds_are_sound_with_and_without_a_part(category):
    """Every second seed is made without one of its parts."""
    toy = make_toy(category, 2)
    assert_well_made(toy.shape())
    part = toy.movable_parts[2 % len(toy.movable_parts)]
    rest = as_mesh(toy.shape([PartEdit(part, remove=True)]))
    assert rest.is_watertight  # what was attached to the part may be loose now, which anomalies refuse
    assert rest.volume > 0


@pytest.mark.parametrize("category", CATEGORIES[::8])
def test_meshing_a_toy_again_gives_the_same_bytes(category):
    """All toys are meshed by the same code; another test compares the draws of every category."""
    again = make_toy(category, 0).shape()
    for field in ("vertices", "faces", "face_part", "face_material", "face_color"):
        assert getattr(again, field).tobytes() == getattr(intact(category), field).tobytes(), field


WITH_LOOSE_PARTS = ("mug", "cup", "bowl", "glass", "car")


@pytest.mark.parametrize("category", WITH_LOOSE_PARTS)
def test_loose_parts_are_only_in_toys_that_stand_by_themselves(category, monkeypatch):
    """Without its loose parts, a toy is still one solid and the same elsewhere."""
    monkeypatch.setattr(toy, "FACES", 8_000)
    whole = next(
        made for made in (make_toy(category, seed) for seed in range(40)) if any(part.loose for part in made.parts)
    )
    shape, emptied = whole.shape(), whole.emptied()
    assert _tilt_deg(shape) < 10
    assert emptied.movable_parts and {part.name for part in whole.parts if part.loose}.isdisjoint(emptied.part_names)
    assert [part for part in whole.parts if not part.loose] == list(emptied.parts)
    assert_one_solid(emptied.shape())


def test_no_other_category_has_loose_parts():
    toys = [make_toy(name, seed) for name in CATEGORIES for seed in range(8)]
    loose = {made.category for made in toys if any(part.loose for part in made.parts)}
    assert loose <= set(WITH_LOOSE_PARTS)


def _tilt_deg(shape: Shape) -> float:
    """The angle by which a toy topples when it is released upright."""
    hull = body(shape.outline, centre_of_mass(shape.vertices, shape.faces))
    facet = resting_facet(hull, np.array([0.0, 0.0, -1.0]))
    return float(np.degrees(np.arccos(-hull.normals[facet][2])))


@pytest.mark.parametrize("faces", [8_000, 20_000])
@pytest.mark.parametrize("category", ["mug", "elephant"])
def test_a_mesh_has_about_the_requested_number_of_faces(category, faces):
    shape = replace(make_toy(category, 3), faces=faces).shape()
    assert 0.7 * faces < len(shape.faces) < 1.4 * faces


@pytest.mark.parametrize("category", [*SEEN[::6], *UNSEEN[::4]])
def test_the_bounds_contain_the_surface(category):
    toy = make_toy(category, 2)
    layers = [Layer(part.field, part.blend, part.cut) for part in toy.parts]
    low, high = bounds(layers)
    axis = np.arange(-2 + 0.05, 2, 0.1, np.float32)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = points[compose(layers, points) <= 0]
    assert (inside >= low).all() and (inside <= high).all()
