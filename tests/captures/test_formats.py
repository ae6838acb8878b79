"""Exports of nerfstudio and Polycam: known points fall where the cameras that made them see them."""

import json
import struct

import numpy as np
import pytest
from PIL import Image

from odd_bench.captures.errors import CaptureError
from odd_bench.captures.nerfstudio import read_transforms
from odd_bench.captures.opening import open_capture
from odd_bench.captures.ply import read_points
from odd_bench.geometry.cameras import eye, project
from tests.captures.worlds import (
    HEIGHT,
    WIDTH,
    drawn_similarity,
    opengl,
    surface_points,
    walk,
    write_pictures,
    write_transforms,
)

POINTS = np.random.default_rng(3).uniform(-0.3, 0.3, (40, 3))


def assert_same_pixels(capture, cameras, points=POINTS, moved=None):
    """The photographs of the capture show the moved points where the cameras see the points."""
    moved = points if moved is None else moved
    for one in capture.photographs:
        camera = cameras[int(one.path.stem)]
        in_camera = moved @ one.camera_from_world[:3, :3].T + one.camera_from_world[:3, 3]
        np.testing.assert_allclose(one.lens.project(in_camera), project(camera, points)[0], atol=1e-6)
        np.testing.assert_allclose(in_camera[:, 2] > 0, project(camera, points)[1] > 0)


@pytest.fixture
def cameras():
    return walk(5)


def test_transforms_json_is_read(tmp_path, cameras):
    world = drawn_similarity(1)
    capture = read_transforms(write_transforms(tmp_path, cameras, world, points=POINTS))
    assert_same_pixels(capture, cameras, moved=world.points(POINTS))
    np.testing.assert_allclose(capture.points, world.points(POINTS), atol=1e-5)
    assert open_capture(tmp_path).source == "transforms.json"


def test_angle_of_view_and_intrinsics_of_a_frame_are_read(tmp_path, cameras):
    path = write_transforms(tmp_path, cameras)
    content = json.loads(path.read_text())
    for key in ("w", "h", "fl_x", "fl_y", "cx", "cy"):
        del content[key]
    content["camera_angle_x"] = 2 * np.arctan(WIDTH / 2 / cameras[0].K[0, 0])
    content["frames"][1].update(fl_x=60.0, fl_y=60.0, cx=10.0)
    content["frames"][2]["file_path"] = "images/0002"  # without its suffix, as instant-ngp writes it
    path.write_text(json.dumps(content))
    capture = read_transforms(path)
    plain = [one for one in capture.photographs if one.path.stem != "0001"]
    assert len(plain) == 4
    assert_same_pixels(type(capture)("", tuple(plain), capture.points), cameras)
    np.testing.assert_allclose(capture.photographs[1].lens.K[0], [60.0, 0.0, 10.0])


def test_missing_photographs_are_left_out_and_reported(tmp_path, cameras):
    path = write_transforms(tmp_path, cameras)
    (tmp_path / "images" / "0003.png").unlink()
    capture = open_capture(path)
    assert [one.name for one in capture.photographs] == ["0000.png", "0001.png", "0002.png", "0004.png"]
    assert capture.notes == ("1 of 5 photographs are missing and left out: images/0003.png",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"frames": []}, "found no frames"),
        ({"frames": [{"file_path": "images/0000.png"}]}, "transform_matrix None; expected 4 x 4"),
        (
            {"frames": [{"file_path": "images/0000.png", "transform_matrix": [[0] * 4] * 4}]},
            "a singular transform_matrix",
        ),
        ({"frames": [{"transform_matrix": np.eye(4).tolist()}]}, "found no file_path"),
        ({"camera_model": "EQUIRECTANGULAR"}, "camera_model EQUIRECTANGULAR; expected one of"),
        ({"fl_x": None}, "neither fl_x nor camera_angle_x"),
        ({"fl_x": "wide"}, "fl_x 'wide'; expected a finite number"),
    ],
)
def test_invalid_transforms_are_reported(tmp_path, cameras, change, words):
    path = write_transforms(tmp_path, cameras)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CaptureError, match=words):
        read_transforms(path)


