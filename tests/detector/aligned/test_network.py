"""The network on differences: number and order of objects and views do not matter, and uninformative cells do not count."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.comparison.aligned import (
    AlignedChannels,
    AlignedComparison,
    AlignedConfig,
    changed_cells,
    highest,
)
from odd_bench.detector.comparison.aligned_references import Crops

INSIDE, CELLS = 7, 16


def noise(objects: int = 4, views: int = 3) -> AlignedChannels:
    """Windows with one pixel per cell, on top of each other in the pictures."""
    mask = torch.rand(objects, views, CELLS, CELLS) < 0.5
    lacks = ~mask & (torch.rand(mask.shape) < 0.1)
    crops = Crops(torch.zeros(views, objects, 2), torch.full((views, objects), float(CELLS)), CELLS)
    return AlignedChannels(torch.randn(objects, views, INSIDE, CELLS, CELLS), mask, lacks, crops)


def comparison() -> AlignedComparison:
    found = AlignedComparison(INSIDE, AlignedConfig(CELLS), (8, 16, 16)).eval()
    torch.nn.init.normal_(found.networks[0].line.weight, std=0.1)
    return found


@torch.no_grad()
def test_permuting_objects_and_views_permutes_the_outputs():
    compare, aligned = comparison(), noise()
    objects, views = [2, 0, 3, 1], [1, 2, 0]
    permuted = replace(
        aligned, **{name: getattr(aligned, name)[objects][:, views] for name in ("channels", "mask", "lacks")}
    )
    first, second = compare(aligned), compare(permuted)
    assert torch.allclose(second.logits, first.logits[objects], atol=1e-5)
    assert torch.allclose(second.map_logits, first.map_logits[objects][:, views], atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(("objects", "views"), [(2, 1), (2, 7), (12, 2)])
def test_any_number_of_objects_and_views_gives_finite_outputs(objects, views):
    judged = comparison()(noise(objects, views))
    assert judged.logits.shape == (objects,) and judged.map_logits.shape == (objects, views, CELLS, CELLS)
    assert judged.logits.isfinite().all()


@torch.no_grad()
def test_networks_start_differently_and_the_mean_of_their_outputs_counts():
    compare, aligned = AlignedComparison(INSIDE, AlignedConfig(CELLS, networks=3), (8, 16, 16)).eval(), noise()
    judged, alone = compare(aligned), [one(aligned) for one in compare.networks]
    assert torch.allclose(judged.logits, torch.stack([logits for logits, _ in alone]).mean(dim=0))
    assert torch.allclose(judged.map_logits, torch.stack([cells for _, cells in alone]).mean(dim=0))
    assert not torch.allclose(*judged.map_logits_each[:2])


@torch.no_grad()
def test_objects_without_visible_cells_get_finite_outputs():
    aligned = noise()
    nothing = replace(aligned, mask=torch.zeros_like(aligned.mask), lacks=torch.zeros_like(aligned.lacks))
    assert comparison()(nothing).logits.isfinite().all()


def test_the_highest_shares_are_means_of_sorted_values():
    values, counted = torch.randn(3, 2, 10, 10), torch.rand(3, 2, 10, 10) < 0.7
    found = highest(values, counted)
    for number in range(3):
        ranked = values[number][counted[number]].sort(descending=True).values
        for column, share in enumerate((1.0, 0.01, 0.1)):
            most = ranked[: int(-(-share * len(ranked) // 1))]
            assert torch.allclose(found[number, column], most.mean(), atol=1e-4)


def test_the_network_learns_to_find_a_patch_that_differs():
    compare = comparison().train()
    optimizer = torch.optim.AdamW(compare.parameters(), lr=1e-2)
    losses = []
    for _ in range(40):
        aligned = noise()
        changed = torch.zeros_like(aligned.mask)
        changed[0, :, 4:10, 4:10] = True
        channels = aligned.channels.clone()
        channels[:, :, 0][changed] += 3
        aligned = replace(aligned, channels=channels, mask=aligned.mask | changed)
        judged = compare(aligned)
        labels = torch.tensor([1.0, 0, 0, 0])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(judged.logits, labels)
        loss = loss + torch.nn.functional.binary_cross_entropy_with_logits(judged.map_logits, changed.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


# Targets


def targets(aligned: AlignedChannels, instance: torch.Tensor, change: torch.Tensor, owner=(0, 1), labels=(1, 0)):
    return changed_cells(aligned, instance, change, torch.tensor(owner), torch.tensor(labels))


def test_targets_are_changes_of_the_object_itself_and_its_lost_surface():
    aligned = noise(objects=2, views=1)
    instance, change = torch.zeros(1, CELLS, CELLS).byte(), torch.zeros(1, CELLS, CELLS).byte()
    instance[0, :8], instance[0, 8:12] = 1, 2
    change[0, :4], change[0, 12:14] = CHANGED, LOST
    changed, judged = targets(aligned, instance, change)
    assert changed[0, 0, :4].all() and changed[0, 0, 12:14].all() and changed[0].sum() == 6 * CELLS
    assert not changed[1].any()
    assert not judged[0, 0, 8:12].any() and not judged[1, 0, :8].any()  # another object is seen there
    counted = aligned.counted[0, 0]
    assert torch.equal(judged[0, 0, 4:8], counted[4:8]) and judged[0, 0, :4].all() and judged[0, 0, 12:14].all()
    assert torch.equal(judged[0, 0, 14:], counted[14:])  # a silhouette that shows floor is not a change


def test_targets_are_unknown_for_hidden_changes_and_unmatched_objects():
    aligned = noise(objects=2, views=1)
    instance = torch.ones(1, CELLS, CELLS).byte()
    unchanged = torch.zeros(1, CELLS, CELLS).byte()
    assert not targets(aligned, instance, unchanged)[1][0].any()
    assert not targets(aligned, instance, unchanged, owner=(-1, 1), labels=(0, 0))[1][0].any()
    assert targets(aligned, instance, unchanged, labels=(0, 0))[1][0].any()
