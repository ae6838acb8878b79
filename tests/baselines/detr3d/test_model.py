"""The whole model: shapes, symmetries, any number of views and objects, empty answers, pre-trained weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from odd_bench.baselines.detr3d.config import CONFIGURATIONS
from odd_bench.baselines.detr3d.decoder import refined
from odd_bench.baselines.detr3d.levels import Levels
from odd_bench.baselines.detr3d.model import Detr3d
from odd_bench.baselines.detr3d.suppression import Suppression
from odd_bench.baselines.two_class import ANOMALOUS, NORMAL
from odd_bench.blocks.backbone import BackboneConfig
from odd_bench.configuration import ConfigError
from odd_bench.errors import WrongUse
from tests.detector.worlds import noise_batch

TINY = CONFIGURATIONS.load("tiny")


def model(*overrides: str) -> Detr3d:
    return Detr3d(CONFIGURATIONS.with_overrides(TINY, list(overrides)).model)


def test_every_part_learns_and_all_losses_are_finite():
    made = model()
    losses = made.loss(noise_batch())
    losses["total"].backward()
    assert set(losses) == {"total", "label", "box"} and all(torch.isfinite(value) for value in losses.values())
    assert not [name for name, parameter in made.named_parameters() if parameter.grad is None]


def test_parameter_groups_contain_every_parameter_once():
    made = model("model.weight_decay=0.01")
    rest, backbone = made.parameter_groups(1e-3, 0.1)
    own = [id(parameter) for parameter in (*rest["params"], *backbone["params"])]
    assert sorted(own) == sorted(map(id, made.parameters()))
    assert (rest["lr"], backbone["lr"], rest["weight_decay"]) == (1e-3, 1e-4, 0.01)
    assert {id(p) for p in made.levels.pyramid.parameters()} == {id(p) for p in backbone["params"]}


@pytest.mark.parametrize("views", [1, 2, 7, 12, 20])
def test_any_number_of_views_at_test(views):
    answers = (
        model("model.answer.keep_above=0.0", "model.answer.duplicate_iou=1.0")
        .eval()
        .predict(noise_batch(scenes=2, views=views))
    )
    assert len(answers) == 2
    assert all(answer.boxes.shape == (30, 6) and np.isfinite(answer.scores).all() for answer in answers)


def test_the_order_of_views_does_not_matter():
    made, batch = model().eval(), noise_batch(scenes=1)
    plain, turned = made(batch), made(batch.with_views([2, 0, 3, 1]))
    assert torch.allclose(plain.codes, turned.codes, atol=1e-4)
    assert torch.allclose(plain.logits, turned.logits, atol=1e-4)


def test_permuting_the_queries_permutes_the_answers():
    made, batch = model().eval(), noise_batch()
    plain, order = made(batch), torch.randperm(30)
    made.decoder.queries.embedding.data = made.decoder.queries.embedding.data[order]
    turned = made(batch)
    assert torch.allclose(turned.codes, plain.codes[:, :, order], atol=1e-4)
    assert torch.allclose(turned.logits, plain.logits[:, :, order], atol=1e-4)


def test_scenes_of_a_batch_do_not_influence_each_other():
    made, batch = model().eval(), noise_batch(scenes=2)
    other = replace(batch, images=torch.cat([batch.images[:1], 255 - batch.images[1:]]))
    assert torch.allclose(made(batch).codes[:, 0], made(other).codes[:, 0], atol=1e-5)
    assert not torch.allclose(made(batch).codes[:, 1], made(other).codes[:, 1], atol=1e-5)


def test_features_do_not_change_when_world_and_cameras_turn_together():
    """Cameras and points are turned together by a quarter."""
    made, batch = model().eval(), noise_batch(scenes=1)
    quarter = torch.eye(4)
    quarter[:2, :2] = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    turned = replace(batch, camera_from_world=batch.camera_from_world @ torch.linalg.inv(quarter))
    points = torch.rand(1, 8, 3) - 0.5
    taken, visible = made.views(batch).look_up(points)
    taken_turned, visible_turned = made.views(turned).look_up(points @ quarter[:3, :3].T)
    assert torch.allclose(taken, taken_turned, atol=1e-4) and torch.equal(visible, visible_turned)


def test_refinement_moves_the_reference_within_the_unit_cube():
    reference = torch.rand(2, 5, 3)
    assert torch.allclose(refined(torch.zeros(2, 5, 6), reference)[..., [0, 1, 4]], reference, atol=1e-4)
    far = refined(torch.full((2, 5, 6), 50.0), reference)[..., [0, 1, 4]]
    assert (far <= 1).all() and (far > reference).all()


def test_a_layer_learns_nothing_from_the_centres_of_the_next():
    made, batch = model(), noise_batch()
    made(batch).codes[-1][..., [0, 1, 4]].sum().backward()
    first, *_, last = made.decoder.box_heads
    assert not any(parameter.grad.any() for parameter in first.parameters())
    assert all(parameter.grad.any() for parameter in last.parameters())


@pytest.mark.parametrize("objects", [1, 12])
def test_scenes_of_one_and_of_twelve_objects_work(objects):
    assert torch.isfinite(model().loss(noise_batch(objects=objects))["total"])


def test_a_scene_without_detections_has_an_empty_answer():
    answer = model("model.answer.keep_above=0.99").eval().predict(noise_batch(scenes=1))[0]
    assert answer.boxes.shape == (0, 6) and answer.scores.shape == (0,)


def test_only_the_best_boxes_are_kept_and_scores_combine_two_classes():
    made = model("model.answer.most=2").eval()
    boxes = np.array([[x, 0.0, 0.1, 0.2, 0.2, 0.2] for x in (0.0, 0.3, 0.6)])
    scores = np.zeros((3, 2))
    scores[:, ANOMALOUS], scores[:, NORMAL] = (0.1, 0.2, 0.6), (0.3, 0.05, 0.2)
    answer = made.answer(boxes, scores, Suppression(0.0, 1.0))
    assert np.array_equal(answer.boxes, boxes[[2, 0]]) and np.allclose(answer.scores, [0.75, 0.25])


def test_bfloat16_gives_nearly_the_same_losses():
    made, batch = model().eval(), noise_batch()
    plain = made.loss(batch)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = made.loss(batch)
    assert torch.allclose(plain["total"], mixed["total"].float(), rtol=0.05)


@pytest.mark.parametrize("network", ["plain", "efficientnet-lite0", "resnet18"])
def test_every_image_network_gives_four_levels_of_one_width(network):
    width = 256 if network == "resnet18" else 32
    config = BackboneConfig(network, width=width, pyramid=256 if network == "resnet18" else 16)
    maps = Levels(config, 4)(torch.rand(2, 3, 64, 64))
    assert [tuple(level.shape) for level in maps] == [(2, width, side, side) for side in (16, 8, 4, 2)]


def test_pretrained_weights_use_the_same_key():
    with pytest.raises(WrongUse, match=r"nowhere\.pth: found no such file"):
        model("model.backbone.network=resnet18", "model.backbone.pyramid=256", "model.backbone.weights=nowhere.pth")
    started = model("model.backbone.network=efficientnet-lite0", "model.backbone.weights=imagenet")
    other = model("model.backbone.network=efficientnet-lite0", "model.backbone.weights=imagenet")
    stem = next(iter(started.levels.pyramid.network.parameters()))
    assert torch.equal(stem, next(iter(other.levels.pyramid.network.parameters())))


@pytest.mark.parametrize("name", ["paper", "mini", "tiny"])
def test_named_configurations_are_found_and_checked(name):
    config = CONFIGURATIONS.load(name)
    assert config.name == name and len(config.train.learning_rate) == len(Detr3d.stages)
    room = np.array(config.augment.room_m)
    assert (np.array(config.model.code.high_m)[:2] >= room[:2]).all() and config.model.code.high_m[2] >= room[2]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.decoder.heads=5", "found 32 for 5 heads; expected a multiple"),
        ("model.backbone.network=vgg", "expected one of resnet50"),
        ("model.code.low_m=[1.0,0.0,0.0]", "expected low < high"),
        ("model.decoder.querys=3", "Did you mean 'queries'"),
    ],
)
def test_errors_explain_wrong_values(override, message):
    with pytest.raises(ConfigError, match=message):
        CONFIGURATIONS.with_overrides(TINY, [override])
