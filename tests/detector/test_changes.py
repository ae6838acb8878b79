"""Which cells of an object were changed: what the masks of the views say of them, and when they say nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from odd_bench.cameras import project
from odd_bench.data.batch import SceneBatch
from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.changes import changed_share
from odd_bench.detector.losses import CHANGE_WEIGHT, change_loss
from tests.detector.worlds import noise_batch, ring_cameras

OBJECTS, VIEWS, PIXELS = 3, 4, 32  # object 0 is odd
OWNER = torch.arange(OBJECTS)


def scene(change: Tensor | None = None) -> tuple[SceneBatch, Tensor]:
    """A batch of one scene of noise and cells (n, 30, 3) in metres."""
    batch = noise_batch(scenes=1, objects=OBJECTS, views=VIEWS, pixels=PIXELS)
    return batch if change is None else replace(batch, change=change), torch.rand(OBJECTS, 30, 3) - 0.5


def marked(batch: SceneBatch, where: Tensor, value: int = CHANGED) -> SceneBatch:
    return replace(batch, change=where.byte() * value)


def test_the_share_is_that_of_a_loop_over_cells_and_views():
    batch, cells = scene()
    batch = replace(batch, change=torch.randint(0, 3, batch.change.shape, dtype=torch.uint8))
    share, known = changed_share(cells, OWNER, batch, 0)
    cameras = ring_cameras(VIEWS, PIXELS)
    instance, change = batch.instance[0].numpy(), batch.change[0].numpy()
    for number, cell in np.ndindex(*cells.shape[:2]):
        shown = []
        for view, camera in enumerate(cameras):
            (place,), (depth,) = project(camera, cells[number, cell].numpy()[None].astype(float))
            column, row = np.floor(place).astype(int)
            if depth > 0 and 0 <= column < PIXELS and 0 <= row < PIXELS and instance[view, row, column] == number + 1:
                shown.append(change[view, row, column] == CHANGED)
        assert known[number, cell] == bool(shown)
        assert share[number, cell] == pytest.approx(np.mean(shown) if shown else 0)
    assert 0 < share[known].mean() < 1


def test_cells_that_every_view_shows_as_changed_have_share_one():
    batch, cells = scene()
    share, known = changed_share(cells, OWNER, marked(batch, batch.instance == 1), 0)
    assert known[0].any() and (share[0][known[0]] == 1).all()
    assert known[1:].any() and not share[1:].any()


def test_half_of_the_views_make_half_the_share():
    batch, cells = scene()
    everywhere = torch.ones_like(batch.instance)
    half = (torch.arange(VIEWS) < VIEWS // 2)[None, :, None, None]
    batch = replace(batch, instance=everywhere)
    share, known = changed_share(0.2 * cells, OWNER, marked(batch, (everywhere == 1) & half), 0)
    assert known[0].all() and (share[0] == 0.5).all() and not known[1:].any()


def test_pixels_of_other_objects_do_not_count():
    batch, cells = scene()
    batch = marked(batch, batch.instance == 1)
    share, _ = changed_share(cells, OWNER, marked(batch, batch.instance > 0), 0)
    expected, _ = changed_share(cells, OWNER, batch, 0)
    assert torch.equal(share[0], expected[0])
    hidden = replace(batch, instance=torch.where(batch.instance == 1, 2, batch.instance))
    assert not changed_share(cells, OWNER, hidden, 0)[1][0].any()


@pytest.mark.parametrize("value", [0, LOST])
def test_nothing_is_known_of_an_odd_object_without_visible_change(value):
    batch, cells = scene()
    share, known = changed_share(cells, OWNER, marked(batch, batch.instance == 1, value), 0)
    assert not known[0].any() and known[1:].any() and not share.any()


def test_lost_surface_is_no_change_of_the_cells_behind_it():
    batch, cells = scene()
    left = (torch.arange(PIXELS) < PIXELS // 2).expand_as(batch.instance)
    both = torch.where(left, CHANGED, LOST).byte() * (batch.instance == 1)
    share, known = changed_share(cells, OWNER, replace(batch, change=both), 0)
    expected, same = changed_share(cells, OWNER, marked(batch, left & (batch.instance == 1)), 0)
    assert torch.equal(share, expected) and torch.equal(known, same) and 0 < share[0][known[0]].mean() < 1


def test_boxes_follow_their_owner_and_nothing_is_known_without_one():
    batch, cells = scene()
    batch = marked(batch, (batch.instance == 1) & (torch.rand(batch.instance.shape) < 0.5))
    cells = cells[:1].expand(4, -1, -1)
    share, known = changed_share(cells, torch.tensor([2, -1, 0, 0]), batch, 0)
    assert torch.equal(share[2], share[3]) and share[2].any()
    assert known[0].any() and not share[0].any()
    assert not known[1].any() and not share[1].any()


def test_cells_behind_and_beside_all_cameras_are_unknown():
    batch, cells = scene(torch.ones(1, VIEWS, PIXELS, PIXELS, dtype=torch.uint8))
    share, known = changed_share(cells + torch.tensor([0.0, 0.0, 50.0]), OWNER, batch, 0)
    assert not known.any() and not share.any()


def test_the_loss_of_changes_weighs_changed_cells_and_needs_judged_ones():
    logits, share = torch.zeros(2, 3, requires_grad=True), torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    judged = torch.tensor([[True, True, False], [False] * 3])
    assert change_loss(logits, share, judged).item() == pytest.approx((CHANGE_WEIGHT + 1) / 2 * np.log(2))
    nothing = change_loss(logits, share, torch.zeros_like(judged))
    nothing.backward()
    assert nothing == 0 and not logits.grad.any()
