import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.geometry.cells import components, divide
from odd_bench.geometry.voxels import voxelize

sides = st.floats(0.2, 1.0)
angles = st.floats(-3.0, 3.0)


def turned_box(extents, angle) -> trimesh.Trimesh:
    return trimesh.creation.box(extents, trimesh.transformations.euler_matrix(*angle))


@settings(max_examples=12, deadline=None)
@given(extents=st.tuples(sides, sides, sides), angle=st.tuples(angles, angles, angles))
def test_exactly_the_voxels_inside_a_box_are_filled(extents, angle):
    box = turned_box(extents, angle)
    solid = voxelize(box.vertices, box.faces, 48)
    centers = solid.centers(np.argwhere(np.ones_like(solid.inside)))
    axes = trimesh.transformations.euler_matrix(*angle)[:3, :3]
    beyond = (np.abs(centers @ axes) - np.array(extents) / 2).max(axis=1)  # above 0 outside
    inside = solid.inside.ravel()
    sure = np.abs(beyond) > 0.05 * solid.voxel_size
    assert np.array_equal(inside[sure], beyond[sure] < 0)


@settings(max_examples=8, deadline=None)
@given(extents=st.tuples(sides, sides, sides), count=st.integers(2, 60), seed=st.integers(0, 99))
def test_cells_are_connected_and_partition_the_solid(extents, count, seed):
    box = turned_box(extents, (0.3, 0.2, 0.1))
    solid = voxelize(box.vertices, box.faces, 32).largest_body()
    cells = divide(solid, count, np.random.default_rng(seed))
    assert cells.volume.sum() == pytest.approx(solid.inside.sum() * solid.voxel_size**3)
    assert len(cells.volume) >= count and cells.volume.max() < 12 * cells.volume.sum() / count
    assert np.array_equal(cells.label >= 0, solid.inside)
    assert (cells.edges[:, 0] < cells.edges[:, 1]).all() and (cells.area > 0).all()
    assert (components(cells.edges, len(cells.volume)) == 0).all()


def test_overlapping_bodies_are_filled_once():
    one, two = trimesh.creation.box((1, 1, 1)), trimesh.creation.box((1, 1, 1)).apply_translation((0.5, 0, 0))
    both = trimesh.util.concatenate([one, two])
    solid = voxelize(both.vertices, both.faces, 60)
    assert solid.inside.sum() * solid.voxel_size**3 == pytest.approx(1.5, rel=0.03)
