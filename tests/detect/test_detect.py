"""From photographs to pictures, predictions and a page, with a method whose answer is known."""

import json
import re
import shutil
from dataclasses import replace
from html import escape

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from odd_bench.captures import CaptureError, Wishes
from odd_bench.detect.cautions import LEAST_FINENESS, advice, cautions, fineness, object_px
from odd_bench.detect.command import parse_wishes, predict_and_draw, say_detection
from odd_bench.detect.page import summary
from odd_bench.detect.run import DetectOptions, detect, room_of
from odd_bench.detect.telling import best_views, telling_views
from odd_bench.errors import StorageError, WrongUse
from odd_bench.geometry.cameras import project
from odd_bench.methods import method_spec
from odd_bench.scoring.prediction_file import read_predictions
from odd_bench.training.method import SceneAnswer
from odd_bench.training.predict import Run
from odd_bench.view.suspicion import CALM, SUSPICIOUS, Found, color_of, drawn, visibility
from tests.captures.worlds import BLOCKS, drawn_similarity, surface_points, walk, write_transforms

SIZE_M = (0.25, 0.40)
TINY = method_spec("reference").configurations.load("tiny")


class Known:
    """A method that answers with a box at every block, the second of them odd, and keeps the batch that it was given."""

    threshold, gt_boxes, gt_count = 0.5, False, False

    def __init__(self, scores=(0.1, 0.9, 0.2), gt_count=False):
        self.scores, self.batch, self.gt_count = np.array(scores), None, gt_count

    def to(self, device):
        return self

    def predict(self, batch):
        self.batch = batch
        boxes = np.tile([0.0, 0.0, 0.1, 0.2, 0.2, 0.2], (len(self.scores), 1))
        boxes[:, :2] = 0.25 * BLOCKS[: len(self.scores), :2] / 0.3
        return [SceneAnswer(boxes, self.scores)]


def run_of(method) -> Run:
    return Run(method_spec("reference"), TINY, method, True)


@pytest.fixture(scope="module")
def detected(tmp_path_factory):
    folder, method = tmp_path_factory.mktemp("blocks"), Known()
    write_transforms(folder, walk(24), drawn_similarity(5), surface_points())
    return detect(folder, run_of(method), SIZE_M, folder / "out", DetectOptions()), method, folder


def test_the_method_gets_evenly_spread_square_views_of_the_scene(detected):
    result, method, _ = detected
    batch, config = method.batch, TINY
    views, pixels = config.train.views, config.train.pixels
    assert batch.images.shape == (1, views, 3, pixels, pixels) and len(batch.boxes[0]) == 0
    assert batch.views == [result.chosen] and len(set(result.chosen)) == views
    poses = batch.camera_from_world[0].numpy()
    eyes = -np.einsum("vji,vj->vi", poses[:, :3, :3], poses[:, :3, 3])
    azimuths = np.sort(np.arctan2(eyes[:, 1], eyes[:, 0]))
    gaps = np.diff(np.append(azimuths, azimuths[0] + 2 * np.pi))
    assert gaps.max() < 1.3 * 2 * np.pi / views and eyes[:, 2].min() > 0.3


def test_the_pictures_show_the_blocks_where_the_cameras_project_them(detected):
    """The pixel at the projected centre of a block has the colour of the block."""
    result, method, _ = detected
    placement, world, seen = result.placement, drawn_similarity(5), 0
    tops = world.points(BLOCKS[:, :3] + [0, 0, 0.1])
    in_scene = tops @ placement.scene_from_capture[:3, :3].T + placement.scene_from_capture[:3, 3]
    for image, K, pose in zip(
        method.batch.images[0], method.batch.K[0], method.batch.camera_from_world[0], strict=True
    ):
        in_camera = in_scene @ pose[:3, :3].numpy().T + pose[:3, 3].numpy()
        pixels = in_camera @ K.numpy().T
        for (u, v), color in zip(
            pixels[:, :2] / pixels[:, 2:], ([200, 60, 50], [60, 80, 200], [230, 200, 60]), strict=True
        ):
            seen += np.abs(image[:, int(v), int(u)].numpy() - np.array(color)).max() < 12
    assert seen >= 0.85 * 3 * len(method.batch.images[0])


def test_the_prediction_file_is_valid(detected):
    result, _, folder = detected
    read = read_predictions(folder / "out" / "predictions.json")
    assert read.scene_names == (folder.name,) and read.dataset.split == "capture"
    np.testing.assert_allclose(read.boxes.score, result.found.scores)
    np.testing.assert_allclose(read.boxes.box, result.found.boxes)


def test_scene_json_leads_back_to_the_capture(detected):
    result, _, folder = detected
    scene = json.loads((folder / "out" / "scene.json").read_text())
    points = drawn_similarity(5).points(np.random.default_rng(0).uniform(-0.2, 0.2, (10, 3)))
    turn = np.array(scene["scene_from_capture"])
    in_scene = points @ turn[:3, :3].T + turn[:3, 3]
    for entry, photograph in zip(scene["photographs"], result.capture.photographs, strict=True):
        pose, own = np.array(entry["camera_from_scene"]), photograph.camera_from_world
        pixels = photograph.lens.project(in_scene @ pose[:3, :3].T + pose[:3, 3])
        np.testing.assert_allclose(pixels, photograph.lens.project(points @ own[:3, :3].T + own[:3, 3]), atol=1e-6)


