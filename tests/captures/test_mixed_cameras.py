"""Photographs of several cameras in one capture, each with its own size, lens, format and EXIF: the same objects are found."""

import json

import numpy as np
import pytest
from PIL import Image

from odd_bench.captures import Wishes, floor_plan, open_capture, place
from odd_bench.captures.lens import Lens, matrix
from odd_bench.captures.photograph_file import ORIENTATION
from odd_bench.geometry.boxes import box_corners
from odd_bench.geometry.cameras import eye
from tests.captures.test_resample import inverse
from tests.captures.worlds import BLOCKS, colors_along, opengl, surface_points, walk

KEYS = ("k1", "k2", "k3", "k4")
WIDE = Lens(241, 179, matrix(190.0, 188.0, 119.0, 91.5), "perspective", (-0.12, 0.03), (0.002, -0.001))
TALL = Lens(180, 240, matrix(205.0, 205.0, 90.0, 120.0))
FISHEYE = Lens(300, 200, matrix(150.0, 150.0, 150.0, 100.0), "fisheye", (0.02, -0.01))


def directions(lens: Lens) -> np.ndarray:
    """(2h, 2w, 3) of four rays a pixel, in the frame of the camera."""
    u, v = np.meshgrid((np.arange(2 * lens.width) + 0.5) / 2, (np.arange(2 * lens.height) + 0.5) / 2)
    return inverse(lens, np.column_stack([u.ravel(), v.ravel()])).reshape(*u.shape, 3)


def photographed_along(rays: np.ndarray, camera) -> Image.Image:
    """The slightly softened picture that a camera of the pose sees along rays (2h, 2w, 3) of its frame."""
    colors = colors_along(eye(camera), rays @ camera.camera_from_world[:3, :3])
    return Image.fromarray(np.round(colors).astype(np.uint8)).reduce(2)


def write_mixed(folder, cameras):
    """Write transforms.json with intrinsics per frame: distorted PNG of odd sizes, upright JPEG rotated by EXIF, and fisheyes."""
    (folder / "images").mkdir()
    kinds = [(WIDE, "OPENCV"), (TALL, "PINHOLE"), (FISHEYE, "OPENCV_FISHEYE")]
    rays, frames = [directions(lens) for lens, _ in kinds], []
    for number, camera in enumerate(cameras):
        lens, model = kinds[number % 3]
        image = photographed_along(rays[number % 3], camera)
        name = f"images/{number:04d}.{'jpg' if lens is TALL else 'png'}"
        if lens is TALL:  # held upright but stored in landscape, as phones do
            exif = Image.Exif()
            exif[ORIENTATION] = 6
            image.transpose(Image.Transpose.ROTATE_90).save(folder / name, quality=97, subsampling=0, exif=exif)
        else:
            image.save(folder / name)
        K = lens.K
        frames.append({
            "file_path": name, "transform_matrix": opengl(camera.camera_from_world).tolist(), "camera_model": model,
            "w": lens.width, "h": lens.height, "fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2],
            "p1": lens.tangential[0], "p2": lens.tangential[1], **dict(zip(KEYS, lens.radial, strict=False)),
        })  # fmt: skip
    points = surface_points()
    rows = "\n".join(" ".join(f"{value:.6f}" for value in point) for point in points)
    header = (
        "ply\nformat ascii 1.0\nelement vertex {}\nproperty float x\nproperty float y\nproperty float z\nend_header\n"
    )
    (folder / "sparse_pc.ply").write_text(
        header.format(len(points)) + rows + "\n"
    )  # without a name, as in older nerfstudio
    (folder / "transforms.json").write_text(json.dumps({"frames": frames}))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    write_mixed(folder, walk(24))
    return folder


def test_every_photograph_keeps_its_own_lens(mixed):
    capture = open_capture(mixed)
    kinds = {(one.lens.width, one.lens.height, one.lens.kind) for one in capture.photographs}
    assert kinds == {(241, 179, "perspective"), (180, 240, "perspective"), (300, 200, "fisheye")}
    assert capture.photographs[0].lens.tangential == WIDE.tangential


def test_the_same_objects_are_found_as_with_one_camera(mixed):
    capture = open_capture(mixed)
    plan = floor_plan(capture, Wishes())
    placement = place(capture, plan, Wishes(), (0.25, 0.40), (0.7, 0.7))
    world_from_plan = np.linalg.inv(plan.plan_from_capture)
    corners = box_corners(plan.clusters.boxes) @ world_from_plan[:3, :3].T + world_from_plan[:3, 3]
    middles = corners.mean(axis=1)
    off = np.linalg.norm(middles[:, None, :2] - BLOCKS[:, :2], axis=-1)
    assert off.shape == (3, 3) and off.min(axis=0).max() < 0.05
    assert placement.scale * np.median(BLOCKS[:, 3:].max(axis=1)) == pytest.approx(np.sqrt(0.25 * 0.40), rel=0.2)
