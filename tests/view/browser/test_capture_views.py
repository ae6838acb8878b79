"""A capture is shown where its cameras were, whatever its unit and axes."""

import numpy as np
import pytest

from odd_bench.errors import WrongUse
from odd_bench.geometry.cameras import project
from odd_bench.view.browser.capture_views import CaptureViews
from odd_bench.view.browser.opening import Wanted, open_collection
from odd_bench.view.browser.placement_file import read_placement
from odd_bench.view.browser.shown_box import count_states
from tests.captures.worlds import capture_of, drawn_similarity, surface_points, walk, write_transforms


def test_points_project_to_the_same_pixels_as_in_the_true_world(tmp_path):
    world, cameras = drawn_similarity(3), walk(5)
    capture = capture_of(tmp_path, cameras, world)
    capture_from_true = np.eye(4)
    capture_from_true[:3, :3], capture_from_true[:3, 3] = world.scale * world.turn, world.shift
    views = CaptureViews(capture, np.linalg.inv(capture_from_true)).of("any")
    points = surface_points()
    for shown, true in zip(views.cameras, cameras, strict=True):
        assert np.allclose(shown.camera_from_world, true.camera_from_world, atol=1e-6)
        seen, _ = project(shown, points)
        expected, _ = project(true, points)
        assert np.allclose(seen / shown.width, expected / true.width, atol=1e-6)


def test_a_folder_of_photographs_with_cameras_is_opened_and_has_no_box(tmp_path):
    file = write_transforms(tmp_path, walk(6), points=surface_points())
    for path in (tmp_path, file):
        collection = open_collection(path)
        (name,) = collection.names
        assert name == tmp_path.name and collection.answers.boxes(name, None) == []
        assert len(collection.views.of(name).cameras) == 6
        assert len(collection.views.of(name).clouds[0].points) > 100


def test_a_detection_shows_its_boxes_and_with_its_capture_the_photographs_too(tmp_path):
    from odd_bench.scoring import DatasetRef, Method, PredictionWriter

    write_transforms(tmp_path / "capture", walk(6))
    folder = tmp_path / "detection"
    folder.mkdir()
    with PredictionWriter(
        folder / "predictions.json", DatasetRef("capture", "1", "all", "sha256:0"), Method("net")
    ) as out:
        out.add("capture", np.array([[0.2, 0, 0.1, 0.2, 0.2, 0.2, 0.3]] * 2), np.array([0.9, 0.1]))
    (folder / "scene.json").write_text('{"format": "of somebody else"}')
    with pytest.raises(WrongUse, match="expected odd-bench/capture-scene version 1"):
        read_placement(folder / "scene.json")
    pose = np.eye(4).tolist()
    (folder / "scene.json").write_text(
        f'{{"format": "odd-bench/capture-scene", "version": 1, "scene_from_capture": {pose}}}'
    )
    bare, whole = open_collection(folder), open_collection(folder, Wanted(tmp_path / "capture"))
    assert bare.views is None and len(whole.views.of("capture").cameras) == 6
    place = '"capture": "../capture", "images": "../no-more"'
    (folder / "scene.json").write_text((folder / "scene.json").read_text().replace("{", f"{{{place}, ", 1))
    assert len(open_collection(folder).views.of("capture").cameras) == 6  # at the path that the detection recorded
    for collection in (bare, whole):
        assert count_states(collection.answers.boxes("capture", None)) == {"flagged": 1, "passed": 1}
