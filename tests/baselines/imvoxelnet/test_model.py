"""The whole model: shapes, any number of views, motion of the world, perfect and empty predictions, configurations."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from odd_bench.baselines.imvoxelnet import builder
from odd_bench.baselines.imvoxelnet.anchor_targets import assign as assign_anchors
from odd_bench.baselines.imvoxelnet.anchors import anchor_boxes, direction_of, encode, headed_boxes
from odd_bench.baselines.imvoxelnet.config import CONFIGURATIONS, ImVoxelNetConfig, RunConfig
from odd_bench.baselines.imvoxelnet.head_indoor import VoxelPredictions
from odd_bench.baselines.imvoxelnet.head_pillars import AnchorPredictions
from odd_bench.baselines.imvoxelnet.losses import class_columns
from odd_bench.baselines.imvoxelnet.model import ImVoxelNet
from odd_bench.baselines.imvoxelnet.neck_indoor import IndoorNeck, IndoorNeckConfig
from odd_bench.baselines.imvoxelnet.neck_pillars import PillarNeck, PillarNeckConfig
from odd_bench.baselines.imvoxelnet.voxel_targets import assign as assign_voxels
from odd_bench.blocks.backbone import BackboneConfig
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.configuration import ConfigError, to_mapping
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.config import CONFIGURATIONS as REFERENCE
from odd_bench.geometry.boxes import iou_matrix
from tests.detector.worlds import noise_batch

ANCHOR = torch.tensor([0.2, 0.2, 0.2, 0.12])
HEADS = pytest.mark.parametrize("head", ["indoor", "pillars"])
SURE = 30.0  # a logit


def small_config(head: str, grid: VoxelGrid | None = None) -> ImVoxelNetConfig:
    return ImVoxelNetConfig(
        head=head, grid=grid or VoxelGrid((16, 16, 8), 0.1, (-0.8, -0.8, 0.0)), interpolation="bilinear",
        backbone=BackboneConfig(network="plain", width=4, pyramid=8),
        indoor_neck=IndoorNeckConfig(out=4), pillar_neck=PillarNeckConfig(out=8),
    )  # fmt: skip


def small_model(head: str, grid: VoxelGrid | None = None) -> ImVoxelNet:
    """A model with random weights, residual blocks included, that are large enough for the inputs to matter."""
    torch.manual_seed(0)
    model = ImVoxelNet(small_config(head, grid), ANCHOR).eval()
    for norm in (part for part in model.modules() if isinstance(part, torch.nn.BatchNorm3d)):
        torch.nn.init.ones_(norm.weight)
    for parameter in model.head.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def moved_cameras(batch: SceneBatch, shift_m: torch.Tensor) -> SceneBatch:
    """The cameras for the same pictures of a world moved by `shift_m`."""
    back = torch.eye(4)
    back[:3, 3] = -shift_m
    return replace(batch, camera_from_world=batch.camera_from_world @ back)


def test_necks_keep_their_shapes():
    volume = torch.rand(2, 4, 16, 8, 12)
    maps = IndoorNeck(4, IndoorNeckConfig(out=6))(volume)
    assert [tuple(one.shape) for one in maps] == [(2, 6, 16, 8, 12), (2, 6, 8, 4, 6), (2, 6, 4, 2, 3)]
    for height in (1, 3, 8, 12, 16):
        floor_map = PillarNeck(4, height, PillarNeckConfig(out=6))(torch.rand(2, 4, height, 8, 12))
        assert floor_map.shape == (2, 6, 8, 12)


@HEADS
@pytest.mark.parametrize("views", [1, 2, 12])
def test_any_number_of_views_in_any_order_gives_an_answer(head, views):
    model, batch = small_model(head), noise_batch(views=views)
    answers = model.predict(batch)
    turned = model.predict(batch.with_views(range(views - 1, -1, -1)))
    assert len(answers) == 2
    for answer, again in zip(answers, turned, strict=True):
        assert answer.boxes.shape == (len(answer.scores), 6 if head == "indoor" else 7)
        assert answer.boxes == pytest.approx(again.boxes, abs=1e-3)
        assert answer.scores == pytest.approx(again.scores, abs=1e-3)


@HEADS
def test_every_weight_learns(head):
    model = small_model(head).train()
    losses = model.loss(noise_batch(views=4, objects=3))
    losses["total"].backward()
    assert set(losses) == {"total", "class", "box", "centerness" if head == "indoor" else "direction"}
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


@HEADS
def test_predictions_move_with_the_world_and_the_grid(head):
    shift = torch.tensor([0.3, -0.7, 0.2])
    grid = VoxelGrid((16, 16, 8), 0.1, (-0.8, -0.8, 0.0))
    moved = replace(grid, low_m=tuple(low + float(step) for low, step in zip(grid.low_m, shift, strict=True)))
    batch = noise_batch()
    model, elsewhere = small_model(head, grid), small_model(head, moved)
    if head == "pillars":
        elsewhere.head.anchor[3] += shift[2]
    for answer, far in zip(model.predict(batch), elsewhere.predict(moved_cameras(batch, shift)), strict=True):
        assert len(answer.boxes) == len(far.boxes) > 0
        assert far.boxes[:, :3] - shift.numpy() == pytest.approx(answer.boxes[:, :3], abs=1e-3)
        assert far.boxes[:, 3:] == pytest.approx(answer.boxes[:, 3:], abs=1e-3)
        assert far.scores == pytest.approx(answer.scores, abs=1e-3)


@HEADS
def test_predictions_move_through_the_grid_with_the_world(head):
    """They move by four voxels, one of the coarsest scale, away from the borders, which the convolutions can see."""
    grid, steps, margin = VoxelGrid((80, 8, 8), 0.05, (-2.0, -0.2, 0.0)), 4, 24
    model, batch = small_model(head, grid), noise_batch(scenes=1)
    with torch.no_grad():
        here, there = model(batch), model(moved_cameras(batch, torch.tensor([steps * 0.05, 0, 0])))
    if head == "indoor":
        finest = model.head.scale == 0
        before, after = (one.classes[0][finest].unflatten(0, grid.shape_zyx) for one in (here, there))
        before, after = before.movedim(2, 0), after.movedim(2, 0)
    else:
        before, after = (one.residuals[0].unflatten(0, (8, 80, 2)).movedim(1, 0) for one in (here, there))
    assert torch.allclose(after[margin + steps : -margin], before[margin : -margin - steps], atol=1e-4)
    assert before[margin:-margin].std() > 1e-3


def perfect_voxels(model: ImVoxelNet, batch: SceneBatch) -> VoxelPredictions:
    """The ideal output of the indoor head for a batch of one scene."""
    head, boxes = model.head, batch.boxes[0]
    targets = assign_voxels(head.points, head.scale, boxes, head.voxel_m, head.config.assign)
    column = class_columns(targets.owner, batch.labels[0])
    classes = SURE * (2 * torch.nn.functional.one_hot(column + 1, 3)[:, 1:].float() - 1)
    central = torch.logit(targets.centerness.clamp(1e-4, 1 - 1e-4))
    valid = torch.ones_like(targets.owner, dtype=torch.bool)
    return VoxelPredictions(*(one[None] for one in (central, boxes[targets.owner.clamp(min=0)], classes, valid)))


def perfect_anchors(model: ImVoxelNet, batch: SceneBatch) -> AnchorPredictions:
    """The ideal output of the outdoor head for a batch of one scene."""
    anchors = anchor_boxes(model.grid, model.head.anchor)
    boxes = headed_boxes(batch.obbs[0], batch.world_from_object[0])
    owner = assign_anchors(anchors, boxes, model.head.config.assign)
    column, own = class_columns(owner, batch.labels[0]), boxes[owner.clamp(min=0)]
    classes = SURE * (2 * torch.nn.functional.one_hot(column + 1, 3)[:, 1:].float() - 1)
    directions = SURE * torch.nn.functional.one_hot(direction_of(own[:, 6]), 2).float()
    return AnchorPredictions(classes[None], encode(own, anchors)[None], directions[None])


@HEADS
def test_perfect_predictions_have_no_loss_and_decode_to_the_truth(head):
    model, batch = small_model(head), noise_batch(scenes=1, objects=4)
    perfect = (perfect_voxels if head == "indoor" else perfect_anchors)(model, batch)
    losses = model.head.loss(perfect, batch)
    assert losses["class"] < 1e-5 and losses["box"] < 1e-5
    answer = model.answer(perfect, batch, 0)
    overlap = iou_matrix(batch.boxes[0].numpy(), answer.boxes)
    assert len(answer.boxes) == 4 and overlap.max(axis=1).min() > 0.999
    assert answer.scores[overlap.argmax(axis=1)] == pytest.approx(batch.labels[0].numpy(), abs=1e-6)


def test_convolving_the_layers_of_the_head_together_changes_no_answer():
    head, volume = small_model("indoor").head, torch.randn(2, 4, 4, 6, 8)
    torch.nn.init.normal_(head.classes.bias)
    for together, layer in zip(head.convolved(volume), head.layers, strict=True):
        assert torch.allclose(together, layer(volume), atol=1e-5)


def test_objects_are_not_detected_at_points_that_no_view_sees():
    model, batch = small_model("indoor"), noise_batch(scenes=1)
    perfect = perfect_voxels(model, batch)
    unseen = replace(perfect, valid=torch.zeros_like(perfect.valid))
    assert len(model.answer(unseen, batch, 0).boxes) == 0
    assert model.head.loss(unseen, batch)["total"] == 0


@HEADS
def test_a_scene_without_detections_has_an_empty_answer(head):
    model = small_model(head)
    torch.nn.init.zeros_(model.head.classes.weight)
    torch.nn.init.constant_(model.head.classes.bias, -SURE)
    for answer in model.predict(noise_batch()):
        assert answer.boxes.shape == (0, 6 if head == "indoor" else 7) and answer.scores.shape == (0,)


@HEADS
def test_restored_models_give_the_same_answers(head):
    model = small_model(head)
    again = builder.restore(RunConfig(model=small_config(head)), model.state_dict()).eval()
    for answer, copy in zip(model.predict(noise_batch()), again.predict(noise_batch()), strict=True):
        assert np.array_equal(answer.boxes, copy.boxes) and np.array_equal(answer.scores, copy.scores)


@HEADS
def test_the_picture_from_above_shows_scores_and_truth(head):
    pictures = small_model(head).pictures(noise_batch(views=4))
    assert pictures["from_above"].shape == (3, 16, 16)
    assert pictures["from_above"].amin() >= 0 and pictures["from_above"].amax() <= 1
    assert pictures["from_above"][2].sum() > 0 and pictures["from_above"][2, 8, 8] == 0


@pytest.mark.parametrize("name", ["paper", "mini", "tiny"])
def test_pictures_grid_and_augmentation_equal_those_of_the_reference_detector(name):
    own, reference = CONFIGURATIONS.load(name), REFERENCE.load(name)
    alike = replace(own.model.backbone, width=reference.model.backbone.width)
    assert asdict(alike) == asdict(reference.model.backbone)
    assert own.model.grid == reference.model.grid and replace(own.augment, yaw_step_deg=0.0) == reference.augment
    for key in ("views", "pixels", "batch", "augment", "precision"):
        assert getattr(own.train, key) == getattr(reference.train, key)
    assert len(own.train.learning_rate) == len(ImVoxelNet.stages)
    assert CONFIGURATIONS.from_mapping(to_mapping(own), "here") == own


def test_errors_explain_wrong_configurations():
    config = CONFIGURATIONS.load("tiny")
    with pytest.raises(
        ConfigError, match=r"model\.head: found .pilars.; expected one of indoor, pillars\. Did you mean"
    ):
        CONFIGURATIONS.with_overrides(config, ["model.head=pilars"])
    with pytest.raises(ConfigError, match=r"model.grid.counts: found \(32, 30, 8\); expected multiples of 4"):
        CONFIGURATIONS.with_overrides(config, ["model.grid.counts=[32,30,8]"])
    with pytest.raises(ConfigError, match="Did you mean 'nms_iou'"):
        CONFIGURATIONS.with_overrides(config, ["model.indoor.nms_iuo=0.2"])
    with pytest.raises(ConfigError, match="mini, paper, tiny"):
        CONFIGURATIONS.load("released")


def test_weight_decay_reaches_every_weight_once():
    model = small_model("indoor")
    groups = list(model.parameter_groups(1.0, 0.1))
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(1.0, 1e-4), (0.1, 1e-4)]
    told = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(told) == sorted(id(parameter) for parameter in model.parameters())