def test_the_page_needs_no_other_file(detected):
    result, _, folder = detected
    page = (folder / "out" / "index.html").read_text()
    assert "odd (above 0.5): 2 (0.90)" in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page) and "http" not in page
    assert page.count("<img") == 4 + 3 * 3 + 1  # views, close-ups, the plan
    for path in result.files:
        assert path.is_file()
    for path in (folder / "out" / "views").glob("*.jpg"):
        with Image.open(path) as image:
            image.load()


def test_photographs_of_equal_names_and_foreign_files_are_kept(detected, tmp_path):
    """Left and right have photographs of the same names; the folder of results has foreign pictures in views/."""
    _, _, folder = detected
    shutil.copytree(folder, tmp_path / "walk", ignore=shutil.ignore_patterns("out"))
    path = tmp_path / "walk" / "transforms.json"
    content = json.loads(path.read_text())
    for number, frame in enumerate(content["frames"]):
        place = path.parent / "images" / f"{number}" / "photograph.png"
        place.parent.mkdir()
        (path.parent / frame["file_path"]).rename(place)
        frame["file_path"] = place.relative_to(path.parent).as_posix()
    path.write_text(json.dumps(content))
    (tmp_path / "out" / "views").mkdir(parents=True)
    (tmp_path / "out" / "views" / "mine.jpg").write_bytes(b"mine")
    result = detect(tmp_path / "walk", run_of(Known()), SIZE_M, tmp_path / "out", DetectOptions(views=4))
    assert len(set(result.files)) == len(result.files) and all(file.is_file() for file in result.files)
    assert (tmp_path / "out" / "views" / "mine.jpg").read_bytes() == b"mine"


def test_pictures_of_an_earlier_detection_are_removed_once_the_new_ones_exist(detected, tmp_path, monkeypatch):
    _, _, folder = detected
    out, views = shutil.copytree(folder / "out", tmp_path / "out"), DetectOptions()
    (out / "views" / "0999.jpg").write_bytes(b"of a photograph that is no longer there")
    before = {path: path.read_bytes() for path in (out / "views").iterdir()}

    def full(path, content):
        raise StorageError(path, "No space left on device", "room for it")

    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr("odd_bench.picture_file.write_atomically", full)
        detect(folder, run_of(Known()), SIZE_M, out, views)
    assert {path: path.read_bytes() for path in (out / "views").iterdir()} == before
    assert not (out / "index.html").exists()  # the page would be that of other predictions
    detect(folder, run_of(Known()), SIZE_M, out, views)
    assert not (out / "views" / "0999.jpg").exists() and len(list((out / "views").iterdir())) == len(before) - 1


def test_the_place_for_pictures_is_checked_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"found .*file, which is not a folder, expected a writable folder"):
        predict_and_draw(
            None, "no such weights", "test", None, tmp_path, None, None, tmp_path / "file" / "x", "32-true", []
        )


@pytest.mark.parametrize("out", [".", "images"])
@pytest.mark.parametrize("reconstruct", [False, True])
def test_results_among_the_photographs_are_refused(detected, tmp_path, out, reconstruct):
    _, _, folder = detected
    copy = shutil.copytree(folder, tmp_path / "walk", ignore=shutil.ignore_patterns("out"))
    before = sorted(copy.rglob("*"))
    with pytest.raises(
        WrongUse,
        match=r"found the folder of the capture; expected .* Hint: without --out, the folder is detections/walk",
    ):
        detect(copy, run_of(Known()), SIZE_M, copy / out, DetectOptions(reconstruct=reconstruct))
    assert sorted(copy.rglob("*")) == before


def test_methods_that_need_more_inputs_are_refused(tmp_path):
    with pytest.raises(WrongUse, match="needs ground-truth boxes"):
        detect(tmp_path, run_of(Known(gt_count=True)), SIZE_M, tmp_path / "out", DetectOptions())


def test_an_empty_result_is_reported(detected, tmp_path):
    _, _, folder = detected
    result = detect(folder, run_of(Known(())), SIZE_M, tmp_path, DetectOptions(views=2))
    assert summary(result.found) == "No object was found."
    assert any(note.startswith("the model found 0 objects, but ") for note in result.notes)
    page = (tmp_path / "index.html").read_text()
    assert "No object was found." in page and "<h2>What to try</h2>" in page and "<h2>Objects" not in page
    assert [one.partition(":")[0] for one in result.tries][-1].startswith("give the height of the floor")
    assert all(escape(one) in page for one in result.tries)


