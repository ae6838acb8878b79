"""Captures that make no sense end with one line that says where, what was found, what was expected and what to do."""

import json
import os
import shutil

import numpy as np
import pytest

from odd_bench.captures import open_capture
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.opening import capture_name
from tests.captures.worlds import colmap, opengl, walk, write_pictures, write_transforms


@pytest.fixture(scope="module")
def transforms(tmp_path_factory):
    return write_transforms(tmp_path_factory.mktemp("transforms"), walk(6))


def changed(transforms, folder, change):
    """A copy of the capture with `change` applied to every frame's pose."""
    shutil.copytree(transforms.parent, folder / "copy")
    path = folder / "copy" / "transforms.json"
    content = json.loads(path.read_text())
    for frame in content["frames"]:
        frame["transform_matrix"] = change(np.array(frame["transform_matrix"])).tolist()
    path.write_text(json.dumps(content))
    return path


def test_mirrored_poses_are_refused(transforms, tmp_path):
    path = changed(transforms, tmp_path, lambda pose: np.diag([1.0, 1.0, -1.0, 1.0]) @ pose)
    with pytest.raises(
        CaptureError,
        match=r"mirrored poses \(6 of 6, such as that of 0000\.png\); expected rotations with determinant \+1",
    ):
        open_capture(path)


@pytest.mark.parametrize(
    "change", [lambda pose: np.linalg.inv(pose), lambda pose: pose @ np.diag([1.0, -1.0, -1.0, 1.0])]
)
def test_poses_of_another_convention_are_refused(transforms, tmp_path, change):
    with pytest.raises(CaptureError, match=r"look away from each other: .* behind \d of 6; .* Check the convention"):
        open_capture(changed(transforms, tmp_path, change))


def test_poses_that_are_not_rigid_are_refused(transforms, tmp_path):
    path = changed(transforms, tmp_path, lambda pose: pose @ np.diag([1.2, 1.0, 1.0, 1.0]))
    with pytest.raises(CaptureError, match=r"a pose of 0000\.png that is not a rotation"):
        open_capture(path)


def test_too_few_photographs_are_refused(transforms, tmp_path):
    path = changed(transforms, tmp_path, lambda pose: pose)
    for number in range(4):
        (path.parent / "images" / f"{number:04d}.png").unlink()
    with pytest.raises(
        CaptureError, match=r"found 2 photographs with cameras \(4 of 6 photographs are missing.*at least 3"
    ):
        open_capture(path)


