"""COLMAP models, binary and text, are read as pycolmap reads them; damaged ones are refused with one line."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from odd_bench.captures.colmap_model import is_model, read_model
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import COLMAP_MODELS
from tests.captures.test_lens import lens_and_parameters
from tests.captures.worlds import colmap, walk

NAMES = [f"room {number}/photo {number}.jpg" for number in range(len(COLMAP_MODELS))]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """One image of every camera model and a few points: the model, and its folders in binary and in text."""
    package, folder = colmap(), tmp_path_factory.mktemp("model")
    model = package.Reconstruction()
    for number, (name, camera) in enumerate(zip(COLMAP_MODELS, walk(len(COLMAP_MODELS)), strict=True), start=1):
        parameters = lens_and_parameters(name)[1]
        model.add_camera_with_trivial_rig(
            package.Camera(model=name, width=640, height=480, params=parameters, camera_id=number)
        )
        image = package.Image(NAMES[number - 1], [package.Point2D([1.5, 2.5])] * 20, camera_id=number, image_id=number)
        model.add_image_with_trivial_frame(image, package.Rigid3d(camera.camera_from_world[:3]))
    for index, point in enumerate(np.random.default_rng(0).uniform(-0.3, 0.3, (20, 3))):
        elements = [package.TrackElement(image_id=image, point2D_idx=index) for image in (1, 2)]
        model.add_point3D(point, package.Track(elements=elements), np.array([1, 2, 3], np.uint8))
    (folder / "binary").mkdir()
    (folder / "text").mkdir()
    model.write_binary(folder / "binary")
    model.write_text(folder / "text")
    return model, folder


@pytest.mark.parametrize("kind", ["binary", "text"])
def test_known_points_fall_where_pycolmap_sees_them(written, kind):
    model, folder = written
    assert is_model(folder / kind)
    read = read_model(folder / kind)
    points = np.random.default_rng(2).uniform(-0.25, 0.25, (30, 3))
    assert [image.name for image in read.images] == NAMES
    for image in read.images:
        theirs = model.find_image_with_name(image.name)
        in_camera = points @ image.camera_from_world[:3, :3].T + image.camera_from_world[:3, 3]
        expected = np.array([theirs.project_point(point) for point in points])
        np.testing.assert_allclose(read.lenses[image.camera].project(in_camera), expected, atol=1e-6)


def test_text_and_binary_models_are_equal(written):
    binary, text = read_model(written[1] / "binary"), read_model(written[1] / "text")
    order = np.lexsort(binary.points.T), np.lexsort(text.points.T)
    np.testing.assert_allclose(binary.points[order[0]], text.points[order[1]], atol=1e-9)
    assert sorted(binary.tracks) == sorted(text.tracks) == [2] * 20
    assert len(binary.reliable_points()) == 20  # there are few points, so that those of two photographs are kept


def copied(source, target, name, content):
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes() if path.name != name else content)
    return target


@pytest.mark.parametrize("name", ["cameras.bin", "images.bin", "points3D.bin"])
def test_half_a_file_is_reported(written, tmp_path, name):
    content = (written[1] / "binary" / name).read_bytes()
    folder = copied(written[1] / "binary", tmp_path / "cut", name, content[: len(content) // 2])
    with pytest.raises(
        CaptureError, match=rf"{name}: found .* bytes that cannot be read .*; expected a file written by COLMAP"
    ):
        read_model(folder)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "cameras.txt",
            "1 FOV 640 480 500 500 320 240 0.9\n",
            r"camera 1 with model FOV; expected one of .*image_undistorter",
        ),
        ("cameras.txt", "1 PINHOLE 640 480 500\n", "cannot be read"),
        ("cameras.txt", "99 SIMPLE_PINHOLE 640 480 500 320 240\n", "which the model does not contain"),
        ("images.txt", "1 1 0 0 zero 0 0 0 1 a.jpg\n\n", "cannot be read"),
        ("images.txt", "1 0 0 0 0 0 0 0 1 a.jpg\n\n", "cannot be read"),
    ],
)
def test_invalid_text_is_reported(written, tmp_path, name, content, words):
    folder = copied(written[1] / "text", tmp_path / "bad", name, content.encode())
    with pytest.raises(CaptureError, match=words):
        read_model(folder)


def test_poses_keep_the_order_of_the_quaternion(written):
    """COLMAP writes w first: a rotation about x is distinguished from one about z."""
    folder = written[1] / "text"
    for image, camera in zip(read_model(folder).images, walk(len(COLMAP_MODELS)), strict=True):
        off = Rotation.from_matrix(image.camera_from_world[:3, :3] @ camera.camera_from_world[:3, :3].T).magnitude()
        assert off < 1e-9
