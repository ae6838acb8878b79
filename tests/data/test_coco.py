"""pycocotools reads the exported files, and finds the masks, boxes and labels of the data set in them."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from odd_bench.data.coco import annotation, export_coco
from odd_bench.data.reader import open_dataset
from odd_bench.data.run_folder import FolderError
from tests.data.folders import make_scenes, write_dataset

mask_tools = pytest.importorskip("pycocotools.mask")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The data set and the folder that it was exported to."""
    root = tmp_path_factory.mktemp("coco")
    dataset = open_dataset(write_dataset(root / "data", make_scenes()))
    assert export_coco(dataset, root / "out", dataset.scene_names()) == 4
    return dataset, root / "out"


def read(folder, split):
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(folder / "annotations" / f"instances_{split}.json"))


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans()).filter(lambda m: m.any()))
def test_run_lengths_decode_to_the_mask(mask):
    one = annotation(mask)
    packed = mask_tools.frPyObjects(one["segmentation"], *mask.shape)
    assert (mask_tools.decode(packed) == mask).all()
    assert mask_tools.toBbox(packed).tolist() == one["bbox"] and mask_tools.area(packed) == one["area"]


@pytest.mark.parametrize("split", ["train", "test-seen", "test-unseen"])
def test_every_visible_object_of_every_view_is_exported(exported, split):
    dataset, folder = exported
    coco = read(folder, split)
    assert {image["scene"] for image in coco.imgs.values()} == set(dataset.scene_names(split))
    for number, image in coco.imgs.items():
        scene = dataset.scene(image["scene"])
        instance = dataset.instance(image["scene"], image["view"])
        picture = np.asarray(Image.open(folder / "images" / image["file_name"]))
        assert (picture == dataset.image(image["scene"], image["view"])).all()
        found = np.zeros_like(instance)
        for one in coco.loadAnns(coco.getAnnIds(imgIds=[number])):
            found[coco.annToMask(one) == 1] = one["object_id"] + 1
            labelled = scene.objects[one["object_id"]]
            assert coco.cats[one["category_id"]]["name"] == ("anomalous" if labelled.label else "normal")
            assert one["anomaly_type"] == labelled.type
        assert (found == instance).all()


def test_the_truth_scores_full_marks_against_itself(exported):
    from pycocotools.cocoeval import COCOeval

    truth = read(exported[1], "test-seen")
    answers = [
        {
            "image_id": one["image_id"],
            "category_id": one["category_id"],
            "segmentation": truth.annToRLE(one),
            "score": 1.0,
        }
        for one in truth.anns.values()
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        judged = COCOeval(truth, truth.loadRes(answers), "segm")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    assert judged.stats[0] == pytest.approx(1.0)


def test_nothing_is_exported_into_a_data_set(exported):
    dataset, _ = exported
    before = sorted(dataset.folder.rglob("*"))
    with pytest.raises(FolderError, match="found a data set; expected another folder"):
        export_coco(dataset, dataset.folder, dataset.scene_names())
    assert sorted(dataset.folder.rglob("*")) == before
