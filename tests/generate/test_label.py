"""Labels are a partition, agree with closed forms, and mark exactly what has changed."""

import numpy as np
import trimesh

from odd_bench.anomalies.variant import Variant
from odd_bench.data.record import CHANGED, LOST
from odd_bench.data.views import TEST_VIEWS, spread_views
from odd_bench.generate import label
from odd_bench.generate.label import Posed, Sight, cast_labels
from odd_bench.geometry.cameras import intrinsics, look_at, pixel_directions, unproject
from odd_bench.geometry.first_hits import first_hits
from odd_bench.geometry.shape import Material, Shape
from odd_bench.scene import Camera

SIZE = 96


def shape_of(mesh: trimesh.Trimesh) -> Shape:
    count = len(mesh.faces)
    zeros = np.zeros(count, np.int32)
    colors = np.full((count, 3), 200, np.uint8)
    return Shape("ball-0000", "ball", mesh.vertices, mesh.faces, zeros, zeros, colors, ("body",), (Material("clay"),))


def camera(azimuth: float) -> Camera:
    eye = 1.2 * np.array([0.8 * np.cos(azimuth), 0.8 * np.sin(azimuth), 0.6])
    return Camera(intrinsics(SIZE, SIZE), look_at(eye, np.array([0.0, 0, 0.15])), SIZE, SIZE)


def pose(x: float, y: float, scale: float = 0.3) -> np.ndarray:
    result = np.diag([scale, scale, scale, 1.0])
    result[:3, 3] = [x, y, 0.5 * scale]
    return result


BALL = shape_of(trimesh.creation.icosphere(4, 0.5))
CAMERAS = tuple(camera(a) for a in (0.0, 1.7, 4.0))


def test_a_single_ball_is_fully_visible_and_its_silhouette_is_the_closed_form():
    labels = cast_labels(Sight([Posed(BALL, pose(0.1, 0.0))], CAMERAS))
    assert (labels.visible == labels.amodal).all() and (labels.visible == (labels.instance == 1).sum(axis=(1, 2))).all()
    for view, cam in enumerate(CAMERAS):
        u, v = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
        far = unproject(cam, np.stack([u.ravel(), v.ravel()], axis=1), np.full(SIZE * SIZE, 1.0))
        eye = unproject(cam, np.zeros((1, 2)), np.zeros(1))
        direction = (far - eye) / np.linalg.norm(far - eye, axis=1, keepdims=True)
        to_center = np.array([0.1, 0, 0.15]) - eye
        miss = np.linalg.norm(to_center - (direction @ to_center.T) * direction, axis=1)
        inside = (miss < 0.15).reshape(SIZE, SIZE)
        assert (inside != (labels.instance[view] == 1)).sum() <= 0.01 * inside.sum()


def test_depth_unprojects_to_the_surfaces():
    labels = cast_labels(Sight([Posed(BALL, pose(0.0, 0.0))], CAMERAS))
    for view, cam in enumerate(CAMERAS):
        rows, columns = np.nonzero(labels.depth_m[view])
        points = unproject(cam, np.stack([columns + 0.5, rows + 0.5], axis=1), labels.depth_m[view][rows, columns])
        on_ball = labels.instance[view][rows, columns] == 1
        assert np.abs(points[~on_ball, 2]).max() < 1e-4
        assert np.abs(np.linalg.norm(points[on_ball] - [0, 0, 0.15], axis=1) - 0.15).max() < 1e-3


def test_front_objects_hide_those_behind_without_changing_amodal_counts():
    front, behind = Posed(BALL, pose(0.3, 0.0)), Posed(BALL, pose(-0.15, 0.0))
    both = cast_labels(Sight([front, behind], CAMERAS[:1]))
    alone = cast_labels(Sight([behind], CAMERAS[:1]))
    assert both.amodal[1, 0] == alone.visible[0, 0] > both.visible[1, 0] > 0


