"""Pictures agree with ray-cast labels, are well exposed, and are the same twice."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from odd_bench.scene import Camera
from tests.blender_jobs.scenes import DAYLIGHT, PLAIN_FLOOR, lopsided_cameras, three_objects

pytestmark = pytest.mark.blender


def ray_cast_coverage(shape, world_from_object, camera: Camera, rays: int) -> np.ndarray:
    """(h, w) float 0..1: the share of rays x rays evenly spread rays through each pixel that hit the object."""
    import open3d as o3d

    vertices = np.asarray(shape.vertices) @ world_from_object[:3, :3].T + world_from_object[:3, 3]
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(o3d.core.Tensor(vertices.astype(np.float32)), o3d.core.Tensor(shape.faces.astype(np.uint32)))
    across, down = ((np.arange(n * rays) + 0.5) / rays for n in (camera.width, camera.height))
    x, y = np.meshgrid(across, down)
    in_camera = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(camera.K).T
    directions = in_camera @ camera.camera_from_world[:3, :3]
    eye = -camera.camera_from_world[:3, :3].T @ camera.camera_from_world[:3, 3]
    beams = np.concatenate([np.broadcast_to(eye, directions.shape), directions], axis=-1).astype(np.float32)
    hit = np.isfinite(scene.cast_rays(o3d.core.Tensor(beams))["t_hit"].numpy())
    return hit.reshape(camera.height, rays, camera.width, rays).mean(axis=(1, 3))


def job(tmp_path, cameras, **changes):
    from odd_bench.blender_jobs.render import RenderConfig, RenderJob

    config = RenderConfig(samples=changes.pop("samples", 4), device="cpu")
    settings = {"objects": three_objects(), "floor": PLAIN_FLOOR, "environment": DAYLIGHT, "seed": 7, **changes}
    return RenderJob(cameras=cameras, out_dir=tmp_path, config=config, **settings)


def test_silhouettes_agree_with_ray_casting_to_less_than_a_pixel(tmp_path):
    from tests.blender_jobs.silhouettes import silhouettes

    cameras = lopsided_cameras(128, 96)
    coverage = silhouettes(job(tmp_path, cameras))
    assert coverage.shape == (2, 3, 96, 128)
    for v, camera in enumerate(cameras):
        for o, (shape, pose) in enumerate(three_objects()):
            exact = ray_cast_coverage(shape, pose, camera, rays=9)
            mask, drawn = ray_cast_coverage(shape, pose, camera, rays=1) > 0, coverage[v, o] > 0.5
            assert (mask & drawn).sum() / (mask | drawn).sum() > 0.985
            assert np.abs(coverage[v, o] - exact).sum() < 0.01 * exact.sum()
            assert np.allclose(centroid(coverage[v, o]), centroid(exact), atol=0.02)


def centroid(coverage: np.ndarray) -> np.ndarray:
    """(2,) row and column, in pixels."""
    return np.array([(coverage * axis).sum() for axis in np.indices(coverage.shape)]) / coverage.sum()


def test_pictures_are_the_same_twice_and_differ_by_seed(tmp_path):
    from odd_bench.blender_jobs.render import render_views

    first, second, other = (
        np.stack([Image.open(path) for path in render_views(job(tmp_path / name, lopsided_cameras(64, 48), seed=seed))])
        for name, seed in (("first", 1), ("second", 1), ("other", 2))
    )
    assert (first == second).all()
    assert (first[0] != first[1]).any() and (first[0] != other[0]).any()


def test_a_picture_has_the_right_size_and_content(tmp_path):
    from odd_bench.blender_jobs.render import render_views

    (path, _) = render_views(job(tmp_path, lopsided_cameras(96, 72), samples=8))
    assert path.name == "view-00.png"
    picture = np.asarray(Image.open(path))
    assert picture.shape == (72, 96, 3) and picture.dtype == np.uint8
    assert 60 < picture.mean() < 200
    red, _, blue = (picture[..., i].astype(int) for i in range(3))
    assert (red > blue + 40).sum() > 100 and (blue > red + 40).sum() > 100  # two red wedges and a blue ring


@pytest.mark.parametrize(
    ("file", "sun"), [("night.exr", None), ("studio.exr", DAYLIGHT.sun)], ids=["night", "studio and sun"]
)
def test_the_exposure_of_a_grey_floor_is_the_same_in_any_light(tmp_path, file, sun):
    from odd_bench.blender_jobs.light import WHITE_LEVEL
    from odd_bench.blender_jobs.render import render_views
    from odd_bench.color import linear

    above = Camera(np.array([[40.0, 0, 16], [0, 40.0, 16], [0, 0, 1]]), np.diag([1.0, -1, -1, 1]), 32, 32)
    above.camera_from_world[2, 3] = 1.0
    light = replace(DAYLIGHT, file=file, sun=sun)
    (path,) = render_views(job(tmp_path, (above,), objects=(), environment=light, samples=64))
    floor = linear(np.asarray(Image.open(path)) / 255).mean(axis=(0, 1))
    grey = linear(0.5)
    assert floor @ [0.2126, 0.7152, 0.0722] == pytest.approx(WHITE_LEVEL * grey, rel=0.15)


def test_instances_share_a_mesh_and_a_reset_removes_everything():
    import bpy

    from odd_bench.blender_jobs.meshes import build_objects
    from odd_bench.blender_jobs.process import reset

    reset()
    first, second, third = build_objects(three_objects())
    assert first.data == second.data != third.data
    assert np.allclose(np.array(second.matrix_world), three_objects()[1][1], atol=1e-6)
    reset()
    assert not (bpy.data.meshes or bpy.data.objects or bpy.data.materials or bpy.data.images)
