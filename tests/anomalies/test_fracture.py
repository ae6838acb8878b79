from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree

from odd_bench.anomalies.crack import WIDTH, open_gap
from odd_bench.anomalies.displaced_piece import displaced_piece
from odd_bench.anomalies.fracture import fracture
from odd_bench.anomalies.fragment_region import fragment_region
from odd_bench.anomalies.variant import Variant
from odd_bench.geometry.fracture.cutting import cutter, separation
from odd_bench.geometry.fracture.fragments import shatter, spreading
from odd_bench.geometry.mesh import count_bodies, face_areas, face_vectors, face_volumes, is_closed
from odd_bench.geometry.raycast import nearest
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.solid import BROKEN_PART, cut_mesh, require_solid
from tests.anomalies.solids import MUG_WALL, NAMES, solid_modes, solid_shape

LONGEST_EDGE = 0.04  # of the intact shapes
WAYS = (fracture, open_gap, displaced_piece)


def first_variant(way, name: str, tries: int = 5) -> Variant:
    """The first variant within the number of tries that every anomaly has."""
    for seed in range(tries):
        try:
            return way(solid_shape(name), solid_modes(name), np.random.default_rng(seed))
        except Refusal:
            continue
    raise AssertionError(f"{way.__name__} of {name}: refused {tries} times")


@pytest.fixture(scope="module")
def variants() -> dict:
    return {(way, name): first_variant(way, name) for way in WAYS for name in NAMES}


def each(*ways):
    return pytest.mark.parametrize(("way", "name"), [(way, name) for way in ways for name in NAMES])


def volume(shape) -> float:
    return face_volumes(shape.vertices, shape.faces).sum()


@each(*WAYS)
def test_the_result_is_one_closed_body(variants, way, name):
    shape = variants[way, name].shape
    assert is_closed(shape.faces)
    assert count_bodies(shape.vertices, shape.faces) == 1
    assert volume(shape) > 0
    assert len(np.unique(shape.faces)) == len(shape.vertices)


@each(*WAYS)
def test_unchanged_faces_keep_corners_colour_part_and_material(variants, way, name):
    """Every unchanged face further than an edge from the broken surface equals a face of the intact shape, bit for bit."""
    intact, variant = solid_shape(name), variants[way, name]
    shape, same = variant.shape, ~variant.changed_faces
    centers = shape.vertices[shape.faces[same]].mean(axis=1)
    distance, _ = nearest(intact, centers)
    assert distance.max() < 1e-5
    corners = {face.tobytes(): row for row, face in enumerate(_sorted_corners(intact))}
    rows = np.array([corners.get(face.tobytes(), -1) for face in _sorted_corners(shape)])
    exact = same & (rows >= 0)
    broken = shape.vertices[np.unique(shape.faces[variant.changed_faces])]
    away = cKDTree(broken).query(shape.vertices[shape.faces[same]].mean(axis=1))[0] > LONGEST_EDGE
    assert away.sum() > 1000 and exact[same][away].all()
    for attribute in ("face_part", "face_material", "face_color"):
        assert np.array_equal(getattr(shape, attribute)[exact], getattr(intact, attribute)[rows[exact]])
    assert set(rows[exact]).isdisjoint(np.flatnonzero(variant.lost_faces))


def _sorted_corners(shape) -> np.ndarray:
    """(f, 9) the corners of every face, in an order that does not depend on the corner it starts with."""
    corner = shape.vertices[shape.faces]
    order = np.lexsort((corner[..., 2], corner[..., 1], corner[..., 0]), axis=1)
    return np.take_along_axis(corner, order[..., None], axis=1).reshape(-1, 9)


@each(*WAYS)
def test_broken_faces_have_a_part_and_a_material_of_their_own(variants, way, name):
    intact, variant = solid_shape(name), variants[way, name]
    shape = variant.shape
    assert shape.part_names == (*intact.part_names, BROKEN_PART)
    broken = shape.face_part == len(intact.part_names)
    assert broken.any() and np.array_equal(broken, shape.face_material == len(intact.materials))
    assert variant.changed_faces[broken].all()
    assert len(np.unique(shape.face_color[broken], axis=0)) == 1
    assert shape.materials[-1].roughness >= 0.7
    assert np.abs(shape.face_color[broken][0].astype(float) - intact.face_color.mean(axis=0)).mean() > 20