def test_the_terminal_gives_advice_if_nothing_was_found(detected, capsys):
    result = detected[0]
    console = Console(width=300)
    say_detection(result, console)
    assert "try:" not in capsys.readouterr().out
    nothing = Found(np.zeros((0, 7)), np.zeros(0), 0.5)
    tries = advice(result.capture, result.placement, result.chosen, nothing, 96)
    say_detection(replace(result, found=nothing, tries=tuple(tries)), console)
    printed = capsys.readouterr().out
    assert len(tries) >= 3 and all(f"try: {one}" in printed for one in tries)
    for option in ("--region", "--object-size-m", "--floor"):
        assert any(option in one for one in tries)


def smaller(capture, times):
    """The same photographs with a fraction of their pixels."""
    lenses = [one.lens.scaled(one.lens.width // times, one.lens.height // times) for one in capture.photographs]
    photographs = zip(capture.photographs, lenses, strict=True)
    return replace(capture, photographs=tuple(replace(one, lens=lens) for one, lens in photographs))


def test_too_few_pixels_on_the_objects_are_reported(detected):
    result = detected[0]
    placement, chosen = result.placement, result.chosen
    fine = fineness(result.capture, placement, chosen, 96)
    less = smaller(result.capture, 4)
    assert fineness(less, placement, chosen, 96) == pytest.approx(fine / 4)
    assert object_px(less, placement, chosen) == pytest.approx(object_px(result.capture, placement, chosen) / 4)
    said, said_less = ([one for one in cautions(x, placement, chosen, 5, result.found, 96) if "pixels" in one]
                       for x in (result.capture, less))  # fmt: skip
    assert fine > LEAST_FINENESS and not said and "use larger photographs" in said_less[0]
    nothing = Found(np.zeros((0, 7)), np.zeros(0), 0.5)
    assert "larger photographs than 60 x 45 pixels" in advice(less, placement, chosen, nothing, 96)[0]


def test_the_room_of_a_method_is_that_of_its_grid():
    assert room_of(run_of(Known())) == (0.8, 0.8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("1,2,3", None, None, None), r"--region: found '1,2,3'; expected x0,y0,x1,y1"),
        (("1,2,0,3", None, None, None), "x0 < x1"),
        ((None, float("nan"), None, None), "--floor: found nan"),
        ((None, None, 0.0, None), "--object-size-m: found 0; expected a number above 0"),
        ((None, None, 300.0, None), "metres, at most 100"),
        ((None, None, None, -1.0), "--scale: found -1"),
    ],
)
def test_unusable_options_are_refused(options, words):
    with pytest.raises(CaptureError, match=words):
        parse_wishes(*options)


def test_options_are_parsed():
    assert parse_wishes("-1,-1,1,2", 0.5, 0.05, 1.0) == Wishes(0.5, 0.05, 1.0, (-1.0, -1.0, 1.0, 2.0))


# drawing


def test_colours_go_from_calm_to_suspicious_by_the_threshold():
    assert color_of(0.0, 0.3) == CALM and color_of(1.0, 0.3) == SUSPICIOUS
    assert color_of(0.3, 0.3) == color_of(0.7, 0.7)
    reds = [color_of(score, 0.4)[2] for score in np.linspace(0, 1, 9)]
    assert reds == sorted(reds, reverse=True)


def test_a_box_is_drawn_where_the_camera_sees_it():
    camera = walk(1)[0]
    found = Found(BLOCKS[:1], np.array([1.0]), 0.5)
    blank = np.zeros((camera.height, camera.width, 3), np.uint8)
    marked = np.argwhere(np.abs(np.asarray(drawn(blank, camera, found)).astype(int) - SUSPICIOUS).max(axis=-1) < 60)
    pixels, _ = project(camera, np.array([[x, y, z] for x in (-0.38, -0.22) for y in (-0.3, 0.0) for z in (0.0, 0.2)]))
    assert np.abs(marked[:, 1].max() - pixels[:, 0].max()) < 3 and np.abs(marked[:, 0].max() - pixels[:, 1].max()) < 3


def test_a_front_object_hides_the_one_behind():
    camera = walk(1)[0]
    away = -camera.camera_from_world[2, :2] / np.linalg.norm(camera.camera_from_world[2, :2])  # towards the camera
    behind, before = np.array([[0, 0, 0.1, 0.2, 0.2, 0.2]] * 2)
    before[:2] = 0.3 * away
    shares, areas = visibility(camera, np.stack([behind, before]))
    assert shares[0] < shares[1] and shares[1] > 0.95 and areas[1] > areas[0]


def test_telling_views_show_the_suspicious_object_from_different_sides():
    cameras = walk(24)
    screen = [0.25, -0.45, 0.25, 0.5, 0.02, 0.5]  # hides the suspicious object from one side
    boxes = np.vstack([BLOCKS, screen])
    chosen = telling_views(cameras, Found(boxes, np.array([0.05, 0.95, 0.05, 0.0]), 0.5), 4)
    shown = np.array([visibility(camera, boxes)[0][1] for camera in cameras])
    assert shown.min() < 0.5 and shown[chosen].min() > 0.9 and len(set(chosen)) == 4
    assert shown[best_views(cameras, boxes, 1, 3)].min() > 0.9
