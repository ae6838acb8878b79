"""One box per object, chosen on validation scenes: the choice is the best of the grid, and it is stored with the weights."""

import numpy as np
import pytest
import torch

from odd_bench.baselines.detr3d.builder import SPEC
from odd_bench.baselines.detr3d.suppression import (
    DUPLICATE_IOU,
    KEEP_ABOVE,
    Suppression,
    best_suppression,
    matched,
    one_box_an_object,
)
from odd_bench.baselines.two_class import scene_answer
from odd_bench.data.reader import open_dataset
from odd_bench.methods import load_run
from odd_bench.training.method import ChoosesOnVal
from tests.data.folders import planned_record, write_dataset
from tests.detector.worlds import noise_batch
from tests.short_training import train_tiny

SHORT = ["train.steps=[2]", "train.report_every=1", "train.picture_every=100", "train.views=2"]


def detections(rng, copies: int, noise: float, clutter: float):
    """A scene of four objects, each found `copies` times with a jitter, and as many empty boxes of lower confidence."""
    true = np.array([[x, 0.0, 0.15, 0.3, 0.3, 0.3] for x in (-0.6, -0.2, 0.2, 0.6)])
    boxes = np.repeat(true, copies, axis=0) + np.pad(rng.normal(0, noise, (4 * copies, 3)), ((0, 0), (0, 3)))
    away = boxes + [0, 0.5, 0, 0, 0, 0]
    scores = np.concatenate([rng.uniform(0.65, 0.95, 4 * copies), rng.uniform(0, clutter, 4 * copies)])
    return np.concatenate([boxes, away]), np.column_stack([scores, scores / 2]), true


@pytest.mark.parametrize(("copies", "clutter"), [(1, 0.05), (3, 0.28), (5, 0.55)])
def test_the_choice_leaves_one_box_per_object(copies, clutter):
    rng = np.random.default_rng(0)
    scenes = [detections(rng, copies, 0.01, clutter) for _ in range(6)]

    def reported(some: Suppression):
        for boxes, scores, true in scenes:
            yield scene_answer(boxes, scores, some.duplicate_iou, some.keep_above).boxes, true

    best = best_suppression(reported)
    assert one_box_an_object(reported(best)) == 1.0
    assert best.keep_above >= clutter or clutter < min(KEEP_ABOVE)
    worth = [one_box_an_object(reported(Suppression(a, b))) for a in KEEP_ABOVE for b in DUPLICATE_IOU]
    assert max(worth) == 1.0


def test_more_boxes_or_fewer_objects_score_lower():
    true = detections(np.random.default_rng(0), 1, 0.0, 0.1)[2]
    perfect = one_box_an_object([(true, true)])
    assert perfect == 1.0 > one_box_an_object([(np.concatenate([true, true]), true)])
    assert one_box_an_object([(true[:3], true)]) < 1.0 and one_box_an_object([(np.zeros((0, 6)), true)]) == 0.0
    assert matched(np.concatenate([true, true]), true) == 4


def test_the_chosen_suppression_is_used_unless_the_configuration_states_one():
    config = SPEC.resolved("tiny", [])
    made = SPEC.restore(config, SPEC.prepare(config, None, "cpu", None)[0].state_dict())
    assert isinstance(made, ChoosesOnVal) and made.suppression == Suppression()
    made.chosen.copy_(torch.tensor([0.5, 0.125]))
    again = SPEC.restore(config, made.state_dict())
    assert again.suppression == Suppression(0.5, 0.125)
    stated = SPEC.restore(SPEC.resolved("tiny", ["model.answer.keep_above=0.0"]), made.state_dict())
    assert stated.suppression == Suppression(0.0, 0.125)
    made.eval().choose([noise_batch(scenes=1)])
    pairs = [Suppression(a, b) for a in KEEP_ABOVE for b in DUPLICATE_IOU]
    assert made.suppression in pairs


def test_training_chooses_on_val_and_stores_the_choice(tmp_path, monkeypatch):
    options = {"pixels": 64, "views": 8, "depth": False, "odd": 1}
    scenes = [planned_record("train", "banana", i, i, objects=3, **options) for i in range(4)]
    scenes.append(planned_record("val", "banana", 9, 0, objects=4, **options))
    folder = write_dataset(tmp_path / "data", scenes)
    seen = []
    from odd_bench.baselines.detr3d.model import Detr3d

    def choose(self, batches):
        seen.extend(batch.names[0] for batch in batches)
        self.chosen.copy_(torch.tensor([0.5, 0.25]))

    monkeypatch.setattr(Detr3d, "choose", choose)
    dataset = open_dataset(folder)
    train_tiny("detr3d", dataset, tmp_path / "run", SHORT)
    assert seen == dataset.scene_names("val")
    assert load_run(tmp_path / "run").method.suppression == Suppression(0.5, 0.25)
