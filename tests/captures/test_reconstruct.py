"""pycolmap finds the cameras of bare photographs, in a process of its own; if it cannot, one line says so."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from odd_bench.captures import CaptureError, colmap_process
from odd_bench.captures import reconstruct as reconstruct_module
from odd_bench.captures.colmap_process import EXHAUSTIVE, ColmapJob, read_job
from odd_bench.captures.lens import COLMAP_MODELS, colmap_lens
from odd_bench.captures.photograph_file import ORIENTATION
from odd_bench.captures.reconstruct import (
    LEAST_FREE,
    _tell,
    colmap_parameters,
    copy_photographs,
    listed_photographs,
    run_colmap,
    with_points,
)
from odd_bench.captures.reconstruct import reconstruct as reconstruct_from
from odd_bench.errors import StorageError
from odd_bench.geometry.cameras import eye
from tests.captures.test_lens import lens_and_parameters
from tests.captures.test_opening import write_model
from tests.captures.worlds import SAME, capture_of, colmap, speckled, walk, write_pictures


@pytest.mark.parametrize("model", [model for model in COLMAP_MODELS if "RADIAL_FISHEYE" not in model])
def test_a_lens_converted_to_colmap_is_the_same_lens(model):
    lens, _ = lens_and_parameters(model)
    again = colmap_lens(colmap_parameters(lens)[0], lens.width, lens.height, colmap_parameters(lens)[1])
    points = np.random.default_rng(0).uniform([-0.5, -0.4, 1.0], [0.5, 0.4, 1.5], (50, 3))
    np.testing.assert_allclose(again.project(points), lens.project(points), atol=1e-9)


def test_a_job_is_read_as_it_was_written(tmp_path):
    job = ColmapJob(
        str(tmp_path), ["a.jpg"], EXHAUSTIVE, True, poses={"a.jpg": {"model": "OPENCV", "parameters": [1.0]}}
    )
    job.write(tmp_path / "job.json")
    assert read_job(tmp_path / "job.json") == job


def test_missing_pycolmap_or_photographs_are_reported(tmp_path, monkeypatch):
    with pytest.raises(CaptureError, match="found 0 photographs; expected at least 3"):
        reconstruct_from(tmp_path, tmp_path / "out")
    with pytest.raises(CaptureError, match="nowhere: found no such folder; expected a folder of photographs"):
        reconstruct_from(tmp_path / "nowhere", tmp_path / "out")
    write_pictures(tmp_path, walk(3))
    monkeypatch.setattr("odd_bench.captures.reconstruct.find_spec", lambda name: None)
    with pytest.raises(
        CaptureError, match=r"found no package pycolmap; expected version 4\.2 or later.*pip install .*\[capture\]"
    ):
        reconstruct_from(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("free", "kind", "words"),
    [
        (LEAST_FREE, CaptureError, r"walk: found that pycolmap ended with code 1 \(no message\); expected a model"),
        (LEAST_FREE - 1, StorageError, "found 20 MB left, expected space for features and matches. Free some space"),
    ],
)
def test_a_full_disk_is_reported_although_pycolmap_does_not(tmp_path, monkeypatch, free, kind, words):
    monkeypatch.setattr("odd_bench.captures.reconstruct.sys.executable", "/bin/false")
    monkeypatch.setattr("odd_bench.captures.reconstruct.shutil.disk_usage", lambda path: SimpleNamespace(free=free))
    with pytest.raises(kind, match=words):
        run_colmap(ColmapJob(str(tmp_path), ["a.jpg"]), tmp_path / "walk", lambda line: None)


def test_the_child_reports_how_many_cameras_are_placed(tmp_path):
    """A stand-in for pycolmap places three cameras, finds no more to join, and places three of another model."""
    told = []

    class Fake:
        @staticmethod
        def incremental_mapping(database, images, sparse, options, start, first_two, one_more):
            for _ in range(2):
                first_two()
                one_more()
            return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(colmap_process, "TOLD_EVERY", 3)
        patch.setattr(colmap_process, "_tell", told.append)
        assert colmap_process._placed(Fake, tmp_path, None) == {}
    assert told == ["placed 3", "placed 3"]
    _tell(told[0], ColmapJob(str(tmp_path), ["a.jpg"] * 6), told.append)
    assert told[2:] == ["3 of 6 cameras found"]


def test_copies_are_rotated_and_cameras_kept_apart(tmp_path):
    """Photographs of two sizes are copied to two folders, one per camera; a rotated one is turned upright."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for number in range(2):
        Image.new("RGB", (60, 40), (200, 0, 0)).save(tmp_path / f"wide{number}.jpg", exif=exif)
        Image.new("RGB", (60, 40)).save(tmp_path / f"plain{number}.jpg")
    names = copy_photographs(sorted(tmp_path.glob("*.jpg")), tmp_path / "images")
    assert {name.split("/")[0] for name in names} == {"0", "1"}
    for name in names:
        with Image.open(tmp_path / "images" / name) as copy:
            assert copy.size == ((40, 60) if "wide" in name else (60, 40))
            assert ORIENTATION not in copy.getexif()


