"""Any input given as a capture opens, or ends with one line that says where, what was found and what was expected."""

import json
import os
import re
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from odd_bench.captures import CaptureError, open_capture
from odd_bench.captures.colmap_model import read_model
from odd_bench.captures.photograph_file import ORIENTATION, picture_size, read_photograph
from odd_bench.captures.ply import read_points
from odd_bench.captures.reconstruct import copy_photographs
from odd_bench.captures.reconstruct import reconstruct as reconstruct_from
from tests.captures.test_formats import write_polycam
from tests.captures.worlds import walk, write_pictures, write_transforms

LINE = re.compile(r"[^\n]+: found [^\n]+; expected [^\n]+")
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_transforms(folder, walk(5), points=np.random.default_rng(0).uniform(-0.3, 0.3, (20, 3)))
    return folder


@pytest.fixture
def copy(world, tmp_path):
    """A copy of the capture, to be spoilt."""
    return shutil.copytree(world, tmp_path / "copy")


def change(folder, edit):
    """Edit the content of transforms.json in place."""
    path = folder / "transforms.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    return folder


def line_of(call) -> str:
    with pytest.raises(CaptureError) as raised:
        call()
    assert LINE.fullmatch(str(raised.value)), str(raised.value)
    return str(raised.value)


def opens_or_says(call) -> None:
    try:
        call()
    except CaptureError as error:
        assert LINE.fullmatch(str(error)), str(error)


def every_frame(edit):
    return lambda content: [edit(frame, content) for frame in content["frames"]]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda c: c.update(w=0), r"camera of 0000\.png: found a picture of 0 x 180 pixels"),
        (lambda c: c.update(h=-5), "a picture of 240 x -5 pixels"),
        (lambda c: c.update(fl_x=0), "a focal length of 0 pixels; expected 24 to 24000 for 240 x 180"),
        (lambda c: c.update(fl_y=-3), "a focal length of -3 pixels"),
        (lambda c: c.update(fl_x=1e-9), "a focal length of 1e-09 pixels"),
        (lambda c: c.update(cx=10**400), "cx '10000"),
        (lambda c: c.update(cx=-4000.0), "a principal point at -4000 pixels; expected -240 to 480 for a side of 240"),
        (lambda c: (c.pop("fl_x"), c.update(camera_angle_x=4.0)), "camera_angle_x 4; expected an angle"),
        (lambda c: c.update(w="240"), "w '240'; expected a finite number"),
        (lambda c: c.update(frames={"a": 1}), "no frames"),
        (lambda c: c.update(frames=[]), "no frames"),
        (lambda c: c.update(frames=c["frames"][:1]), "1 photographs with cameras .* at least 3"),
        (every_frame(lambda f, c: f.update(transform_matrix=c["frames"][0]["transform_matrix"])), "from one position"),
        (lambda c: c["frames"][2]["transform_matrix"][0].__setitem__(3, 1e300), r"0002\.png that is .*e\+299 units away"),
        (lambda c: c["frames"][2]["transform_matrix"][0].__setitem__(3, np.nan), "frame 2: found nan in row 0, column 3 of transf"),
        (lambda c: c["frames"][2]["transform_matrix"][0].__setitem__(3, 10**400), "frame 2: found transform_matrix"),
    ],
)  # fmt: skip
def test_impossible_camera_numbers_are_refused(copy, edit, words):
    assert re.search(words, line_of(lambda: open_capture(change(copy, edit))))


def test_a_camera_that_only_rotates_is_refused(copy):
    def edit(frame, content):
        first = np.array(content["frames"][0]["transform_matrix"])
        moved = np.array(frame["transform_matrix"])
        moved[:3, 3] = first[:3, 3]
        frame["transform_matrix"] = moved.tolist()

    assert "from one position" in line_of(lambda: open_capture(change(copy, every_frame(edit))))


