"""Photometric augmentation: the same light change in all views of a scene, and nothing else changed."""

from __future__ import annotations

import torch

from odd_bench.detector.silhouettes import changed_light, photometric
from tests.detector.worlds import noise_batch


def test_no_strength_changes_nothing():
    batch = noise_batch()
    assert torch.equal(photometric(batch, 0.0).images, batch.images)


def test_only_pictures_change_and_their_values_stay_valid():
    batch = noise_batch()
    changed = photometric(batch, 1.0)
    assert changed.images.dtype == torch.uint8 and changed.images.shape == batch.images.shape
    assert not torch.equal(changed.images, batch.images)
    assert torch.equal(changed.instance, batch.instance) and torch.equal(changed.K, batch.K)


def test_equal_pixels_of_a_scene_stay_equal():
    color = torch.rand(3, 1, 1)
    found = changed_light(color.expand(4, 3, 5, 5), 1.0)
    assert torch.equal(found, found[:1, :, :1, :1].expand_as(found))


def test_brighter_grey_stays_brighter():
    grey = torch.linspace(0.1, 0.6, 6)[None, None, None].expand(1, 3, 1, 6)
    for _ in range(20):
        assert (changed_light(grey, 1.0).mean(dim=1).diff() >= 0).all()


def test_every_scene_gets_its_own_draw():
    batch = noise_batch(scenes=2)
    same = torch.full_like(batch.images, 120)
    first, second = photometric(type(batch)(**{**vars(batch), "images": same}), 1.0).images
    assert not torch.equal(first, second)