def test_permuting_the_objects_changes_only_their_numbers():
    a, b = Posed(BALL, pose(0.3, 0.0)), Posed(BALL, pose(-0.15, 0.1))
    first, second = cast_labels(Sight([a, b], CAMERAS)), cast_labels(Sight([b, a], CAMERAS))
    assert (np.array([0, 2, 1])[first.instance] == second.instance).all()
    assert (first.depth_m == second.depth_m).all() and (first.visible[::-1] == second.visible).all()


def test_a_missing_half_is_marked_where_it_would_be_seen():
    """Without its upper half, a ball shows its cut face, and air where the rest of that half was."""
    ball = shape_of(trimesh.creation.uv_sphere(0.5, count=[65, 128]))
    angle = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    ring = 0.5 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    odd = shape_of(trimesh.convex.convex_hull(np.concatenate([ball.vertices[ball.vertices[:, 2] < -1e-3], ring])))
    on_cut = np.abs(odd.vertices[odd.faces][..., 2]).max(axis=1) < 1e-6
    gone = ball.vertices[ball.faces][..., 2].min(axis=1) > -1e-6
    labels = cast_labels(
        Sight([Posed(odd, pose(0.0, 0.0), Variant(odd, "missing_part", on_cut, gone, 0.5), ball)], CAMERAS)
    )
    whole = cast_labels(Sight([Posed(ball, pose(0.0, 0.0))], CAMERAS))
    for view in range(len(CAMERAS)):
        changed, lost = labels.change[view] == CHANGED, labels.change[view] == LOST
        upper = (whole.instance[view] == 1) & (_height_m(whole, view) > 0.15)
        assert changed.any() and lost.any() and (labels.instance[view][changed] == 1).all()
        assert ((changed | lost) != upper).sum() <= 0.03 * upper.sum()
    assert (labels.changed[0] == (labels.change > 0).sum(axis=(1, 2))).all()


def test_pixels_hidden_by_another_object_are_not_counted_as_changed():
    odd = Variant(BALL, "material_mismatch", np.ones(len(BALL.faces), bool), np.zeros(len(BALL.faces), bool), 1.0)
    behind = Posed(BALL, pose(-0.15, 0.0), odd, BALL)
    labels = cast_labels(Sight([Posed(BALL, pose(0.3, 0.0)), behind], CAMERAS[:1]))
    assert labels.changed[1, 0] == labels.visible[1, 0] and labels.changed[0, 0] == 0


def _height_m(labels, view: int) -> np.ndarray:
    """(h, w) height above the floor of the surface that each pixel shows."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    pixels = np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5], axis=1)
    return unproject(CAMERAS[view], pixels, labels.depth_m[view].ravel())[:, 2].reshape(SIZE, SIZE)


def test_views_cast_on_demand_equal_those_cast_at_once(monkeypatch):
    cameras = tuple(camera(azimuth) for azimuth in np.linspace(0, 6, 8))
    posed, cast = [Posed(BALL, pose(0.3, 0.0)), Posed(BALL, pose(-0.15, 0.1))], []
    whole = first_hits([item.mesh for item in posed], cameras)
    monkeypatch.setattr(label, "first_hits", lambda meshes, some: cast.append(len(some)) or first_hits(meshes, some))
    sight = Sight(posed, cameras)
    for number in (*spread_views(8, TEST_VIEWS), *range(8)):
        found = sight.view(number)
        assert (found.hits.face == whole.hits.face[number]).all() and (found.hits.mesh == whole.hits.mesh[number]).all()
        assert (found.hits.distance == whole.hits.distance[number]).all()
        assert (found.alone == whole.alone[:, number]).all()
        assert (found.directions == pixel_directions(cameras[number])).all()
    assert cast == [TEST_VIEWS, 3]
    assert (cast_labels(sight).instance == whole.hits.mesh + 1).all() and len(cast) == 2
