"""Blind sheets show every object of the scenes, and only the key tells which are odd."""

import json

import numpy as np
import pytest
from PIL import Image

from odd_bench.data.reader import open_dataset
from odd_bench.data.views import TEST_VIEWS, spread_views
from odd_bench.geometry.boxes import box_corners
from odd_bench.geometry.cameras import project
from odd_bench.view.blind import BlindConfig, best_views, object_crop, span_m, write_blind
from tests.data.folders import make_scenes, planned_record, write_dataset
from tests.data.synthetic import make_record, with_object

SMALL = BlindConfig(crops=2, size=40, scenes_a_page=1)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(write_dataset(tmp_path_factory.mktemp("blind"), make_scenes()))


def test_the_key_lists_every_object_once_with_its_label(dataset):
    names = dataset.scene_names()
    pages, key = write_blind(dataset, names, SMALL)
    entries = json.loads(key.read_text())
    assert len(pages) == len(names)
    found = {(entry["name"], entry["object"]): entry for entry in entries}
    objects = [(name, one) for name in names for one in dataset.scene(name).objects]
    assert len(found) == len(entries) == len(objects)
    for name, one in objects:
        entry = found[name, one.id + 1]
        assert (entry["label"], entry["type"]) == (one.label, one.type)
        assert names[entry["scene"] - 1] == name and 1 <= entry["page"] <= len(pages)


def test_pages_do_not_reveal_labels(dataset, tmp_path):
    line, record = planned_record("train", "banana", 0, 0)
    odd = next(one.id for one in record.scene.objects if one.label)
    relabelled = with_object(record, odd, label=0, type=None, magnitude=0.0)
    pictures = []
    for name, one in (("odd", record), ("none", relabelled)):
        written = open_dataset(write_dataset(tmp_path / name, [(line, one)]))
        pages, _ = write_blind(written, written.scene_names(), SMALL)
        pictures.append([np.asarray(Image.open(path)).tobytes() for path in pages])
    assert pictures[0] == pictures[1]


def test_a_crop_contains_the_box_of_its_object():
    record = make_record(pixels=128, views=2)
    camera, one = record.scene.cameras[0], record.scene.objects[0]
    corners, _ = project(camera, box_corners(one.obb))
    inside = np.zeros((128, 128, 3), np.uint8)
    u, v = np.clip(corners.round().astype(int), 0, 127).T
    inside[v.min() : v.max(), u.min() : u.max()] = 255
    for larger in (1.0, 1.5):  # in a scene whose largest object is that much larger
        cut = np.asarray(object_crop(inside, camera, one, 100, larger * span_m(camera, one)))
        scale = 100 / (1.12 * larger * np.ptp(corners, axis=0).max())
        assert (cut > 127).sum() == pytest.approx((inside > 127).sum() * scale**2, rel=0.1)


def test_the_views_that_show_most_are_chosen():
    one = make_record(pixels=64, views=8).scene.objects[0]
    views = spread_views(8, TEST_VIEWS)
    chosen = best_views(one, views, 3)
    assert len(chosen) == 3 and set(chosen) <= set(views) and chosen == sorted(chosen)
    left = [view for view in views if view not in chosen]
    assert min(one.visible_pixels[chosen]) >= max(one.visible_pixels[left])
