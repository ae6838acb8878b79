"""Pictures of a training: right in size, and showing what is there."""

import torch

from odd_bench.detector.config import load_config
from odd_bench.detector.model import Detector, Volumes
from odd_bench.detector.pictures import box_picture, correspondence_picture, principal_colors
from tests.detector.worlds import noise_batch


def test_every_picture_can_be_shown():
    model, batch = Detector(load_config("tiny").model).eval(), noise_batch(scenes=1)
    pictures = model.pictures(batch)
    assert set(pictures) == {"rendered", "features", "boxes", "correspondences"}
    assert pictures["rendered"].shape == (3, 24, 72) and pictures["boxes"].shape == (3, 32, 32)
    for picture in pictures.values():
        assert picture.min() >= 0 and picture.max() <= 1


def test_boxes_and_correspondences_are_drawn():
    batch = noise_batch(scenes=1)
    plain = batch.images[0, 0].float() / 255
    assert (box_picture(batch, batch.boxes[0].numpy()) != plain).any()
    model = Detector(load_config("tiny").model).eval()
    volumes = Volumes(torch.randn(1, 8, *model.grid.shape_zyx), torch.ones(1, 4, *model.grid.shape_zyx))
    with torch.no_grad():
        assert (correspondence_picture(model, volumes, batch) != plain).any()


def test_colours_follow_the_features_and_stay_black_outside():
    mask = torch.tensor([1.0] * 40 + [0.0] * 10)
    features = torch.randn(50, 6)
    features[:20, 0] += 20
    colors = principal_colors(features, mask)
    assert colors.shape == (50, 3) and (colors[40:] == 0).all()
    assert ((colors[:20, 2].mean() - colors[20:40, 2].mean()).abs() > 0.3).item()
