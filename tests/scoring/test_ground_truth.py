"""Laws of the ground-truth file: it reads back as written, byte for byte, and its digest detects any change."""

import dataclasses
import gzip

import numpy as np
import pytest

from odd_bench.scene import Scene, SceneObject
from odd_bench.scoring.ground_truth import digest, read_ground_truth, scene_digest, truth_scene, write_ground_truth
from odd_bench.scoring.problems import ScoringError
from tests.scoring.worlds import make_truth


@pytest.fixture
def written(tmp_path):
    truth = make_truth(8)
    path = tmp_path / "ground_truth.json.gz"
    stated = write_ground_truth(path, truth.name, truth.version, truth.scenes.values())
    return truth, path, stated


def test_written_truth_reads_back(written):
    truth, path, stated = written
    assert stated == truth.digest
    assert read_ground_truth(path) == truth


def test_the_same_scenes_in_any_order_give_the_same_bytes(written, tmp_path):
    truth, path, _ = written
    shuffled = [dataclasses.replace(s, objects=s.objects[::-1]) for s in reversed(truth.scenes.values())]
    again = tmp_path / "again.json.gz"
    write_ground_truth(again, truth.name, truth.version, shuffled)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "field", [f.name for f in dataclasses.fields(make_truth(1).split("test-unseen")[0].objects[0])]
)
def test_the_digest_detects_a_change_of_every_field(field):
    scene = make_truth(1).split("test-unseen")[0]
    item = scene.objects[0]
    new = {
        "id": 9,
        "label": 1 - item.label,
        "type": "other",
        "magnitude": 0.5,
        "changed_pixels": (1,),
        "legacy_box": item.aabb,
    }
    value = new.get(field, tuple(v + 0.1 for v in getattr(item, field) or ()))
    changed = dataclasses.replace(scene, objects=(dataclasses.replace(item, **{field: value}), *scene.objects[1:]))
    assert digest([changed]) != digest([scene])
    assert scene_digest(changed) != scene_digest(scene)


def test_a_file_that_contradicts_its_digest_is_refused(written):
    _, path, _ = written
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress(text.replace('"label":1', '"label":0', 1).encode()))
    with pytest.raises(ScoringError, match="do not match the digest"):
        read_ground_truth(path)


def test_a_file_with_other_spacing_is_the_same_data(written):
    truth, path, _ = written
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress(text.replace(",", ", ").encode()))
    assert read_ground_truth(path) == truth


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b broken", b"[]", b"{}", b"\xff\xfe", b'{"format": "other"}', b"[" * 100_000]
)
def test_damaged_files_are_reported(tmp_path, data):
    path = tmp_path / "ground_truth.json.gz"
    path.write_bytes(data)
    with pytest.raises(ScoringError, match="odd-bench/ground-truth version 1"):
        read_ground_truth(path)


def test_a_scene_keeps_what_scoring_needs():
    box, views = np.array([0, 0, 0.1, 0.3, 0.2, 0.2]), np.array([10, 0])
    item = SceneObject(
        0, 1, "crack", 0.02, np.eye(4), box, np.append(box, 0.4), views, np.array([20, 0]), np.array([3, 0])
    )
    kept = truth_scene(Scene("a", "test", "gear", "gear-0001", (), (item,))).objects[0]
    assert kept.visible_fraction == (0.5, 0.0)
    assert (kept.changed_pixels, kept.obb[6], kept.type) == ((3, 0), 0.4, "crack")
