"""Pictures of a training: they have the right size and show the scene."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import max_pool2d

from odd_bench.blocks.backprojection import project_points
from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.builder import build
from odd_bench.detector.config import CONFIGURATIONS
from odd_bench.detector.model import Detector
from odd_bench.detector.pictures import (
    CHANGE_COLORS,
    as_tensor,
    best_matches,
    box_picture,
    dotted,
    outline,
    photograph,
    principal_colors,
    silhouette_picture,
)
from odd_bench.detector.volumes import Volumes
from tests.detector.worlds import noise_batch

KINDS = {"sparse": {"features"}, "relations": {"silhouettes", "suspicion"}}


def detector(kind: str, *overrides: str) -> Detector:
    config = CONFIGURATIONS.with_overrides(CONFIGURATIONS.load("tiny"), [f"model.attention.kind={kind}", *overrides])
    return build(config.model).eval()


def seen_by(model: Detector, batch) -> Volumes:
    """Volumes as the detector makes them for a batch, but opaque everywhere, and the true silhouettes of its boxes."""
    volumes = model.reconstruct(batch)
    opaque = torch.ones_like(volumes.color_alpha)
    if volumes.silhouettes is None:
        return replace(volumes, color_alpha=opaque)
    points = torch.stack([batch.boxes[0][:, :3] + 0.1 * torch.rand(3) - 0.05 for _ in range(400)]).flatten(0, 1)
    shown = torch.full_like(volumes.silhouettes, -1.0)
    for view in range(len(batch.K[0])):
        for point in points:
            row, column = pixel(batch, point, view)
            shown[0, view, row, column] = 1.0
    return replace(volumes, color_alpha=opaque, silhouettes=shown)


def sure(model: Detector, logit: float) -> Detector:
    """The detector with the same logit for every pixel."""
    model.compare.relations.pixel[-1].weight.zero_()
    model.compare.relations.pixel[-1].bias.fill_(logit)
    return model


def drawn(model: Detector, batch, name: str, boxes: np.ndarray | None = None, volumes: Volumes | None = None):
    """One of the pictures of the detector's comparison, for found boxes (n, 6)."""
    boxes = batch.boxes[0].numpy() if boxes is None else boxes
    return model.compare.pictures(volumes or seen_by(model, batch), batch, boxes)[name]


def plain(batch) -> torch.Tensor:
    return batch.images[0, 0].float() / 255


def grey(batch) -> torch.Tensor:
    return as_tensor(photograph(batch).convert("L").convert("RGB"))


def pixel(batch, point: torch.Tensor, view: int = 0) -> tuple[int, int]:
    """The row and column of a point in a view."""
    at, _ = project_points(batch.K[0, view], batch.camera_from_world[0, view], point[None])
    column, row = at[0].floor().long().tolist()
    return row, column


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_has_its_size_and_values_from_0_to_1(kind):
    batch = noise_batch(scenes=1)
    pictures = detector(kind).pictures(batch)
    assert set(pictures) == {"rendered", "boxes", "correspondences"} | KINDS[kind]
    assert pictures["rendered"].shape == (3, 24, 72) and pictures["boxes"].shape == (3, 32, 32)
    for picture in pictures.values():
        assert picture.min() >= 0 and picture.max() <= 1


@torch.no_grad()
def test_found_and_true_boxes_are_drawn():
    batch = noise_batch(scenes=1)
    assert (box_picture(batch, batch.boxes[0].numpy(), np.zeros(3)) != plain(batch)).any()


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_correspondences_are_drawn_for_two_or_more_objects(kind):
    model, batch, alone = detector(kind), noise_batch(scenes=1), noise_batch(scenes=1, objects=1)
    assert (drawn(model, batch, "correspondences") != plain(batch)).any()
    assert (drawn(model, alone, "correspondences") == plain(alone)).all()


@torch.no_grad()
def test_pixels_without_an_object_are_dark():
    batch, model = noise_batch(scenes=1), detector("relations")
    volumes = seen_by(model, batch)
    shown, on_object = silhouette_picture(volumes), volumes.silhouettes[0, 0] > 0
    assert (shown[:, on_object] == plain(batch)[:, on_object]).all()
    assert torch.allclose(shown[:, ~on_object], 0.25 * plain(batch)[:, ~on_object])


def test_scores_are_written_next_to_the_boxes():
    batch = noise_batch(scenes=1, pixels=128)
    boxes = batch.boxes[0].numpy()
    one, other = (box_picture(batch, boxes, np.array([score, 0.5, 0.5])) for score in (0.1, 0.8))
    assert (one != other).any() and (one == box_picture(batch, boxes, np.array([0.1, 0.5, 0.5]))).all()


@torch.no_grad()
@pytest.mark.parametrize("boxes", [0, 1])
def test_the_photograph_stays_grey_with_fewer_than_two_boxes(boxes):
    batch, model = noise_batch(scenes=1), detector("relations")
    shown = drawn(model, batch, "suspicion", batch.boxes[0][:boxes].numpy())
    assert (shown == grey(batch)).all()


@torch.no_grad()
def test_more_suspicious_pixels_make_only_the_objects_redder():
    batch, model = noise_batch(scenes=1), detector("relations")
    volumes = seen_by(model, batch)
    shown = [drawn(sure(model, of), batch, "suspicion", volumes=volumes) - grey(batch) for of in (-50.0, 0.0, 50.0)]
    assert shown[0].abs().max() < 1e-6
    assert shown[1].abs().sum() > 0 and torch.allclose(shown[2], 2 * shown[1], atol=1e-6)
    red, on_object = shown[2].abs().amax(dim=0) > 0, volumes.silhouettes[0, 0] > 0
    assert red.any() and not (red & ~max_pool2d(on_object[None].float(), 5, 1, 2)[0].bool()).any()


@torch.no_grad()
def test_dots_lie_on_the_counted_pixels_of_the_first_view():
    batch, model = noise_batch(scenes=1), detector("relations")
    pixels = model.compare.registered(seen_by(model, batch), 0, batch.boxes[0].numpy()).pixels
    values = 0.1 + 0.9 * torch.rand(pixels.counted.shape)
    canvas, shown = dotted(pixels, values), pixels.counted & (pixels.view == 0)
    assert shown.any() and (canvas[pixels.row[shown], pixels.column[shown]] >= values[shown]).all()
    assert (dotted(pixels, torch.zeros_like(values)) == 0).all()


@torch.no_grad()
@pytest.mark.parametrize("value", [CHANGED, LOST])
def test_true_changes_are_outlined_without_being_covered(value):
    batch, model = noise_batch(scenes=1), detector("relations")
    change = torch.zeros_like(batch.change)
    change[0, 0, 10:14, 10:14] = value
    batch = replace(batch, change=change)
    shown = drawn(model, batch, "suspicion", np.zeros((0, 6)))
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
