"""Pictures of a training: right in size, and showing what is there."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.backproject import project_points
from odd_bench.detector.config import load_config, with_overrides
from odd_bench.detector.model import Detector, Volumes
from odd_bench.detector.pictures import (
    CHANGE_COLORS,
    as_tensor,
    best_matches,
    box_picture,
    correspondence_picture,
    outline,
    photograph,
    principal_colors,
    splatted,
    suspicion_picture,
)
from tests.detector.worlds import noise_batch

KINDS = {"sparse": "features", "relations": "suspicion"}


def detector(kind: str, *overrides: str) -> Detector:
    config = with_overrides(load_config("tiny"), [f"model.attention.kind={kind}", *overrides])
    return Detector(config.model).eval()


def solid(model: Detector, batch) -> Volumes:
    """Volumes as the detector makes them of a batch, but opaque everywhere."""
    volumes = model.reconstruct(batch)
    return replace(volumes, color_alpha=torch.ones_like(volumes.color_alpha))


def sure(model: Detector, logit: float) -> Detector:
    """The detector with the same logit for every cell."""
    model.compare.cell[-1].weight.zero_()
    model.compare.cell[-1].bias.fill_(logit)
    return model


def plain(batch) -> torch.Tensor:
    return batch.images[0, 0].float() / 255


def grey(batch) -> torch.Tensor:
    return as_tensor(photograph(batch).convert("L").convert("RGB"))


def pixel(batch, cell: torch.Tensor) -> tuple[int, int]:
    """Row and column of a point in the first view."""
    at, _ = project_points(batch.K[0, 0], batch.camera_from_world[0, 0], cell[None])
    column, row = at[0].floor().long().tolist()
    return row, column


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_can_be_shown(kind):
    batch = noise_batch(scenes=1)
    pictures = detector(kind).pictures(batch)
    assert set(pictures) == {"rendered", KINDS[kind], "boxes", "correspondences"}
    assert pictures["rendered"].shape == (3, 24, 72) and pictures["boxes"].shape == (3, 32, 32)
    for picture in pictures.values():
        assert picture.min() >= 0 and picture.max() <= 1


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_boxes_and_correspondences_are_drawn(kind):
    batch, model = noise_batch(scenes=1), detector(kind)
    assert (box_picture(batch, batch.boxes[0].numpy(), np.zeros(3)) != plain(batch)).any()
    assert (correspondence_picture(model, solid(model, batch), batch) != plain(batch)).any()


@torch.no_grad()
def test_without_a_descriptor_or_a_second_object_there_are_no_correspondences():
    batch, model = noise_batch(scenes=1), detector("relations", "model.relations.learnt=0")
    assert (correspondence_picture(model, solid(model, batch), batch) == plain(batch)).all()
    alone, model = noise_batch(scenes=1, objects=1), detector("relations")
    assert (correspondence_picture(model, solid(model, alone), alone) == plain(alone)).all()


def test_scores_are_written_beside_the_boxes():
    batch = noise_batch(scenes=1, pixels=128)
    boxes = batch.boxes[0].numpy()
    one, other = (box_picture(batch, boxes, np.array([score, 0.5, 0.5])) for score in (0.1, 0.8))
    assert (one != other).any() and (one == box_picture(batch, boxes, np.array([0.1, 0.5, 0.5]))).all()


@torch.no_grad()
@pytest.mark.parametrize("boxes", [0, 1])
def test_less_than_two_boxes_leave_the_photograph_grey(boxes):
    batch, model = noise_batch(scenes=1), detector("relations")
    shown = suspicion_picture(model, solid(model, batch), batch, batch.boxes[0][:boxes].numpy())
    assert (shown == grey(batch)).all()


@torch.no_grad()
def test_the_surer_the_cells_the_redder_the_objects_and_nothing_else():
    batch, model = noise_batch(scenes=1), detector("relations")
    volumes = solid(model, batch)
    shown = [
        suspicion_picture(sure(model, of), volumes, batch, batch.boxes[0].numpy()) - grey(batch)
        for of in (-50.0, 0.0, 50.0)
    ]
    assert shown[0].abs().max() < 1e-6
    assert shown[1].abs().sum() > 0 and torch.allclose(shown[2], 2 * shown[1], atol=1e-6)
    middle = [pixel(batch, box[:3]) for box in batch.boxes[0]]
    assert all(shown[2][:, row, column].abs().max() > 0 for row, column in middle)
    assert (shown[2].abs().amax(dim=0) == 0).any()


@torch.no_grad()
def test_only_opaque_cells_are_shown():
    batch, model = noise_batch(scenes=1), sure(detector("relations"), 50.0)
    volumes = solid(model, batch)
    low = replace(volumes, color_alpha=volumes.color_alpha.clone())
    low.color_alpha[:, 3, 2:] = 0  # above 10 cm
    red, less = (
        (suspicion_picture(model, one, batch, batch.boxes[0].numpy()) != grey(batch)).any(dim=0)
        for one in (volumes, low)
    )
    assert less.any() and (less <= red).all() and less.sum() < red.sum()


@pytest.mark.parametrize("seed", range(5))
def test_a_cell_lights_up_exactly_at_its_projection(seed):
    batch = noise_batch(scenes=1, pixels=64)
    cell = torch.rand(1, 3, generator=torch.Generator().manual_seed(seed)) * 0.4 - torch.tensor([0.2, 0.2, 0.0])
    row, column = pixel(batch, cell[0])
    dot = splatted(batch, cell, torch.tensor([0.7]), 0.0)
    assert dot[row, column] == pytest.approx(0.7) and (dot > 0).sum() == 1
    lit = torch.nonzero(splatted(batch, cell, torch.tensor([0.7]), 0.1)).float()
    assert ((lit.mean(dim=0) - torch.tensor([row, column])).abs() <= 0.5).all()
    sides = lit.amax(dim=0) - lit.amin(dim=0) + 1
    _, depth = project_points(batch.K[0, 0], batch.camera_from_world[0, 0], cell)
    seen_as = batch.K[0, 0, 0, 0] * 0.1 / depth
    assert (sides >= seen_as).all() and (sides < seen_as + 2).all()  # all the pixels that it touches


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_the_nearest_cell_hides_those_behind_it(order):
    batch = noise_batch(scenes=1, pixels=64)
    eye = torch.linalg.inv(batch.camera_from_world[0, 0])[:3, 3]
    behind = torch.tensor([0.05, 0.0, 0.1])
    cells = torch.stack([behind, behind + 0.3 * (eye - behind)])[order]
    seen = splatted(batch, cells, torch.tensor([1.0, 0.2])[order], 0.03)
    assert seen[pixel(batch, behind)] == pytest.approx(0.2)


def test_cells_behind_the_camera_or_beside_the_picture_are_not_shown():
    batch = noise_batch(scenes=1)
    eye = torch.linalg.inv(batch.camera_from_world[0, 0])[:3, 3]
    cells = torch.stack([2 * eye, eye + torch.tensor([0.0, 0.0, 5.0])])
    assert (splatted(batch, cells, torch.ones(2), 0.1) == 0).all()


@torch.no_grad()
@pytest.mark.parametrize("value", [CHANGED, LOST])
def test_true_changes_are_outlined_and_not_covered(value):
    batch, model = noise_batch(scenes=1), detector("relations")
    change = torch.zeros_like(batch.change)
    change[0, 0, 10:14, 10:14] = value
    batch = replace(batch, change=change)
    shown = suspicion_picture(model, solid(model, batch), batch, np.zeros((0, 6)))
    differs = (shown != grey(batch)).any(dim=0)
    assert differs.sum() == 6 * 6 - 4 * 4 and (differs == outline(change[0, 0] == value)).all()
    assert torch.allclose(shown[:, 9, 9], torch.tensor(CHANGE_COLORS[value]) / 255)


def test_a_cell_is_its_own_best_match_among_the_opaque_ones():
    features, opaque = torch.randn(40, 8), torch.rand(40) < 0.5
    numbers = torch.nonzero(opaque)[:, 0]
    assert best_matches(3 * features[numbers], features, opaque).equal(numbers)
    assert opaque[best_matches(features, features, opaque)].all()
    assert len(best_matches(features, features, torch.zeros(40, dtype=torch.bool))) == 0


def test_colours_follow_the_features_and_stay_black_outside():
    mask = torch.tensor([1.0] * 40 + [0.0] * 10)
    features = torch.randn(50, 6)
    features[:20, 0] += 20
    colors = principal_colors(features, mask)
    assert colors.shape == (50, 3) and (colors[40:] == 0).all()
    assert ((colors[:20, 2].mean() - colors[20:40, 2].mean()).abs() > 0.3).item()
