from dataclasses import fields, replace

import numpy as np
import pytest
import trimesh

from odd_bench.geometry.cells import components, divide
from odd_bench.geometry.fracture.fragments import border_on_skin
from odd_bench.geometry.fracture.modes import JUMP, FractureModes, compute_modes
from odd_bench.geometry.mesh import face_volumes
from odd_bench.geometry.refusal import OPEN_MESH, SEVERAL_BODIES, Refusal
from odd_bench.geometry.voxels import MARGIN_VOXELS, voxelize
from tests.anomalies.solids import NAMES, QUICK, solid_modes, solid_shape


@pytest.mark.parametrize("name", NAMES)
def test_modes_are_orthonormal_in_the_mass_matrix_and_orthogonal_to_translations(name):
    modes = solid_modes(name)
    gram = modes.modes.T @ (modes.mass[:, None] * modes.modes)
    np.testing.assert_allclose(gram, np.eye(QUICK.modes), atol=1e-9)
    np.testing.assert_allclose(modes.mass @ modes.modes, 0, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_modes_are_constant_on_a_few_pieces(name):
    modes = solid_modes(name)
    for number, mode in enumerate(modes.modes.T):
        assert len(np.unique(np.round(mode / JUMP / 10))) <= number + 3
    for piece in range(modes.pieces.max() + 1):
        assert np.ptp(modes.modes[modes.pieces == piece], axis=0).max() < JUMP * len(modes.mass)


@pytest.mark.parametrize("name", NAMES)
def test_pieces_are_connected_and_the_cells_fill_the_shape(name):
    modes, shape = solid_modes(name), solid_shape(name)
    within = modes.pieces[modes.edges[:, 0]] == modes.pieces[modes.edges[:, 1]]
    assert np.array_equal(components(modes.edges[within], len(modes.mass)), modes.pieces)
    filled = modes.inside.sum() * modes.voxel_size**3
    assert filled == pytest.approx(face_volumes(shape.vertices, shape.faces).sum(), rel=0.02)
    assert modes.mass.sum() == pytest.approx(1) and modes.mass.min() > 0
    assert np.array_equal(np.unique(modes.label[modes.inside]), np.arange(len(modes.mass)))


def test_the_first_mode_cuts_a_dumbbell_through_its_bar():
    modes = solid_modes("dumbbell")
    left, right = (modes.modes[modes.center[:, 0] * side > 0.3, 0] for side in (-1, 1))
    assert np.ptp(left) < JUMP and np.ptp(right) < JUMP
    assert abs(left[0] - right[0]) > 1


def test_no_straight_cut_across_a_bar_is_cheaper_than_the_mode():
    """Without flaws, the area over which the first mode jumps, times the jump, is at most that of any straight cut."""
    config = replace(QUICK, flaws=0.0, modes=1)
    modes = compute_modes(solid_shape("dumbbell"), np.random.default_rng(0), config)
    cheapest = _cost(modes, modes.modes[:, 0])
    for x in np.linspace(-0.15, 0.15, 7):
        side = np.where(modes.center[:, 0] > x, 1.0, 0.0)
        side -= modes.mass @ side
        assert cheapest <= _cost(modes, side / np.sqrt(side @ (modes.mass * side))) * (1 + 1e-6)


def _cost(modes: FractureModes, mode: np.ndarray) -> float:
    return float(np.abs(mode[modes.edges[:, 0]] - mode[modes.edges[:, 1]]) @ modes.area)


def test_cells_measure_the_true_area_of_oblique_faces():
    """In a tilted box, the faces between the cells of both halves add up to about its cross-section.

    Counting voxel faces would give half more.
    """
    turn = trimesh.transformations.euler_matrix(0.4, 0.3, 0.5)
    box = trimesh.creation.box((1.0, 0.6, 0.4), turn)
    cells = divide(voxelize(box.vertices, box.faces, 96), 2, np.random.default_rng(0))
    assert len(cells.area) == 1
    assert cells.area[0] == pytest.approx(0.6 * 0.4, rel=0.1)


def test_equal_seeds_give_equal_bytes_and_files_load_as_saved(tmp_path):
    shape = solid_shape("mug")
    for name in ("first.npz", "second.npz"):
        compute_modes(shape, np.random.default_rng(3), QUICK).save(tmp_path / name)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    modes = solid_modes("mug")
    modes.save(tmp_path / "modes.npz")
    loaded = FractureModes.load(tmp_path / "modes.npz")
    for one in fields(modes):
        assert np.array_equal(getattr(modes, one.name), getattr(loaded, one.name)), one.name


def test_open_meshes_and_meshes_of_several_bodies_are_refused():
    shape = solid_shape("apple")
    open_shape = replace(shape, faces=shape.faces[1:])
    with pytest.raises(Refusal) as refusal:
        compute_modes(open_shape, np.random.default_rng(0), QUICK)
    assert refusal.value.reason == OPEN_MESH
    vertices = np.concatenate([shape.vertices, shape.vertices + 2])
    two = replace(shape, vertices=vertices, faces=np.concatenate([shape.faces, shape.faces + len(shape.vertices)]))
    with pytest.raises(Refusal) as refusal:
        compute_modes(two, np.random.default_rng(0), QUICK)
    assert refusal.value.reason == SEVERAL_BODIES


def test_the_border_on_the_skin_equals_a_count_voxel_by_voxel():
    modes = solid_modes(NAMES[0])
    around = (modes.label >= 0) & ~modes.inside
    for seed in range(4):
        side = np.random.default_rng(seed).random(len(modes.mass)) < 0.4
        value = np.where(around, 1 + side[modes.label], 0)
        counts = []
        for axis in range(3):
            here, there = (np.delete(value, end, axis) for end in (0, -1))
            counts.append((here * there == 2).sum())
        length = float(np.linalg.norm(counts)) * float(modes.voxel_size) / MARGIN_VOXELS
        assert border_on_skin(modes, side) == length > 0
