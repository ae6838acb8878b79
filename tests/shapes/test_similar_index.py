import json
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.similar import HasTwins, similar_shape
from odd_bench.cli.assets import app
from odd_bench.geometry.shape import Material, Shape
from odd_bench.shapes.assembly import Assembly
from odd_bench.shapes.features import DinoV2, view_features
from odd_bench.shapes.fixed_views import FIELD, SIDES, Surface, seen_difference, shades, surface_points
from odd_bench.shapes.library import INDEX, VERSION, Entry, open_library
from odd_bench.shapes.lookalikes import Mistakable, find_lookalikes, model_of, painted_like
from odd_bench.shapes.similar_config import SimilarConfig, SimilarError, config_from
from odd_bench.shapes.similar_index import SimilarIndex, index_library, index_shapes, main_coordinates, nearest, query

QUICK = SimilarConfig(pixels=48, points=500, candidates=4, most_chamfer=0.05, least_seen=0.03)


def shape_of(mesh: trimesh.Trimesh, name: str) -> Shape:
    vertices = mesh.vertices - mesh.bounds.mean(axis=0)
    blank = np.zeros(len(mesh.faces), np.int32)
    return Shape(
        name,
        "thing",
        vertices / np.ptp(vertices, axis=0).max(),
        np.array(mesh.faces),
        blank,
        blank,
        np.full((len(mesh.faces), 3), 170, np.uint8),
        ("body",),
        (Material("plain"),),
    )


def ball(radius: float) -> Shape:
    """A ball in the frame of a ball of radius 0.5, because a variant keeps its frame."""
    mesh = trimesh.creation.icosphere(4, radius)
    return replace(shape_of(mesh, "ball"), vertices=np.array(mesh.vertices))