def write_polycam(folder, cameras, corrected=True):
    """A raw export in the world of ARKit: y up, the floor at y = -0.4, and depth of the floor."""
    names = ("corrected_cameras", "corrected_images") if corrected else ("cameras", "images")
    keyframes = folder / "keyframes"
    write_pictures(keyframes / names[1], cameras)
    (keyframes / names[0]).mkdir()
    (keyframes / "depth").mkdir()
    arkit_from_world = np.array([[1.0, 0, 0, 0], [0, 0, 1, -0.4], [0, -1, 0, 0], [0, 0, 0, 1]])
    for number, camera in enumerate(cameras):
        pose = arkit_from_world @ opengl(camera.camera_from_world)
        values = {f"t_{row}{column}": pose[row, column] for row in range(3) for column in range(4)}
        K = camera.K
        values |= {"fx": K[0, 0], "fy": K[1, 1], "cx": K[0, 2], "cy": K[1, 2], "width": WIDTH, "height": HEIGHT}
        (keyframes / names[0] / f"{number:04d}.json").write_text(json.dumps(values))
        u, v = np.meshgrid(np.arange(60) * 4 + 2.0, np.arange(45) * 4 + 2.0)
        rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(K).T @ camera.camera_from_world[:3, :3]
        depth = np.where(rays[..., 2] < -0.1, -eye(camera)[2] / np.minimum(rays[..., 2], -0.1), 0)
        Image.fromarray(np.round(1000 * depth).astype(np.uint16)).save(keyframes / "depth" / f"{number:04d}.png")
    return arkit_from_world


@pytest.mark.parametrize("corrected", [True, False])
def test_a_polycam_export_is_read(tmp_path, cameras, corrected):
    arkit_from_world = write_polycam(tmp_path, cameras, corrected)
    capture = open_capture(tmp_path)
    moved = POINTS @ arkit_from_world[:3, :3].T + arkit_from_world[:3, 3]
    assert_same_pixels(capture, cameras, moved=moved)
    assert capture.metres_per_unit == 1.0 and capture.up.tolist() == [0, 1, 0]
    assert len(capture.points) > 50
    np.testing.assert_allclose(capture.points[:, 1], -0.4, atol=0.002)  # the floor, in the world of ARKit


@pytest.mark.parametrize("sure", [2, 255])
def test_depth_of_low_confidence_is_left_out(tmp_path, cameras, sure):
    """Confidence is given in the levels of ARKit, 0 to 2, or as grey; only the right half of each picture is confident."""
    write_polycam(tmp_path, cameras)
    folder = tmp_path / "keyframes" / "confidence"
    folder.mkdir()
    every = len(open_capture(tmp_path).points)
    levels = np.where(np.arange(60) >= 30, sure, sure // 2) * np.ones((45, 1))
    for number in range(len(cameras)):
        Image.fromarray(levels.astype(np.uint8)).save(folder / f"{number:04d}.png")
    assert 0.3 * every < len(open_capture(tmp_path).points) < 0.7 * every


def test_a_polycam_camera_without_numbers_is_reported(tmp_path, cameras):
    write_polycam(tmp_path, cameras)
    file = tmp_path / "keyframes" / "corrected_cameras" / "0001.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "t_00": None, "fx": "wide"}))
    with pytest.raises(
        CaptureError, match=r"0001\.json: found no number for t_00, fx; expected a camera of a raw export of Polycam"
    ):
        open_capture(tmp_path)


def test_points_of_ascii_and_binary_ply_are_read(tmp_path):
    points = surface_points(30)
    columns = "property float x\nproperty uchar red\nproperty double y\nproperty float z\n"
    faces = "element face 0\nproperty list uchar int vertex_indices\n"
    header = f"ply\nformat {{}} 1.0\ncomment x\nelement vertex {len(points)}\n{columns}{faces}end_header\n"
    rows = "".join(f"{x} 7 {y} {z}\n" for x, y, z in points)
    (tmp_path / "ascii.ply").write_text(header.format("ascii") + rows)
    packed = b"".join(struct.pack("<fBdf", x, 7, y, z) for x, y, z in points)
    (tmp_path / "binary.ply").write_bytes(header.format("binary_little_endian").encode() + packed)
    np.testing.assert_allclose(read_points(tmp_path / "ascii.ply"), points, atol=1e-6)
    np.testing.assert_allclose(read_points(tmp_path / "binary.ply"), points, atol=1e-6)
    (tmp_path / "cut.ply").write_bytes((tmp_path / "binary.ply").read_bytes()[:-20])
    (tmp_path / "not.ply").write_text("<html>")
    for name in ("cut", "not"):
        with pytest.raises(CaptureError, match=rf"{name}\.ply: found .* bytes that are not points"):
            read_points(tmp_path / f"{name}.ply")
