import json

import numpy as np
import pytest
import trimesh
from PIL import Image

from odd_bench.color import encoded
from odd_bench.geometry.mesh import count_bodies, face_volumes, is_closed
from odd_bench.geometry.shape import Material, PartEdit
from odd_bench.shapes.assembly import Assembly
from odd_bench.shapes.library import INDEX, LibraryError, ingest, open_library, require_up
from odd_bench.shapes.mesh_file import ShapeRefused, read_mesh
from odd_bench.shapes.repair import close, remesh
from odd_bench.shapes.wild import model_of_mesh

LIFT = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0.3], [0, 0, 0, 1]])


def volume(mesh) -> float:
    return face_volumes(mesh.vertices, mesh.faces).sum()


# trimesh writes its bytes unchanged into a GLB, where glTF expects linear light
BASE, POST = (np.round(255 * encoded(np.array(color) / 255)) for color in ((200, 30, 30), (30, 30, 200)))


def hammer() -> trimesh.Trimesh:
    """A head on a handle, as one body along z."""
    handle = trimesh.creation.cylinder(0.06, 0.9, sections=24)
    head = trimesh.creation.box((0.5, 0.2, 0.2)).apply_translation((0, 0, 0.45))
    return trimesh.boolean.union([handle, head], engine="manifold")


def stand() -> trimesh.Scene:
    """A post through a base: two named bodies in two colours."""
    base = trimesh.creation.box((1.0, 1.0, 0.2))
    post = trimesh.creation.cylinder(0.15, 0.8, sections=24).apply_translation((0, 0, 0.4))
    base.visual.face_colors = (200, 30, 30, 255)
    post.visual.face_colors = (30, 30, 200, 255)
    scene = trimesh.Scene()
    scene.add_geometry(base, geom_name="base")
    scene.add_geometry(post, geom_name="post")
    return scene


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl", "off"])
def test_every_format_gives_the_same_mesh_in_the_canonical_frame(tmp_path, suffix):
    mesh = trimesh.creation.box((1.0, 2.0, 4.0)).apply_translation((5, 6, 7))
    if suffix in ("glb", "obj"):  # y points up in these
        mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
    path = tmp_path / f"box.{suffix}"
    mesh.export(path)
    raw = read_mesh(path)
    np.testing.assert_allclose(np.ptp(raw.vertices, axis=0), (0.25, 0.5, 1.0), atol=1e-6)
    np.testing.assert_allclose(raw.vertices.max(axis=0) + raw.vertices.min(axis=0), 0, atol=1e-6)
    assert face_volumes(raw.vertices, raw.faces).sum() == pytest.approx(0.125, rel=1e-4)


def test_a_coarse_mesh_is_divided_and_stays_closed(tmp_path):
    trimesh.creation.box((1.0, 2.0, 4.0)).export(tmp_path / "box.stl")
    model, mended = model_of_mesh(read_mesh(tmp_path / "box.stl"), "box", "box-0")
    shape = model.shape()
    assert mended == "kept" and is_closed(shape.faces) and 20_000 < len(shape.faces) < 120_000
    assert volume(shape) == pytest.approx(0.125, rel=1e-6)


def test_textures_are_sampled_at_the_faces(tmp_path):
    """A box whose texture is red below and blue above keeps these colours after refining."""
    image = np.zeros((8, 8, 3), np.uint8)
    image[:4], image[4:] = (0, 0, 255), (255, 0, 0)  # rows run downwards, and v runs upwards
    mesh = trimesh.creation.box((1.0, 1.0, 1.0))
    mesh = trimesh.Trimesh(mesh.triangles.reshape(-1, 3), np.arange(36).reshape(-1, 3), process=False)
    uv = np.column_stack([np.full(36, 0.5), (mesh.vertices[:, 1] + 0.5) * 0.98 + 0.01])
    material = trimesh.visual.material.PBRMaterial(
        name="stripes", baseColorTexture=Image.fromarray(image), roughnessFactor=0.2, metallicFactor=1.0
    )
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    mesh.export(tmp_path / "box.glb")
    shape = model_of_mesh(read_mesh(tmp_path / "box.glb"), "box", "box-0")[0].shape()
    height = shape.vertices[shape.faces].mean(axis=1)[:, 2]
    assert (shape.face_color[height > 0.05] == (0, 0, 255)).all()
    assert (shape.face_color[height < -0.05] == (255, 0, 0)).all()
    assert shape.materials[0] == Material("stripes", 0.2, 1.0)


