from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from odd_bench.anomalies import AnomalyConfig, Refusal, make_variant
from odd_bench.anomalies.joint import find_joint, seam_length
from odd_bench.anomalies.part_choice import ENOUGH, drawn_parts, own_faces, part_areas
from odd_bench.geometry.mesh import face_areas, face_volumes, is_closed
from odd_bench.geometry.refusal import CAME_LOOSE, FELL_APART, NO_PART, SANK_IN, TOO_LARGE
from odd_bench.shapes.cad import make_part
from odd_bench.shapes.sdf import sphere
from odd_bench.shapes.toy import Part, Toy
from tests.anomalies.statuette import CLAY, STRIPES, statuette, variant

CONFIG = AnomalyConfig()
MOVES = ("part_translation", "part_rotation", "missing_part")


def volume(shape) -> float:
    return float(face_volumes(shape.vertices, shape.faces).sum())


def away_from(touched: cKDTree, vertices: np.ndarray) -> set[bytes]:
    """The vertices that equal a vertex of the other shape, bit for bit, away from the change."""
    return {vertex.tobytes() for vertex in vertices[touched.query(vertices)[0] > 0.04]}


@pytest.mark.parametrize("type", MOVES)
@pytest.mark.parametrize("seed", range(2))
def test_every_vertex_outside_the_change_stays_bit_for_bit(type, seed):
    intact, odd = statuette().shape(), variant(type, seed)
    touched = [intact.vertices[intact.faces[odd.lost_faces]], odd.shape.vertices[odd.shape.faces[odd.changed_faces]]]
    touched = cKDTree(np.concatenate(touched).reshape(-1, 3))
    distant, still_there = (away_from(touched, shape.vertices) for shape in (odd.shape, intact))
    assert distant == still_there and len(distant) > 5000
    assert is_closed(odd.shape.faces)


@pytest.mark.parametrize("seed", range(3))
def test_a_missing_part_leaves_no_face_of_it_and_less_volume(seed):
    intact, odd = statuette().shape(), variant("missing_part", seed)
    gone = [name for name, area in part_areas(odd.shape).items() if area == 0]
    assert len(gone) == 1 and gone[0] in statuette().movable_parts
    assert volume(odd.shape) < volume(intact)
    lost = intact.face_part[odd.lost_faces]
    assert np.mean(lost == intact.part_names.index(gone[0])) > 0.9


@pytest.mark.parametrize("type", MOVES[:2])
@pytest.mark.parametrize("seed", range(2))
def test_a_moved_part_stays_joined_and_exposed(type, seed):
    intact, odd = statuette().shape(), variant(type, seed)
    moved = intact.part_names[np.bincount(odd.shape.face_part[odd.changed_faces]).argmax()]
    assert moved in statuette().movable_parts
    assert seam_length(odd.shape, (moved,)) >= CONFIG.joint * seam_length(intact, (moved,))
    assert 0.5 <= part_areas(odd.shape)[moved] / part_areas(intact)[moved] <= 2


def test_a_part_that_comes_loose_is_refused():
    far = replace(CONFIG, shift=(3.0, 3.1), move=(0.07, 3.0))
    for seed in range(4):
        with pytest.raises(Refusal) as refusal:
            make_variant("part_translation", statuette(), statuette().shape(), np.random.default_rng(seed), far)
        assert refusal.value.reason in (CAME_LOOSE, FELL_APART, SANK_IN, TOO_LARGE, NO_PART)


def test_parts_are_chosen_by_their_share_of_the_surface():
    shape, rng = statuette().shape(), np.random.default_rng(0)
    areas = part_areas(shape)
    assert sum(areas.values()) == pytest.approx(face_areas(shape.vertices, shape.faces).sum())
    shares = {name: area / sum(areas.values()) for name, area in areas.items()}
    for name in shape.part_names:
        only = (shares[name] - 1e-9, shares[name] + 1e-9)
        assert drawn_parts(shape.part_names, shape, rng, only) == [(name,)]
    with pytest.raises(Refusal, match=NO_PART):
        drawn_parts(shape.part_names, shape, rng, (0.9, 1.0))
    with pytest.raises(Refusal, match=NO_PART):
        drawn_parts((), shape, rng, CONFIG.part_area)


def test_small_parts_are_edited_in_groups_of_neighbours():
    model = make_part("spur_gear", 0)
    shape, rng = model.shape(), np.random.default_rng(0)
    areas = part_areas(shape)
    least = 3.5 * areas["tooth 5"]
    runs = drawn_parts(model.movable_parts, shape, rng, (0.0, 1.0), least)
    assert all(sum(areas[name] for name in run) >= ENOUGH * least for run in runs)
    assert {len(run) for run in runs if run[0].startswith("tooth")} == {4}
    run = next(run for run in runs if run[0] == "tooth 5")
    assert len({int(name.split()[1]) for name in run} & {3, 4, 5, 6, 7}) == 4
    assert own_faces(shape, run).sum() == sum(own_faces(shape, (name,)).sum() for name in run)


def test_a_group_contains_at_most_half_of_its_kind():
    model = make_part("spur_gear", 0)
    teeth = tuple(name for name in model.movable_parts if name.startswith("tooth"))
    with pytest.raises(Refusal, match=NO_PART):
        drawn_parts(teeth, model.shape(), np.random.default_rng(0), (0.0, 1.0), 100.0)


def test_the_joint_of_two_balls_is_the_circle_between_them():
    lower = Part("body", sphere((0, 0, 0), 1.0), STRIPES, CLAY)
    upper = Part("head", sphere((0, 0, 1.2), 0.8), STRIPES, CLAY, movable=True)
    toy = Toy("snowman-0001", "snowman", (lower, upper))
    joint = find_joint(toy.shape(), ("head",))
    side = 3.0  # from -1 to 2; the canonical origin lies at 0.5
    height = (1.2**2 + 1.0 - 0.8**2) / 2.4
    assert joint.center == pytest.approx([0, 0, (height - 0.5) / side], abs=0.01)
    assert joint.outward == pytest.approx([0, 0, 1], abs=0.05)
    circle = 2 * np.pi * np.sqrt(1 - height**2) / side
    assert circle <= joint.length <= 3 * circle  # the seam zigzags along faces