def test_paths_that_are_not_captures_are_refused(tmp_path):
    with pytest.raises(CaptureError, match="nowhere: found no such file or folder; expected a COLMAP model"):
        open_capture(tmp_path / "nowhere")
    with pytest.raises(CaptureError, match="found no photographs and no cameras; expected a COLMAP model"):
        open_capture(tmp_path)
    write_pictures(tmp_path / "images", walk(2))
    with pytest.raises(CaptureError, match=r"found 2 photographs and no cameras; .*Take more photographs: at least 3"):
        open_capture(tmp_path)
    write_pictures(tmp_path / "images", walk(3))
    with pytest.raises(CaptureError, match=r"found 3 photographs and no cameras; .*--reconstruct"):
        open_capture(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(CaptureError, match=r"notes\.txt: found a file; expected a folder, or transforms\.json"):
        open_capture(tmp_path / "notes.txt")
    (tmp_path / "transforms.json").write_text("{")
    with pytest.raises(CaptureError, match=r"transforms\.json: found .*; expected a JSON file"):
        open_capture(tmp_path)


def write_model(folder, cameras, first, last):
    """Write a COLMAP model of some of the cameras, with images named as by write_pictures."""
    package = colmap()
    model = package.Reconstruction()
    for number in range(first, last):
        camera, K = cameras[number], cameras[number].K
        model.add_camera_with_trivial_rig(
            package.Camera(
                model="PINHOLE", width=camera.width, height=camera.height, params=[K[0, 0], K[1, 1], K[0, 2], K[1, 2]],
                camera_id=number + 1,
            )
        )  # fmt: skip
        image = package.Image(f"{number:04d}.png", [], camera_id=number + 1, image_id=number + 1)
        model.add_image_with_trivial_frame(image, package.Rigid3d(camera.camera_from_world[:3]))
    folder.mkdir(parents=True)
    model.write_binary(folder)


def test_the_largest_of_two_models_is_used_and_reported(tmp_path):
    cameras = walk(9)
    write_pictures(tmp_path / "images", cameras)
    write_model(tmp_path / "sparse" / "0", cameras, 0, 3)
    write_model(tmp_path / "sparse" / "1", cameras, 3, 9)
    capture = open_capture(tmp_path)
    assert [one.name for one in capture.photographs] == [f"{number:04d}.png" for number in range(3, 9)]
    assert capture.source == "COLMAP model sparse/1"
    assert capture.notes == (
        "there are 2 models (photographs in brackets): sparse/0 (3), sparse/1 (6); the largest, sparse/1, is used",
    )
    for place in (tmp_path / "sparse" / "0", tmp_path / "sparse"):  # also when the path points inside
        assert len(open_capture(place).photographs) in (3, 6)


def test_photographs_of_a_model_in_another_place_are_found(tmp_path):
    cameras = walk(4)
    write_pictures(tmp_path / "photos", cameras)
    write_model(tmp_path / "model" / "sparse" / "0", cameras, 0, 4)
    with pytest.raises(CaptureError, match=r"none of the 4 photographs of sparse/0, such as 0000\.png; .*--images"):
        open_capture(tmp_path / "model")
    assert len(open_capture(tmp_path / "model", tmp_path / "photos").photographs) == 4


def test_only_some_of_very_many_photographs_are_used(transforms, tmp_path):
    path = changed(transforms, tmp_path, lambda pose: pose)
    content = json.loads(path.read_text())
    content["frames"] = [
        {"file_path": f"images/{number:04d}.png", "transform_matrix": opengl(camera.camera_from_world).tolist()}
        for number, camera in enumerate(walk(230))
    ]
    path.write_text(json.dumps(content))
    for number in range(6, 230):
        os.link(path.parent / "images/0000.png", path.parent / f"images/{number:04d}.png")
    capture = open_capture(path)
    assert len(capture.photographs) == 200
    assert capture.notes == ("of 230 photographs, 200 are used, evenly spread",)


def test_a_photograph_that_is_listed_twice_counts_once(transforms, tmp_path):
    path = changed(transforms, tmp_path, lambda pose: pose)
    content = json.loads(path.read_text())
    once = len(content["frames"])
    path.write_text(json.dumps({**content, "frames": content["frames"] * 3}))
    capture = open_capture(path)
    assert len(capture.photographs) == once
    assert capture.notes == (f"{2 * once} of {3 * once} entries list a photograph again and are left out",)


def test_a_photograph_with_two_cameras_is_refused(transforms, tmp_path):
    path = changed(transforms, tmp_path, lambda pose: pose)
    content = json.loads(path.read_text())
    for frame in content["frames"]:
        frame["file_path"] = content["frames"][0]["file_path"]
    path.write_text(json.dumps(content))
    with pytest.raises(
        CaptureError, match=r"found two different cameras for the photograph 0000\.png; expected one camera"
    ):
        open_capture(path)


def test_a_capture_is_named_after_its_folder_or_its_file(transforms, tmp_path):
    assert capture_name(transforms) == capture_name(transforms.parent) == transforms.parent.name
    other = tmp_path / "second walk.json"
    other.write_bytes(transforms.read_bytes())
    assert capture_name(other) == "second walk"


def test_a_model_without_photographs_is_refused(tmp_path):
    for part in ("cameras", "images"):
        (tmp_path / f"{part}.bin").write_bytes(bytes(8))
    with pytest.raises(CaptureError, match="found a model without photographs; expected at least 3"):
        open_capture(tmp_path)


def test_the_error_for_a_file_that_ends_early_says_how_much_is_missing(tmp_path):
    (tmp_path / "cameras.bin").write_bytes(bytes(8))
    (tmp_path / "images.bin").write_bytes(bytes([1, 0, 0, 0, 0, 0, 0, 0, 9]))
    with pytest.raises(
        CaptureError, match=r"images\.bin: found 9 bytes that cannot be read \(63 bytes are missing at its end\)"
    ):
        open_capture(tmp_path)