def test_named_bodies_are_movable_parts_that_leave_the_rest_unchanged(tmp_path):
    stand().export(tmp_path / "stand.glb")
    model, _ = model_of_mesh(read_mesh(tmp_path / "stand.glb"), "stand", "stand-0")
    assert set(model.part_names) == {"base", "post"} and model.movable_parts == ("post",)
    shape, lifted = model.shape(), model.shape([PartEdit("post", LIFT / np.array([1, 1, 3, 1]))])
    assert count_bodies(shape.vertices, shape.faces) == 1 == count_bodies(lifted.vertices, lifted.faces)
    part = shape.face_part == model.part_names.index("post")
    assert (shape.face_color[part] == POST).all() and (shape.face_color[~part] == BASE).all()
    base, same = (
        {row.tobytes() for row in s.vertices[s.faces[s.face_part == model.part_names.index("base")]].reshape(-1, 9)}
        for s in (shape, lifted)
    )
    assert len(base & same) > 0.9 * len(base)


def test_edits_paint_and_remove_parts_and_report_unknown_ones(tmp_path):
    stand().export(tmp_path / "stand.glb")
    model, _ = model_of_mesh(read_mesh(tmp_path / "stand.glb"), "stand", "stand-0")
    bare = model.shape([PartEdit("post", remove=True)])
    assert (bare.face_part == model.part_names.index("base")).all() and is_closed(bare.faces)
    steel = Material("steel", 0.2, 1.0)
    painted = model.shape([PartEdit("base", material=steel, color=(0.0, 1.0, 0.0))])
    base = painted.face_part == model.part_names.index("base")
    assert (painted.face_color[base] == (0, 255, 0)).all() and (painted.face_color[~base] == POST).all()
    assert {painted.materials[index] for index in np.unique(painted.face_material[base])} == {steel}
    assert steel not in {painted.materials[index] for index in np.unique(painted.face_material[~base])}
    with pytest.raises(KeyError, match="no part 'lid'; expected one of"):
        model.shape([PartEdit("lid", remove=True)])


def test_a_body_without_parts_is_cut_at_narrow_places(tmp_path):
    hammer().export(tmp_path / "hammer.stl")
    model, _ = model_of_mesh(read_mesh(tmp_path / "hammer.stl"), "hammer", "hammer-0")
    shape = model.shape()
    assert len(model.movable_parts) >= 1
    assert sum(volume(body) for body in model.bodies) == pytest.approx(volume(shape), rel=0.005)
    for part in model.movable_parts:
        assert (shape.face_part == model.part_names.index(part)).any()
        moved = model.shape([PartEdit(part, LIFT)])
        assert is_closed(moved.faces) and volume(moved) > 0.5 * volume(shape)


def test_closing_keeps_good_meshes_and_closes_bad_ones():
    ball = trimesh.creation.icosphere(3)
    vertices = ball.vertices / 2
    assert close(vertices, ball.faces)[1] == "kept"
    assert close(vertices, ball.faces[:, ::-1])[1] == "turned"
    assert close(vertices, ball.faces[1:])[1] == "filled"
    half = ball.faces[vertices[ball.faces].mean(axis=1)[:, 2] < 0.1]
    bodies, mended = close(vertices, half)
    assert mended == "remeshed" and len(bodies) == 1 and bodies[0].volume() > 0
    twins = np.concatenate([vertices, vertices + (0.3, 0, 0)]), np.concatenate([ball.faces, ball.faces + len(vertices)])
    bodies, mended = close(*twins)
    assert mended == "kept" and len(bodies) == 2


def test_a_cavity_stays_with_its_body():
    outer, inner = trimesh.creation.icosphere(3), trimesh.creation.icosphere(2, radius=0.5)
    mesh = trimesh.util.concatenate([outer, trimesh.Trimesh(inner.vertices, inner.faces[:, ::-1], process=False)])
    bodies, mended = close(mesh.vertices / 2, mesh.faces)
    assert mended == "kept" and len(bodies) == 1
    assert bodies[0].volume() == pytest.approx((outer.volume - inner.volume) / 8)