@each(fracture)
def test_a_fracture_loses_between_a_tenth_and_nine_tenths(variants, way, name):
    variant = variants[way, name]
    loss = 1 - volume(variant.shape) / volume(solid_shape(name))
    assert 0.1 <= loss <= 0.9 and loss == pytest.approx(variant.magnitude)
    assert variant.type == "fracture"


@each(fracture)
def test_a_broken_surface_is_rough(variants, way, name):
    """Its faces point in many directions: their area exceeds that of the plane they span by at least a ninth."""
    variant = variants[way, name]
    faces = variant.shape.faces[variant.changed_faces]
    vectors = face_vectors(variant.shape.vertices, faces)
    assert np.linalg.norm(vectors.sum(axis=0)) < 0.9 * face_areas(variant.shape.vertices, faces).sum()


def test_a_mug_breaks_across_its_wall(variants):
    variant, intact = variants[fracture, "mug"], solid_shape("mug")
    corners = np.unique(variant.shape.faces[variant.changed_faces])
    depth, _ = nearest(intact, variant.shape.vertices[corners])
    assert depth.max() < 0.75 * MUG_WALL  # the broken surface runs only across the wall
    radius = np.linalg.norm(intact.vertices[intact.faces].mean(axis=1)[:, :2], axis=1)
    middle = np.median(radius[radius > 0.2])
    lost = variant.lost_faces
    assert (lost & (radius > middle)).sum() > 50 and (lost & (radius < middle)).sum() > 50


@each(open_gap)
def test_a_gap_is_long_and_deep_and_removes_little_volume(variants, way, name):
    variant, intact = variants[way, name], solid_shape(name)
    assert WIDTH[0] <= variant.magnitude <= WIDTH[1]
    assert 0 < 1 - volume(variant.shape) / volume(intact) < 0.06
    broken = variant.shape.vertices[np.unique(variant.shape.faces[variant.changed_faces])]
    assert np.ptp(broken, axis=0).max() > 0.12
    depth, _ = nearest(intact, broken)
    assert depth.max() > min(0.05, 0.3 * MUG_WALL)


@each(displaced_piece)
def test_a_displaced_piece_moves_by_a_small_distance(variants, way, name):
    variant, intact = variants[way, name], solid_shape(name)
    assert 0.005 < variant.magnitude < 0.1
    assert volume(variant.shape) == pytest.approx(volume(intact), rel=0.06)
    skin = variant.changed_faces & (variant.shape.face_part < len(intact.part_names))
    distance, _ = nearest(intact, variant.shape.vertices[variant.shape.faces[skin]].mean(axis=1))
    assert 0 < distance.max() < 0.15


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(2))
def test_fragments_are_closed_and_their_volumes_add_up_to_the_whole(name, seed):
    shape, modes, rng = solid_shape(name), solid_modes(name), np.random.default_rng(seed)
    labels, _ = shatter(modes, spreading(modes), rng)
    solid = require_solid(shape)
    parts, rest = [], solid
    for label in range(labels.max()):
        part, rest = rest.split(cutter(separation(modes, labels == label, rng)))
        parts.append(part)
    parts.append(rest)
    assert len(parts) == labels.max() + 1
    volumes = np.array([part.volume() for part in parts])
    assert volumes.sum() == pytest.approx(solid.volume(), rel=0.005)
    for part, others in pairwise(parts):
        assert (part ^ others).volume() < 0.001 * solid.volume()
    for part in parts:
        cut = cut_mesh(part)
        assert len(cut.faces) == 0 or is_closed(cut.faces)
        assert part.volume() >= 0


@pytest.mark.parametrize("way", WAYS)
def test_equal_seeds_give_equal_variants(variants, way):
    first, second = variants[way, "dumbbell"], first_variant(way, "dumbbell")
    for field in ("vertices", "faces", "face_part", "face_material", "face_color"):
        assert getattr(first.shape, field).tobytes() == getattr(second.shape, field).tobytes()
    assert np.array_equal(first.lost_faces, second.lost_faces) and first.magnitude == second.magnitude


@pytest.mark.parametrize("name", NAMES)
def test_a_fragment_region_is_part_of_the_skin(name):
    region = fragment_region(solid_shape(name), solid_modes(name), np.random.default_rng(0))
    assert region.shape == (len(solid_shape(name).faces),)
    assert 0.02 < region.mean() < 0.7
