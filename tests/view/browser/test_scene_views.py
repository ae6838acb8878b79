"""Points lie on the objects that they belong to, with or without stored depth."""

import numpy as np
import pytest

from odd_bench.data.anomaly_maps import MapWriter
from odd_bench.data.reader import open_dataset
from odd_bench.geometry.cameras import project
from odd_bench.view.browser.scene_views import DatasetViews
from tests.data.folders import planned_record, write_dataset


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """The same scene with depth and without."""
    made = [planned_record("train", "mug", 0, 0, pixels=96), planned_record("val", "mug", 1, 0, pixels=96, depth=False)]
    dataset = open_dataset(write_dataset(tmp_path_factory.mktemp("data"), made))
    return dataset, [dataset.scene_names("train")[0], dataset.scene_names("val")[0]]


@pytest.mark.parametrize("number", [0, 1], ids=["depth", "silhouettes"])
def test_points_of_an_object_lie_in_its_box(scenes, number):
    dataset, names = scenes
    objects = {one.id: one for one in dataset.scene(names[number]).objects}
    clouds = DatasetViews(dataset).of(names[number]).clouds
    assert {cloud.object_id for cloud in clouds} == set(objects)
    for cloud in clouds:
        aabb = objects[cloud.object_id].aabb
        assert (np.abs(cloud.points - aabb[:3]) <= aabb[3:] / 2 * 1.05 + 0.01).all()
        assert len(cloud.points) > 200
        assert len(cloud.points) == len(cloud.colors) == len(cloud.changed)


def test_changed_points_lie_only_on_odd_objects(scenes):
    dataset, names = scenes
    labels = {one.id: one.label for one in dataset.scene(names[0]).objects}
    for cloud in DatasetViews(dataset).of(names[0]).clouds:
        assert cloud.changed.any() == bool(labels[cloud.object_id])


def test_the_hull_lies_inside_every_silhouette(scenes):
    dataset, names = scenes
    views = DatasetViews(dataset).of(names[1])
    instance, _ = dataset.masks(names[1], range(len(views.cameras)))
    for cloud in views.clouds:
        for camera, mask in zip(views.cameras, instance, strict=True):
            pixels, _ = project(camera, cloud.points)
            inside = ((pixels >= 0) & (pixels < camera.width)).all(axis=1)
            columns, rows = pixels[inside].astype(int).T
            assert (mask[rows, columns] > 0).all()


def test_points_are_as_suspicious_as_the_maps_that_see_them(scenes, tmp_path):
    """Maps that mark one object mark only its points, and all of them that are seen."""
    dataset, names = scenes
    instance, _ = dataset.masks(names[0], range(4))
    with MapWriter(tmp_path / "answers.maps.h5") as out:
        for view, mask in enumerate(instance):
            out.add(names[0], view, np.where(mask == 2, 255, 0).astype(np.uint8))
    for cloud in DatasetViews(dataset, tmp_path / "answers.maps.h5").of(names[0]).clouds:
        seen = np.isfinite(cloud.suspicion)
        assert seen.any() and (cloud.suspicion[seen] == (cloud.object_id == 1)).all()


def test_points_have_no_suspicion_without_maps(scenes):
    dataset, names = scenes
    assert all(cloud.suspicion is None for cloud in DatasetViews(dataset).of(names[0]).clouds)