def families() -> dict[str, Shape]:
    """Four kinds of shapes in three sizes each."""
    made = {}
    for number, size in enumerate((1.0, 1.08, 1.16)):
        made[f"plate-{number}"] = trimesh.creation.box((1, 0.8, 0.1 * size))
        made[f"rod-{number}"] = trimesh.creation.cylinder(0.1 * size, 1.0, sections=32)
        made[f"ring-{number}"] = trimesh.creation.annulus(0.3 * size, 0.5, 0.2, sections=48)
        made[f"block-{number}"] = trimesh.creation.box((1, 0.9, 0.6 * size))
    return {name: shape_of(mesh, name) for name, mesh in made.items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[dict[str, Shape], SimilarIndex]:
    shapes = families()
    cache = tmp_path_factory.mktemp("cache")
    return shapes, index_shapes({name: name for name in shapes}, shapes.__getitem__, QUICK, cache)


def test_depth_and_normals_of_a_ball_are_those_of_a_ball():
    views = Surface(ball(0.5)).views(64)
    step = ((np.arange(64) + 0.5) / 64 - 0.5) * FIELD
    x, y = np.meshgrid(step, -step)
    inside = np.hypot(x, y) < 0.49
    height = np.sqrt(np.maximum(0.25 - x**2 - y**2, 0))
    assert len(views.depth) == len(SIDES) == 10
    for depth, normals in zip(views.depth, views.normals, strict=True):
        assert np.isfinite(depth[inside]).all() and np.isnan(depth[np.hypot(x, y) > 0.5]).all()
        assert np.abs(depth - height)[inside].max() < 0.01
        assert np.abs(normals - np.stack([x, y, height], axis=-1) / 0.5)[inside].max() < 0.12


@given(st.integers(0, 2**31), st.integers(1, 3000))
def test_points_lie_on_the_surface_and_cover_it_by_area(seed, count):
    shape = shape_of(trimesh.creation.box((1.0, 0.5, 0.25)), "box")
    points = surface_points(shape, count, np.random.default_rng(seed))
    half = np.array([0.5, 0.25, 0.125])
    assert points.shape == (count, 3)
    np.testing.assert_allclose((np.abs(points) / half).max(axis=1), 1.0)
    on_top = np.isclose(np.abs(points[:, 2]), half[2]).sum()  # 1.0 of an area of 1.75
    assert abs(on_top / count - 1 / 1.75) < 2 / count + 0.01


def test_the_chamfer_distance_of_balls_is_the_difference_of_their_radii(tmp_path):
    balls = {f"ball-{radius}": ball(radius) for radius in (0.5, 0.48, 0.44)}
    index = index_shapes({name: name for name in balls}, balls.__getitem__, QUICK, tmp_path)
    for row, name in enumerate(index.names):
        for column, other in enumerate(index.neighbors[row][:2]):
            gap = abs(float(name[5:]) - float(index.names[other][5:]))
            assert index.chamfer[row, column] == pytest.approx(gap, abs=0.002)


def test_equal_shapes_are_too_near_and_shapes_that_look_the_same_are_refused(tmp_path):
    box = shape_of(trimesh.creation.box((1, 0.9, 0.6)), "box")
    shapes = {"a": box, "b": box, "c": shape_of(trimesh.creation.box((1, 0.9, 0.5)), "c")}
    index = index_shapes({name: name for name in shapes}, shapes.__getitem__, QUICK, tmp_path)
    assert index.nearest_similar("a") == index.nearest_similar("b") == ["c"]
    assert index.nearest_similar("c") == ["a", "b"] and index.pairs == 2 and index.matched == 3
    strict = replace(QUICK, least_seen=0.9)
    assert index_shapes({name: name for name in shapes}, shapes.__getitem__, strict, tmp_path).pairs == 0
    far = replace(QUICK, most_chamfer=0.004)
    assert index_shapes({name: name for name in shapes}, shapes.__getitem__, far, tmp_path).pairs == 0


def test_neighbors_are_of_the_same_kind(made):
    _, index = made
    for name in index.names:
        row = index.names.index(name)
        near = [index.names[i].split("-")[0] for i in index.neighbors[row][:2]]
        assert near == [name.split("-")[0]] * 2
        assert index.nearest_similar(name), f"{name} has no similar shape"
    with pytest.raises(SimilarError, match="no 'nut' among the 12"):
        index.nearest_similar("nut")


def test_the_index_depends_exactly_on_its_inputs(made, tmp_path):
    """For equal inputs it is read and not made; only a changed shape is described again; other bounds need no new measurement."""
    shapes, first = made
    asked = []

    def shape(name):
        asked.append(name)
        return shapes[name]

    digests = {name: name for name in shapes}
    again = index_shapes(digests, shape, QUICK, tmp_path)
    assert set(asked) == set(shapes)
    asked.clear()
    for digest_order in (digests, dict(reversed(digests.items()))):
        for config in (QUICK, replace(QUICK, most_chamfer=0.01, least_seen=0.2)):
            same = index_shapes(digest_order, shape, config, tmp_path)
            for field in ("coordinates", "neighbors", "chamfer", "seen"):
                assert np.array_equal(getattr(same, field), getattr(first, field)) and same.names == again.names
    assert not asked
    looked = []
    index_shapes(
        {**digests, "rod-0": "another"},
        shape,
        QUICK,
        tmp_path,
        lambda stage, done, total: looked.append((stage, total)),
    )
    assert ("looking", 1) in looked and asked.count("rod-0") == 2 and asked[0] == "rod-0"
    looked.clear()
    index_shapes(
        digests, shape, replace(QUICK, contrast=0.3), tmp_path, lambda stage, done, total: looked.append((stage, total))
    )
    assert {stage for stage, _ in looked} == {"measuring"}


def test_features_do_not_depend_on_the_mesh_of_a_surface():
    coarse = trimesh.creation.box((1, 0.6, 0.3))
    fine = coarse.subdivide().subdivide().subdivide()
    vectors = []
    for mesh in (coarse, fine, trimesh.creation.icosphere(3)):
        shape = shape_of(mesh, "a")
        points = surface_points(shape, 2000, np.random.default_rng(0))
        vectors.append(view_features(Surface(shape).views(64), points))
    assert np.linalg.norm(vectors[0] - vectors[1]) < 0.1 * np.linalg.norm(vectors[0] - vectors[2])


def test_the_seen_difference_is_0_for_equal_and_large_for_unlike_shapes():
    box, rod = (shades(Surface(families()[name]).views(48)) for name in ("block-0", "rod-0"))
    assert seen_difference(box, box, 0.15)[0] == 0
    assert seen_difference(box, rod, 0.15)[0] == seen_difference(rod, box, 0.15)[0] > 0.5


@given(st.integers(2, 30), st.integers(2, 30), st.integers(0, 1000))
def test_all_principal_components_preserve_distances(count, length, seed):
    features = np.random.default_rng(seed).normal(size=(count, length)).astype(np.float32)
    coordinates = main_coordinates(features, 64)

    def distances(rows):
        return np.linalg.norm(rows[:, None] - rows[None], axis=-1)

    np.testing.assert_allclose(distances(coordinates), distances(features), atol=1e-3)


def test_ten_thousand_shapes_are_searched_in_less_than_ten_milliseconds():
    rng = np.random.default_rng(0)
    coordinates = rng.normal(size=(10_000, 64)).astype(np.float32)
    names = tuple(f"shape-{number:05d}" for number in range(10_000))
    times = []
    for row in range(20):
        start = time.perf_counter()
        near = query(coordinates, coordinates[row], 13)
        times.append(time.perf_counter() - start)
        exact = np.argsort(((coordinates.astype(float) - coordinates[row]) ** 2).sum(axis=1))[:13]
        assert near[0] == row and set(near) == set(exact)
    assert np.median(times) < 0.010
    neighbors = rng.integers(10_000, size=(10_000, 12)).astype(np.int32)
    measured = np.full((10_000, 12), 0.01, np.float32), np.full((10_000, 12), 0.5, np.float32)
    index = SimilarIndex(names, coordinates, neighbors, *measured, SimilarConfig())
    start = time.perf_counter()
    for name in names[::100]:
        assert len(index.nearest_similar(name)) == 12
    assert (time.perf_counter() - start) / 100 < 0.010


def test_nearest_excludes_the_shape_itself_even_among_duplicates():
    found = nearest(np.zeros((3, 2), np.float32), 4)
    assert [sorted(row[:2]) for row in found.tolist()] == [[1, 2], [0, 2], [0, 1]]
    assert (found[:, 2:] == -1).all()


def test_wrong_settings_are_reported(monkeypatch, tmp_path):
    with pytest.raises(SimilarError, match=r"found 'most_chamfr'; expected one of .*Did you mean most_chamfer"):
        config_from(["most_chamfr=1"], None)
    with pytest.raises(SimilarError, match="found 'x'; expected a number"):
        config_from(["most_chamfer=x"], None)
    with pytest.raises(SimilarError, match="expected 0 <= least < most"):
        config_from(["least_chamfer=0.5"], None)
    with pytest.raises(SimilarError, match="expected a DINOv2 checkpoint"):
        config_from([], tmp_path / "none.pth")
    with pytest.raises(SimilarError, match="found 1 shapes; expected at least 2"):
        index_shapes({"a": "a"}, lambda name: None, QUICK, tmp_path)
    (tmp_path / "weights.pth").write_bytes(b"weights")
    config = config_from(["candidates=3"], tmp_path / "weights.pth")
    assert (config.features, config.candidates) == ("dinov2", 3) and len(config.weights_sha256) == 64
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(SimilarError, match="expected torch and timm"):
        DinoV2(tmp_path / "weights.pth")


def stored(folder, shapes):
    """A library in which the given shapes are stored, without reading mesh files."""
    entries = []
    for name, shape in sorted(shapes.items()):
        Assembly(name, shape.category, shape, (shape,)).save(folder / f"{name}.npz")
        entries.append(asdict(Entry(f"{name}.ply", name, name, shape.category)))
    (folder / INDEX).write_text(json.dumps({"version": VERSION, "entries": entries}))
    return open_library(folder)


def test_a_library_is_indexed_by_split_and_its_pairs_are_drawn(tmp_path):
    library = stored(tmp_path, {name: shape for name, shape in families().items() if name.startswith(("rod", "ring"))})
    rods = [name for name in (entry.name for entry in library.used) if name.startswith("rod")]
    index = index_library(library, QUICK, rods)
    assert index.names == tuple(rods) and {"rod-0"} <= set(index.nearest_similar("rod-1")) <= {"rod-0", "rod-2"}
    sheet = tmp_path / "pairs.png"
    result = CliRunner().invoke(
        app, ["similar", str(tmp_path), "--sheet", str(sheet), "--set", "most_chamfer=0.05", "--set", "least_seen=0.03"]
    )
    assert result.exit_code == 0 and "6 shapes, 6 with a similar one" in result.output, result.output
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_a_model_of_a_library_has_twins_only_from_its_own_split(tmp_path):
    library = stored(tmp_path, families())
    names = sorted(families())
    splits = [[name for name in names if not name.endswith("2")], [name for name in names if name.endswith("2")]]
    assert not isinstance(model_of(library, "rod-1"), Mistakable)
    assert find_lookalikes(library, splits, QUICK) >= 6
    for split in splits:
        for name in split:
            assert set(getattr(model_of(library, name), "similar", ())) <= set(split) - {name}
    assert isinstance(model_of(library, "rod-0"), HasTwins) and not isinstance(model_of(library, "rod-2"), HasTwins)
    model = model_of(library, "rod-0")
    assert model.similar == ("rod-1",) and model.part_names == library.model("rod-0").part_names
    config = AnomalyConfig(chamfer=(0.001, 0.05), twin=(0.005, 0.6), patch=0.0)
    odd, _ = similar_shape(model, model.shape(), np.random.default_rng(0), config)
    assert np.array_equal(odd.vertices, library.model("rod-1").shape().vertices)


def test_a_lookalike_has_the_paint_of_the_shape_it_resembles(tmp_path):
    rods = {name: shape for name, shape in families().items() if name in ("rod-0", "rod-1")}
    upper = rods["rod-0"].vertices[rods["rod-0"].faces].mean(axis=1)[:, 2] > 0
    brass = Material("brass", roughness=0.3, metallic=0.65)
    rods["rod-0"] = replace(
        rods["rod-0"],
        face_color=np.where(upper[:, None], np.array([200, 160, 70], np.uint8), rods["rod-0"].face_color),
        face_material=upper.astype(np.int32),
        materials=(*rods["rod-0"].materials, brass),
    )
    library = stored(tmp_path, rods)
    find_lookalikes(library, [sorted(rods)], QUICK)
    model = model_of(library, "rod-0")
    intact, odd = model.shape(), model.twin(np.random.default_rng(0)).shape
    above = odd.vertices[odd.faces].mean(axis=1)[:, 2] > 0
    assert odd.materials == intact.materials and np.array_equal(odd.face_material, above)
    assert {tuple(color) for color in odd.face_color[above]} == {(200, 160, 70)}
    same = painted_like(intact, intact)
    assert np.array_equal(same.face_color, intact.face_color)
    assert np.array_equal(same.face_material, intact.face_material)