@pytest.mark.parametrize("prefix", ["{here}/", "/somewhere/else/", "C:\\captures\\"])
def test_absolute_paths_of_this_and_of_another_machine_are_resolved(copy, prefix):
    edit = every_frame(lambda frame, _: frame.update(file_path=prefix.format(here=copy) + frame["file_path"]))
    assert len(open_capture(change(copy, edit)).photographs) == 5


@pytest.mark.parametrize("name", ["", ".", "..", "/", "images", "x" * 300, "a\0b", "images/0000.png/more"])
def test_names_without_a_photograph_are_left_out_and_reported(copy, name):
    capture = open_capture(change(copy, lambda content: content["frames"][1].update(file_path=name)))
    assert len(capture.photographs) == 4 and "1 of 5 photographs are missing" in capture.notes[0]


def test_a_name_with_dots_and_without_suffix_is_resolved(copy):
    for path in sorted((copy / "images").glob("*.png")):
        path.rename(path.with_name(f"frame.{path.name}"))
    edit = every_frame(lambda frame, _: frame.update(file_path=f"images/frame.{frame['file_path'][7:11]}"))
    names = [one.name for one in open_capture(change(copy, edit)).photographs]
    assert names == [f"frame.{number:04d}.png" for number in range(5)]


def test_a_file_with_a_byte_order_mark_is_read(copy):
    (copy / "transforms.json").write_bytes(b"\xef\xbb\xbf" + (copy / "transforms.json").read_bytes())
    assert len(open_capture(copy).photographs) == 5


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\0", b"[" * 100_000, b"[]", b"null", b"3"])
def test_files_without_a_json_object_are_refused(copy, content):
    (copy / "transforms.json").write_bytes(content)
    assert "expected a JSON" in line_of(lambda: open_capture(copy))


def test_pipes_are_reported_or_left_out_and_never_waited_for(copy, tmp_path):
    (copy / "images" / "0001.png").unlink()
    os.mkfifo(copy / "images" / "0001.png")
    shutil.copy(copy / "transforms.json", tmp_path / "kept.json")
    assert any("1 of 5 photographs are missing" in note for note in open_capture(copy).notes)
    points = copy / json.loads((copy / "transforms.json").read_text())["ply_file_path"]
    points.unlink()
    capture = open_capture(copy)
    assert not len(capture.points) and any(points.name in note and "does not exist" in note for note in capture.notes)
    os.mkfifo(points)
    assert f"{points.name}: found a pipe, not a plain file" in line_of(lambda: open_capture(copy))
    (copy / "transforms.json").unlink()
    os.mkfifo(copy / "transforms.json")
    assert "not a plain file; expected a JSON file" in line_of(lambda: open_capture(copy))
    write_polycam(tmp_path / "polycam", walk(5))
    camera = min((tmp_path / "polycam").rglob("*cameras/*.json"))
    camera.unlink()
    os.mkfifo(camera)
    assert "not a plain file; expected a JSON file" in line_of(lambda: open_capture(tmp_path / "polycam"))


def test_both_spellings_of_a_fisheye_camera_are_read(copy):
    lenses = []
    for words in ({"camera_model": "OPENCV_FISHEYE"}, {"is_fisheye": True}):
        content = json.loads((copy / "transforms.json").read_text())
        content.pop("camera_model", None)
        content.pop("is_fisheye", None)
        (copy / "transforms.json").write_text(json.dumps({**content, **words, "k1": 0.05, "k2": -0.01}))
        lenses.append(open_capture(copy).photographs[0].lens)
    assert lenses[0].kind == lenses[1].kind == "fisheye" and lenses[0].radial == lenses[1].radial


TOP_KEYS = ("w", "h", "fl_x", "cx", "k1", "camera_model", "is_fisheye", "ply_file_path", "frames")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@often
@given(
    key=st.sampled_from(["w", "h", "fl_x", "cx", "k1", "camera_model", "is_fisheye", "ply_file_path", "frames"]),
    value=json_values,
)
def test_any_value_in_transforms_is_read_or_refused(world, key, value):
    content = json.loads((world / "transforms.json").read_text())
    spoilt = world / "spoilt.json"
    spoilt.write_text(json.dumps({**content, key: value}))
    opens_or_says(lambda: open_capture(spoilt))


@often
@given(key=st.sampled_from(["file_path", "transform_matrix", "fl_x", "w"]), value=json_values)
def test_any_value_in_a_frame_is_read_or_refused(world, key, value):
    content = json.loads((world / "transforms.json").read_text())
    content["frames"][1][key] = value
    (world / "spoilt.json").write_text(json.dumps(content))
    opens_or_says(lambda: open_capture(world / "spoilt.json"))


# COLMAP


def write_text_model(folder, cameras, names, ending="\n", points_lines=True):
    """Write cameras.txt and images.txt in the form of COLMAP, and photographs of those names."""
    from scipy.spatial.transform import Rotation

    folder.mkdir(exist_ok=True)
    lines = [
        "# Image list with two lines of data per image:",
        "#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME",
    ]
    for number, (camera, name) in enumerate(zip(cameras, names, strict=True), start=1):
        x, y, z, w = Rotation.from_matrix(camera.camera_from_world[:3, :3]).as_quat()
        shift = " ".join(f"{value:.17g}" for value in camera.camera_from_world[:3, 3])
        lines.append(f"{number} {w:.17g} {x:.17g} {y:.17g} {z:.17g} {shift} 1 {name}")
        lines += (["10.5 20.5 -1 30.25 1e+2 7"] if number % 2 else [""]) if points_lines else []
    K, first = cameras[0].K, cameras[0]
    camera = f"1 PINHOLE {first.width} {first.height} {K[0, 0]} {K[1, 1]} {K[0, 2]} {K[1, 2]}"
    (folder / "images.txt").write_bytes(ending.join([*lines, ""]).encode())
    (folder / "cameras.txt").write_bytes(ending.join(["# Camera list", camera, ""]).encode())


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("points_lines", [True, False])
@pytest.mark.parametrize("folder", ["", "left/", "my room/2024 05 01/"])
def test_text_models_with_any_line_ending_and_any_names_are_read(tmp_path, ending, points_lines, folder):
    cameras = walk(4)
    names = [f"{folder}photo {number} ({number}) é.png" for number in range(4)]
    write_pictures(tmp_path / "own", cameras)
    (tmp_path / "images" / folder).mkdir(parents=True)
    for number, name in enumerate(names):
        (tmp_path / "own" / f"{number:04d}.png").rename(tmp_path / "images" / name)
    write_text_model(tmp_path / "sparse", cameras, names, ending, points_lines)
    capture = open_capture(tmp_path)
    assert [one.path.relative_to(tmp_path / "images").as_posix() for one in capture.photographs] == names
    for one, camera in zip(capture.photographs, cameras, strict=True):
        np.testing.assert_allclose(one.camera_from_world, camera.camera_from_world, atol=1e-12)


@pytest.mark.parametrize(
    ("camera", "words"),
    [
        ("1 DIVISION 240 180 190 120 90 0.1", "camera 1 with model DIVISION"),
        ("1 PINHOLE 240 180 nan 190 120 90", "not finite"),
        ("1 PINHOLE 0 180 190 190 120 90", "a picture of 0 x 180 pixels"),
        ("1 PINHOLE 240 180 0 190 120 90", "a focal length of 0 pixels"),
        ("1 PINHOLE 240 180 190 190 120 900", "a principal point at 900 pixels"),
    ],
)
def test_impossible_cameras_of_a_text_model_are_refused(tmp_path, camera, words):
    write_pictures(tmp_path / "images", walk(4))
    write_text_model(tmp_path / "sparse", walk(4), [f"{number:04d}.png" for number in range(4)])
    (tmp_path / "sparse" / "cameras.txt").write_text(f"{camera}\n")
    assert words in line_of(lambda: open_capture(tmp_path))


@often
@given(data=st.data())
def test_spoilt_bytes_of_a_text_model_are_harmless_or_refused(tmp_path, data):
    folder = tmp_path / "model"
    if not folder.exists():
        write_text_model(folder, walk(4), [f"{number}.png" for number in range(4)])
        shutil.copytree(folder, tmp_path / "whole")
    name = data.draw(st.sampled_from(["cameras.txt", "images.txt"]))
    content = bytearray((tmp_path / "whole" / name).read_bytes())
    start = data.draw(st.integers(0, len(content)))
    content[start : start + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    shutil.copytree(tmp_path / "whole", folder, dirs_exist_ok=True)
    (folder / name).write_bytes(content)
    opens_or_says(lambda: read_model(folder))


# Polycam


def test_missing_or_damaged_depth_maps_are_reported(tmp_path):
    write_polycam(tmp_path, walk(5))
    depth = tmp_path / "keyframes" / "depth"
    whole = open_capture(tmp_path)
    (depth / "0000.png").unlink()
    (depth / "0001.png").write_bytes(b"no picture")
    (depth / "0002.png").write_bytes((depth / "0002.png").read_bytes()[:60])
    capture = open_capture(tmp_path)
    assert 0 < len(capture.points) < len(whole.points)
    assert capture.notes == ("2 depth maps cannot be read and are left out: 0001.png, 0002.png",)
    shutil.rmtree(depth)
    assert len(open_capture(tmp_path).points) == 0


# photographs


@pytest.mark.parametrize(
    ("mode", "ending"),
    [
        ("L", "png"),
        ("P", "png"),
        ("RGBA", "png"),
        ("LA", "png"),
        ("1", "png"),
        ("CMYK", "jpg"),
        ("I;16", "png"),
        ("I;16", "tiff"),
    ],
)
def test_photographs_of_every_mode_show_the_same_grey(tmp_path, mode, ending):
    grey = np.tile(np.linspace(0, 255, 60).astype(np.uint8), (40, 1))
    if mode == "I;16":
        image, atol = Image.fromarray(grey.astype(np.uint16) * 257), 0
    else:
        image, atol = Image.fromarray(grey).convert(mode), 255 if mode == "1" else 6
    image.save(tmp_path / f"a.{ending}", **({"quality": 100} if ending == "jpg" else {}))
    read = read_photograph(tmp_path / f"a.{ending}")
    np.testing.assert_allclose(read.astype(int), np.repeat(grey[..., None], 3, axis=2), atol=atol)


def test_a_picture_of_floating_point_values_is_refused(tmp_path):
    Image.fromarray(np.zeros((4, 6), np.float32)).save(tmp_path / "a.tiff")
    assert "cannot be decoded (its pixels" in line_of(lambda: read_photograph(tmp_path / "a.tiff"))


def test_a_picture_of_too_many_pixels_is_refused(tmp_path, monkeypatch):
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # 1,200 pixels: Pillow warns
    assert picture_size(tmp_path / "a.png") == (40, 30)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)  # Pillow refuses
    assert "too many pixels" in line_of(lambda: picture_size(tmp_path / "a.png"))


@often
@given(data=st.data())
def test_spoilt_bytes_of_a_photograph_are_harmless_or_refused(tmp_path, data):
    """Above all those of EXIF, which stands at the front of a file."""
    whole = tmp_path / "whole.jpg"
    if not whole.exists():
        exif = Image.Exif()
        exif[ORIENTATION], exif[0x010F] = 6, "Maker"
        exif.get_ifd(0x8769).update({0x920A: 4.25, 0xA405: 26})
        Image.fromarray(np.zeros((16, 24, 3), np.uint8)).save(whole, exif=exif)
    content = bytearray(whole.read_bytes())
    start = data.draw(st.integers(0, 220))
    content[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    (tmp_path / "a.jpg").write_bytes(content)
    opens_or_says(lambda: read_photograph(tmp_path / "a.jpg"))
    opens_or_says(lambda: copy_photographs([tmp_path / "a.jpg"], tmp_path / "images"))


@often
@given(data=st.data())
def test_spoilt_bytes_of_points_are_harmless_or_refused(tmp_path, data):
    header = "ply\nformat {} 1.0\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\nend_header\n"
    kind, body = data.draw(st.sampled_from([("ascii", b"1 2 3\n4 5 6\n"), ("binary_little_endian", bytes(range(24)))]))
    content = bytearray(header.format(kind).encode() + body)
    start = data.draw(st.integers(0, len(content)))
    content[start : start + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    (tmp_path / "a.ply").write_bytes(content)
    opens_or_says(lambda: read_points(tmp_path / "a.ply"))


# folders without photographs


@pytest.mark.parametrize("call", [open_capture, lambda path: reconstruct_from(path, path.parent / "out")])
def test_a_file_in_place_of_a_folder_is_refused(world, tmp_path, call):
    (tmp_path / "walk.MP4").write_bytes(b"\0\0\0\x18ftypmp42")
    assert "found a video" in (said := line_of(lambda: call(tmp_path / "walk.MP4"))) and "ffmpeg -i walk.MP4" in said
    picture = world / "images" / "0000.png"
    assert "a single photograph" in line_of(lambda: call(picture))
    (tmp_path / "notes").write_text("x")
    assert "found a file" in line_of(lambda: call(tmp_path / "notes"))
    assert "found no such f" in line_of(lambda: call(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    line_of(lambda: call(tmp_path / "empty"))


def test_photographs_in_sub_folders_are_reported(world, tmp_path):
    (tmp_path / "DCIM").mkdir()
    shutil.copytree(world / "images", tmp_path / "DCIM" / "100")
    said = line_of(lambda: reconstruct_from(tmp_path, tmp_path / "out"))
    assert said.endswith(f"Did you mean the folder {tmp_path / 'DCIM' / '100'}?")


def test_suffixes_of_photographs_may_be_of_any_case(world, tmp_path):
    for number, ending in enumerate(("Png", "PNG", "png")):
        shutil.copy(world / "images" / f"{number:04d}.png", tmp_path / f"{number}.{ending}")
    assert "found 3 photographs and no cameras" in line_of(lambda: open_capture(tmp_path))
    assert len(copy_photographs(sorted(tmp_path.glob("*.*")), tmp_path / "images")) == 3


@pytest.mark.parametrize("images", ["nowhere", "transforms.json"])
def test_a_folder_without_photographs_is_refused(copy, images):
    assert "expected the folder of the photographs" in line_of(lambda: open_capture(copy, copy / images))


# other things in the place of a file


@pytest.mark.parametrize("name", ["transforms.json", "points.ply", "images/0003.png"])
@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a link to itself", "sparse"])
def test_everything_that_is_not_a_file_is_reported_without_a_hang(copy, name, kind):
    path = copy / name
    path.unlink()
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a link to itself":
        path.symlink_to(path)
    else:
        with open(path, "wb") as file:
            file.truncate(1 << 43)
    if name == "points.ply":
        assert name in line_of(lambda: open_capture(copy))
    else:  # without its cameras it is no capture, without a photograph one with a note
        opens_or_says(lambda: open_capture(copy))


def test_a_point_with_too_few_words_is_reported(tmp_path):
    cameras = walk(4)
    write_text_model(tmp_path / "sparse", cameras, write_pictures(tmp_path / "images", cameras))
    (tmp_path / "sparse" / "points3D.txt").write_bytes(bytes(5000))
    assert "a point has 1 values" in line_of(lambda: open_capture(tmp_path))
