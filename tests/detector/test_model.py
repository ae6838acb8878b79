"""The whole detector: losses, switches, scenes of one and of twelve objects, scenes without detections."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from odd_bench.detector.builder import build
from odd_bench.detector.config import CONFIGURATIONS
from odd_bench.detector.losses import LossConfig, owned_boxes, owned_labels, picture_targets, scene_feature_loss
from odd_bench.detector.model import END_TO_END, RECONSTRUCTION, Detector
from odd_bench.detector.volumes import Volumes
from tests.detector.worlds import noise_batch

TINY = CONFIGURATIONS.load("tiny")


def detector(*overrides: str) -> Detector:
    return build(CONFIGURATIONS.with_overrides(TINY, list(overrides)).model)


@pytest.mark.parametrize("attention", ["none", "dense", "sparse", "relations"])
@pytest.mark.parametrize("teacher", ["none", "efficientnet-lite0", "canonical"])
def test_every_switch_trains_every_part_it_uses(attention, teacher):
    model = detector(
        f"model.attention.kind={attention}", f"model.teacher.kind={teacher}", "model.canonical.alpha_above=0.0"
    )
    batch = noise_batch()
    if teacher == "efficientnet-lite0":
        batch = replace(batch, teacher=torch.randn(2, 4, 16, 6, 6).half())
    losses = model.loss(batch)
    losses["total"].backward()
    assert all(torch.isfinite(value) for value in losses.values())
    assert ("feature" in losses) == (teacher == "efficientnet-lite0")
    assert ("canonical" in losses) == (teacher == "canonical")
    assert ("silhouette" in losses) == (attention == "relations")
    without = {name.split(".")[0] for name, value in model.named_parameters() if value.grad is None}
    assert without == (set() if teacher != "none" else {"heads"})


def test_the_first_stage_does_not_train_the_comparison():
    model = detector()
    model.start_stage(RECONSTRUCTION)
    losses = model.loss(noise_batch())
    losses["total"].backward()
    assert "label" not in losses
    assert all(parameter.grad is None for parameter in model.compare.parameters())
    model.start_stage(END_TO_END)
    assert "label" in model.loss(noise_batch())


def test_distillation_sends_no_gradient_to_the_density():
    model = detector("model.teacher.kind=efficientnet-lite0")
    batch = replace(noise_batch(), teacher=torch.randn(2, 4, 16, 6, 6).half())
    volumes = model.reconstruct(batch)
    scene_feature_loss(volumes, batch, 0, model.config.render).backward()
    assert all(parameter.grad is None for parameter in model.heads.density.parameters())
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in model.heads.beta.parameters())


def test_the_loss_of_both_directions_is_the_mean_of_the_two():
    model, batch = detector("model.loss.both_ways=true").eval(), noise_batch()
    first, second = batch.with_views(range(2)), batch.with_views(range(2, 4))
    ways = [model.losses_one_way(*halves, batch)["mask"] for halves in ((first, second), (second, first))]
    expected = sum(ways) / 2
    assert torch.allclose(model.loss(batch)["mask"], expected)


@pytest.mark.parametrize("objects", [1, 12])
def test_scenes_of_one_and_of_twelve_objects_work(objects):
    model = detector("model.boxes.source=oracle-box").eval()
    answer = model.predict(noise_batch(scenes=1, objects=objects))[0]
    assert answer.scores.shape == (objects,) and np.isfinite(answer.scores).all()
    assert answer.objects.tolist() == list(range(objects))
    assert torch.isfinite(model.loss(noise_batch(objects=objects))["total"])


def test_a_scene_without_detections_has_an_empty_answer():
    model = detector("model.loss.add_missed=false")
    torch.nn.init.constant_(model.heads.density[-1].bias, -20.0)
    losses = model.loss(noise_batch())
    losses["total"].backward()
    assert losses["label"] == 0
    answer = model.eval().predict(noise_batch(scenes=1))[0]
    assert answer.boxes.shape == (0, 6) and answer.scores.shape == (0,)


def test_permuting_the_boxes_permutes_the_logits_and_removing_one_counts():
    model, batch = detector().eval(), noise_batch(scenes=1, objects=5)
    volumes, boxes = model.reconstruct(batch), batch.boxes[0].numpy()
    order = [2, 4, 0, 3, 1]
    whole = model.compare.logits(volumes, 0, boxes)
    assert torch.allclose(model.compare.logits(volumes, 0, boxes[order]), whole[order], atol=1e-5)
    assert not torch.allclose(model.compare.logits(volumes, 0, boxes[:4]), whole[:4], atol=1e-5)
    alone = detector("model.attention.kind=none").eval()
    assert torch.allclose(
        alone.compare.logits(volumes, 0, boxes[1:]), alone.compare.logits(volumes, 0, boxes)[1:], atol=1e-6
    )


@pytest.mark.parametrize("views", [1, 2, 7, 20])
def test_any_number_of_views_works_at_test_time(views):
    model = detector("model.boxes.source=oracle-box").eval()
    assert len(model.predict(noise_batch(scenes=2, views=views))) == 2


def test_the_order_of_views_does_not_matter():
    model, batch = detector("model.boxes.source=oracle-box").eval(), noise_batch(scenes=1)
    turned = model.predict(batch.with_views([2, 0, 3, 1]))[0]
    assert np.allclose(model.predict(batch)[0].scores, turned.scores, atol=1e-5)


def test_predicted_boxes_are_those_of_the_volume():
    model, batch = detector(), noise_batch(scenes=1)
    centres = model.grid.centres()
    inside = [((centres - box[:3]).abs() < 0.11).all(dim=-1) for box in batch.boxes[0]]
    alpha = torch.stack(inside).any(dim=0).float()
    volumes = Volumes(
        torch.zeros(1, 8, *alpha.shape), alpha.expand(1, 4, *alpha.shape), model.grid, batch, model.heads.beta
    )
    found = model.compare.boxes(volumes, 0)
    assert len(found) == 3
    assert np.abs(found[:, :2] - batch.boxes[0][:, :2].numpy()[:, None].transpose(1, 0, 2)).min(axis=-1).max() < 0.6


def test_bfloat16_gives_nearly_the_same_losses():
    model, batch = detector(), noise_batch()
    plain = model.loss(batch)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model.loss(batch)
    for name, value in plain.items():
        assert torch.allclose(value, mixed[name].float(), rtol=0.05, atol=0.02)


def test_boxes_take_the_label_of_the_object_they_overlap_and_missed_objects_are_added():
    true_boxes = np.array([[0, 0, 0.1, 0.2, 0.2, 0.2], [1, 0, 0.1, 0.2, 0.2, 0.2]], float)
    predicted = np.array([[0.02, 0, 0.1, 0.2, 0.2, 0.2], [5, 0, 0.1, 0.2, 0.2, 0.2]], float)
    boxes, owner = owned_boxes(predicted, true_boxes, LossConfig(add_missed=False))
    assert owner.tolist() == [0, -1]
    assert owned_labels(torch.from_numpy(owner), torch.tensor([1, 0])).tolist() == [1, -1]
    boxes, owner = owned_boxes(predicted, true_boxes, LossConfig(add_missed=True))
    assert owner.tolist() == [0, -1, 1] and np.array_equal(boxes[2], true_boxes[1])
    boxes, owner = owned_boxes(np.zeros((0, 6)), true_boxes, LossConfig())
    assert owner.tolist() == [0, 1] and np.array_equal(boxes, true_boxes)


def test_colour_targets_are_black_outside_objects():
    images, instance = torch.ones(1, 3, 8, 8), torch.zeros(1, 8, 8)
    instance[:, :4] = 1
    color, mask = picture_targets(images, instance, 4)
    assert mask.reshape(4, 4)[:, 0].tolist() == [1, 1, 0, 0]
    assert torch.equal(color, mask[..., None].expand(-1, -1, 3))