def test_remeshing_stays_near_the_surface_and_fills_what_it_encloses():
    ball = trimesh.creation.icosphere(4)
    vertices, faces = remesh(ball.vertices / 2, np.delete(ball.faces, np.arange(20), axis=0))
    radius = np.linalg.norm(vertices, axis=1)
    assert radius.max() < 0.55 and radius.min() > 0.4  # a bulge where the hole was
    assert np.median(np.abs(radius - 0.5)) < 0.011
    assert face_volumes(vertices, faces).sum() == pytest.approx(np.pi / 6, rel=0.08)


def test_a_stored_model_reads_back_unchanged(tmp_path):
    stand().export(tmp_path / "stand.glb")
    model, _ = model_of_mesh(read_mesh(tmp_path / "stand.glb"), "stand", "stand-0")
    for name in ("first.npz", "second.npz"):
        model.save(tmp_path / name)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    loaded = Assembly.load(tmp_path / "first.npz")
    edit = [PartEdit("post", LIFT / 3)]
    for one, other in ((model.shape(), loaded.shape()), (model.shape(edit), loaded.shape(edit))):
        for field, value in vars(one).items():
            assert np.array_equal(value, getattr(other, field)), field
    assert (loaded.name, loaded.category, loaded.movable_parts) == ("stand-0", "stand", ("post",))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not a mesh", "cannot be read"),
        ("OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n", "no faces"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n", "flat"),
        ("OFF\n3 1 0\n0 0 nan\n1 0 0\n0 1 0\n3 0 1 2\n", "coordinates not finite"),
        ("OFF\n3 1 0\n1 1 1\n1 1 1\n1 1 1\n3 0 1 2\n", "no extent"),
    ],
)
def test_files_without_a_shape_are_refused_with_a_reason(tmp_path, content, reason):
    path = tmp_path / "bad.off"
    path.write_text(content)
    with pytest.raises(ShapeRefused) as refusal:
        model_of_mesh(read_mesh(path), "bad", "bad-0")
    assert refusal.value.reason == reason


def test_a_folder_is_stored_once_and_its_refusals_are_counted(tmp_path):
    folder, store = tmp_path / "meshes", tmp_path / "store"
    (folder / "box").mkdir(parents=True)
    trimesh.creation.box((1, 1, 1)).export(folder / "box" / "A box.stl")
    (folder / "bad.off").write_text("not a mesh")
    library = ingest(folder, store)
    assert [entry.name for entry in library.used] == ["box-a-box"] and library.categories == ("box",)
    assert library.refusals == {"cannot be read": 1}
    assert open_library(store) == library
    assert library.model("box-a-box").category == "box"
    before = (store / "box-a-box.npz").stat().st_mtime_ns
    assert ingest(folder, store) == library
    assert (store / "box-a-box.npz").stat().st_mtime_ns == before


def test_the_error_for_a_format_without_an_up_axis_names_the_file(tmp_path):
    (tmp_path / "chair").mkdir()
    for name in ("b.ply", "a.off", "c.stl", "d.glb"):
        trimesh.creation.box((1, 1, 1)).export(tmp_path / "chair" / name)
    found = r"found 2 files whose format has no up axis, first chair/a\.off; expected \.glb, .*, \.stl .*Hint: --rest shared"
    with pytest.raises(LibraryError, match=found):
        require_up(tmp_path)
    (tmp_path / "chair" / "a.off").unlink()
    (tmp_path / "chair" / "b.ply").unlink()
    require_up(tmp_path)


def test_a_file_that_takes_too_long_is_refused(tmp_path):
    trimesh.creation.box((1, 1, 1)).export(tmp_path / "box.stl")
    library = ingest(tmp_path, tmp_path / "store", limit_s=0.01)
    assert library.refusals == {"too slow": 1}


def test_errors_explain_wrong_folders(tmp_path):
    with pytest.raises(LibraryError, match=r"found no mesh file; expected some of \.glb"):
        ingest(tmp_path, tmp_path / "store")
    with pytest.raises(LibraryError, match=r"no index\.json"):
        open_library(tmp_path)
    (tmp_path / INDEX).write_text(json.dumps({"version": 0, "entries": []}))
    with pytest.raises(LibraryError, match="version 0; expected 1"):
        open_library(tmp_path)
