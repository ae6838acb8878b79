"""Differences between registered objects: none where they are equal, largest where one is changed."""

from __future__ import annotations

import torch
from torch import Tensor

from odd_bench.detector.comparison.aligned import AlignedChannels, channel_count
from tests.detector.aligned.scenes import staged

COLOR, OUTSIDE, BEYOND, KNOWN, LACKS = 9, 19, 21, 24, 27  # the first channel of each kind, of three levels


def in_mask(aligned: AlignedChannels, channel: int) -> list[Tensor]:
    """The values of a channel in the masks, one entry per object."""
    return [values[:, channel][mask] for values, mask in zip(aligned.channels, aligned.mask, strict=True)]


def test_equal_objects_do_not_differ():
    aligned = staged().channels()
    assert aligned.channels.isfinite().all() and aligned.channels.shape[2] == channel_count(3)
    for number in range(4):
        known = in_mask(aligned, KNOWN)[number] > 0
        assert known.float().mean() > 0.8  # nearly every place is seen on another object
        for channel in range(6, COLOR + 2):
            assert in_mask(aligned, channel)[number][known].abs().median() < 0.02
        for channel in (OUTSIDE, OUTSIDE + 1):  # eighths of a pixel
            assert in_mask(aligned, channel)[number].quantile(0.9) < 1 / 8


def test_an_object_of_another_colour_differs_most():
    scene = staged()
    images = scene.images.clone()
    odd = scene.instance == 2
    images[:, 0][odd], images[:, 2][odd] = 0.2, 0.9
    differences = [one.median() for one in in_mask(scene.channels(images), COLOR)]
    assert differences[1] > 1 and max(differences[0], *differences[2:]) < 0.1


def test_an_extra_part_lies_outside_the_others():
    aligned = staged(extra=2).channels()
    most = [one.quantile(0.95) for one in in_mask(aligned, OUTSIDE)]
    beyond = [one.quantile(0.95) for one in in_mask(aligned, BEYOND)]
    assert most[2] > 3 * max(most[0], most[1], most[3])
    assert beyond[2] > 3 * max(beyond[0], beyond[1], beyond[3])


def test_a_missing_part_shows_where_the_floor_is_seen():
    aligned = staged(lacking=1).channels()
    depth = aligned.channels[:, :, LACKS].flatten(1)
    dipped = (depth > 0.5).sum(dim=1)
    assert dipped[1] > 3 * max(dipped[0], dipped[2], dipped[3])
    assert not (aligned.mask & aligned.lacks).any() and (aligned.counted == (aligned.mask | aligned.lacks)).all()


def test_permuting_objects_permutes_channels():
    order = (2, 0, 3, 1)
    first, permuted = staged(extra=2).channels(), staged(extra=2, order=order).channels()
    assert torch.equal(permuted.mask, first.mask[list(order)])
    apart = (permuted.channels - first.channels[list(order)]).abs()
    assert apart.flatten(3).mean() < 1e-3


def test_empty_and_full_silhouettes_give_finite_channels():
    scene = staged()
    for fill in (0, 1):
        found = scene.channels(masks=torch.full_like(scene.masks, bool(fill)))
        assert found.channels.isfinite().all() and found.mask.any() == bool(fill)