def test_copies_have_distinct_names(tmp_path):
    """Even if names differ only in their suffix. Hidden files of other systems are not photographs."""
    for name in ("a.jpg", "a.JPG", "a.png", "a-2.jpg", "b [1] é.jpeg"):
        Image.new("RGB", (60, 40)).save(tmp_path / name)
    (tmp_path / "._a.jpg").write_bytes(b"\0\5\x16\7")
    files = listed_photographs(tmp_path)
    names = copy_photographs(files, tmp_path / "images")
    assert len(files) == 5 and len(set(names)) == 5
    assert {path.name for path in (tmp_path / "images").iterdir()} == set(names)


def test_a_reconstruction_is_reused_only_if_it_is_complete_and_of_the_same_photographs(tmp_path, monkeypatch):
    """An interrupted one, even with a model, and one of other photographs with equal names and sizes are started again."""
    cameras, ended = walk(4), []
    for name in write_pictures(tmp_path / "photographs", cameras):
        with Image.open(tmp_path / "photographs" / name) as image:
            image.save((tmp_path / "photographs" / name).with_suffix(".tif"))
        (tmp_path / "photographs" / name).unlink()

    def run(job, where, report):
        write_model(Path(job.folder) / "sparse" / "0", cameras, 0, 4)
        if not ended:
            raise KeyboardInterrupt
        ended.append(job)

    monkeypatch.setattr(reconstruct_module, "run_colmap", run)
    with pytest.raises(KeyboardInterrupt):
        reconstruct_from(tmp_path / "photographs", tmp_path / "out")
    ended.append("from here on it ends")
    for runs in (2, 2):
        assert len(reconstruct_from(tmp_path / "photographs", tmp_path / "out").photographs) == 4 and len(ended) == runs
    one = tmp_path / "photographs" / "0002.tif"
    size = one.stat().st_size
    with Image.open(one) as image:
        turned = image.transpose(Image.Transpose.ROTATE_180)
    turned.save(one)
    assert one.stat().st_size == size
    reconstruct_from(tmp_path / "photographs", tmp_path / "out")
    assert len(ended) == 3


def off_m(capture, cameras):
    """(n, 3) errors of the camera positions in metres, after the capture is aligned with the true world without mirroring."""
    true = np.array([eye(cameras[int(one.path.stem)]) for one in capture.photographs])
    a, b = capture.eyes - capture.eyes.mean(axis=0), true - true.mean(axis=0)
    u, values, v = np.linalg.svd(b.T @ a)
    assert np.linalg.det(u @ v) > 0
    return np.abs((values.sum() / (a**2).sum()) * a @ (u @ v).T - b)


@pytest.mark.slow
def test_cameras_are_found_up_to_a_similarity_and_reused(tmp_path):
    colmap()
    cameras, told = walk(14, distance=1.0, turn=2.5), []
    write_pictures(tmp_path / "images", cameras, floor=speckled)
    capture = reconstruct_from(tmp_path, tmp_path / "out", report=told.append)
    assert len(capture.photographs) >= 10 and len(capture.points) > 100
    assert off_m(capture, cameras).max() < 0.02
    assert any("matching" in line for line in told)
    told.clear()
    again = reconstruct_from(tmp_path, tmp_path / "out", report=told.append)
    assert told == [] and len(again.photographs) == len(capture.photographs)


@pytest.mark.slow
def test_a_repetitive_floor_gives_the_true_cameras_or_an_error(tmp_path):
    """Equal tiles of 25 cm never give wrong cameras without a message."""
    colmap()
    cameras = walk(14, distance=1.0, turn=2.5)
    write_pictures(tmp_path / "images", cameras, floor=lambda places: speckled(places % 0.25))
    try:
        capture = reconstruct_from(tmp_path, tmp_path / "out")
    except CaptureError as error:
        assert "fit together" in str(error) or "cannot register" in str(error)
    else:
        assert off_m(capture, cameras).max() < 0.03


@pytest.mark.slow
def test_points_of_known_cameras_lie_on_the_surfaces(tmp_path):
    colmap()
    capture = with_points(capture_of(tmp_path, walk(14, distance=1.0), SAME, np.zeros((0, 3)), speckled), tmp_path)
    near = capture.points[np.abs(capture.points[:, :2]).max(axis=1) < 1]
    assert len(near) > 50 and np.median(np.abs(near[:, 2])) < 0.01


@pytest.mark.slow
def test_photographs_without_a_common_view_are_refused(tmp_path):
    colmap()
    rng = np.random.default_rng(0)
    for number in range(4):
        Image.fromarray(rng.integers(0, 255, (60, 80, 3), np.uint8)).resize((320, 240)).save(tmp_path / f"{number}.png")
    with pytest.raises(
        CaptureError, match="found 4 photographs that pycolmap cannot register; expected a model of their cameras"
    ):
        reconstruct_from(tmp_path, tmp_path / "out")
