"""Objects compared by relations: what permuting, scaling, repeating, changing and removing must do."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from odd_bench.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from odd_bench.data.record import CHANGED
from odd_bench.detector.builder import from_mapping, restore, to_mapping
from odd_bench.detector.config import RunConfig, load_config, with_overrides
from odd_bench.detector.model import END_TO_END, RECONSTRUCTION, Detector
from odd_bench.detector.relations import (
    FARTHEST,
    TOP_SHARES,
    Compared,
    Relations,
    RelationsConfig,
    RunningScale,
    missed,
    nearest,
    over_others,
    standardised,
    summary,
    unmatched,
)
from odd_bench.detector.roi import spread_cells
from tests.detector.worlds import noise_batch

WIDTHS, AROUND, CELLS = (6, 5), 2, 40
PATCH = slice(0, 5)  # cells


def relations(learnt: int = 4) -> Relations:
    """With weights in the decision, which start at zero."""
    compare = Relations(WIDTHS, AROUND, RelationsConfig(learnt=learnt, hidden=8)).eval()
    nn.init.normal_(compare.linear.weight, std=0.2)
    return compare


def scene(objects: int) -> tuple[list[Tensor], Tensor, Tensor]:
    """Levels, surroundings and which cells count: instances of one shape, with noise."""
    shape = [torch.randn(CELLS, width) for width in (*WIDTHS, AROUND)]
    *levels, around = [one + 0.3 * torch.randn(objects, *one.shape) for one in shape]
    return levels, around, torch.rand(objects, CELLS) > 0.2


def compared(compare: Relations, levels: list[Tensor], around: Tensor, counted: Tensor) -> Compared:
    with torch.no_grad():
        return compare(levels, around, counted)


def close(one: Tensor, other: Tensor, tolerance: float = 1e-3) -> bool:
    return torch.allclose(one, other, rtol=tolerance, atol=tolerance)


# Laws of the whole comparison


@pytest.mark.parametrize("objects", [2, 5, 12])
def test_permuting_objects_permutes_what_is_said_of_them(objects):
    compare, (levels, around, counted) = relations(), scene(objects)
    order = torch.randperm(objects)
    first = compared(compare, levels, around, counted)
    again = compared(compare, [level[order] for level in levels], around[order], counted[order])
    assert close(again.logits, first.logits[order]) and first.logits.std() > 0.01
    assert close(again.cell_logits, first.cell_logits[order])
    assert close(again.learnt, first.learnt[order])


def test_the_order_of_cells_does_not_matter():
    compare, (levels, around, counted) = relations(), scene(4)
    order = torch.stack([torch.randperm(CELLS) for _ in range(4)])

    def ordered(values: Tensor) -> Tensor:
        return values.take_along_dim(order if values.dim() == 2 else order[..., None], dim=1)

    first = compared(compare, levels, around, counted)
    again = compared(compare, [ordered(level) for level in levels], ordered(around), ordered(counted))
    assert close(again.logits, first.logits)
    assert close(again.cell_logits, ordered(first.cell_logits))


@pytest.mark.parametrize(("factor", "shift"), [(10.0, 0.0), (0.1, 0.0), (1.0, 5.0)])
def test_scale_and_mean_of_a_level_do_not_matter(factor, shift):
    compare, (levels, around, counted) = relations(), scene(4)
    scaled = [levels[0] * factor + shift, levels[1]]
    first, again = compared(compare, levels, around, counted), compared(compare, scaled, around, counted)
    assert close(again.logits, first.logits) and close(again.cell_logits, first.cell_logits)


def test_figures_are_relative_to_the_mean_of_the_scene():
    compare, seen = relations(), []
    compare.scale.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    compared(compare, *scene(4))
    assert seen[0].shape[0] == 4 and seen[0].std() > 0.01
    assert seen[0].mean(dim=0).abs().max() < 1e-5


def test_cells_that_do_not_count_do_not_matter():
    compare, (levels, around, counted) = relations(), scene(4)
    other = [torch.where(counted[..., None], level, 9 * torch.randn_like(level)) for level in levels]
    first, again = compared(compare, levels, around, counted), compared(compare, other, around, counted)
    assert close(again.logits, first.logits)
    assert close(again.cell_logits[counted], first.cell_logits[counted])


def test_identical_objects_get_equal_logits():
    compare, (levels, around, counted) = relations(), scene(5)
    for same in ([0, 1, 0, 3, 0], [0] * 5):
        found = compared(compare, [level[same] for level in levels], around[same], counted[same])
        assert close(found.logits[[2, 4]], found.logits[[0, 0]], 0.02)
        assert same[1] == 0 or (found.logits[1] - found.logits[0]).abs() > 0.05


@pytest.mark.parametrize("learnt", [0, 4])
@pytest.mark.parametrize("objects", [1, 2, 12])
def test_any_number_of_objects(objects, learnt):
    found = compared(relations(learnt), *scene(objects))
    assert found.logits.shape == (objects,) and found.cell_logits.shape == (objects, CELLS)
    assert found.logits.isfinite().all() and found.cell_logits.isfinite().all()
    assert (found.learnt is None) == (learnt == 0)
    assert learnt == 0 or torch.allclose(found.learnt.norm(dim=-1), torch.ones(objects, CELLS))


def test_an_object_alone_is_not_judged_by_its_looks():
    compare = relations()
    assert torch.equal(compared(compare, *scene(1)).logits, compared(compare, *scene(1)).logits)


@pytest.mark.parametrize("empty", [[0], [0, 1], [1, 2, 3]])
@pytest.mark.parametrize("objects", [1, 2, 4])
def test_gradients_are_finite_where_no_cell_counts(objects, empty):
    compare, (levels, around, counted) = relations().train(), scene(objects)
    counted[[number for number in empty if number < objects]] = False
    levels = [level.requires_grad_() for level in levels]
    found = compare(levels, around, counted)
    (found.logits.sum() + found.cell_logits.sum() + found.learnt.sum()).backward()
    assert found.logits.isfinite().all() and found.cell_logits.isfinite().all()
    grads = [one.grad for one in (*compare.parameters(), *levels) if one.grad is not None]
    assert len(grads) > 4 and all(grad.isfinite().all() for grad in grads)


# Figures: who is unlike the others


def distances_of(descriptors: Tensor) -> tuple[Tensor, Tensor]:
    """(n, n, t, 1) distances, and every cell (n, t) counted."""
    counted = torch.ones(descriptors.shape[:2], dtype=torch.bool)
    return nearest(descriptors, counted)[..., None], counted


@pytest.mark.parametrize("objects", [3, 6])
def test_what_an_object_has_alone_is_unmatched(objects):
    (level, _), _, _ = scene(objects)
    level[1, PATCH] += 4
    distances, counted = distances_of(level)
    figures = summary(unmatched(distances), counted)  # (n, 3 x 2): mean and tops of median and least
    assert (figures.argmax(dim=0) == 1).all()
    assert unmatched(distances)[1, PATCH].min() > unmatched(distances)[1, PATCH.stop :].max()


@pytest.mark.parametrize("objects", [3, 6])
def test_what_an_object_lacks_the_others_miss_in_it(objects):
    (level, _), _, _ = scene(objects)
    level[:, PATCH] += 4  # a part of its own, before one object loses it
    level[1, PATCH] = level[1, PATCH.stop : 2 * PATCH.stop]
    distances, counted = distances_of(level)
    figures = over_others(summary(missed(distances), counted.expand(objects, -1, -1)))
    assert (figures.argmax(dim=0) == 1).all()
    assert (summary(unmatched(distances), counted).argmax(dim=0) != 1).any()  # the object itself does not tell


# The same in plain NumPy


def lower_median(values: np.ndarray) -> np.ndarray:
    """Of the first axis; of an even number, the lower of the two in the middle."""
    return np.sort(values, axis=0)[(len(values) - 1) // 2]


def random_scene(objects: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances (n, n, t, 2) and which cells count, none of the last object."""
    rng = np.random.default_rng(objects)
    counted = rng.random((objects, CELLS)) > 0.3
    counted[-1] = False
    return rng.random((objects, objects, CELLS, 2), dtype=np.float32), counted


def others(objects: int, *but: int) -> list[int]:
    return [number for number in range(objects) if number not in but]


@pytest.mark.parametrize("objects", [2, 3, 6])
def test_nearest_is_a_loop_over_cells(objects):
    (level, _), _, counted = scene(objects)
    counted[-1] = False
    found = nearest(level, counted).numpy()
    for a, b, cell in np.ndindex(objects, objects, CELLS):
        apart = np.linalg.norm(level[b][counted[b]].numpy() - level[a, cell].numpy(), axis=1)
        assert found[a, b, cell] == pytest.approx(apart.min(initial=FARTHEST), abs=5e-3)


@pytest.mark.parametrize("objects", [2, 3, 6])
def test_unmatched_is_median_and_least_over_the_others(objects):
    distances, _ = random_scene(objects)
    found = unmatched(torch.from_numpy(distances)).numpy()
    for a in range(objects):
        rest = distances[a, others(objects, a)]
        assert np.array_equal(found[a], np.concatenate([lower_median(rest), rest.min(axis=0)], axis=-1))


@pytest.mark.parametrize("objects", [2, 3, 6])
def test_missed_is_relative_to_the_other_others(objects):
    distances, _ = random_scene(objects)
    found = missed(torch.from_numpy(distances)).numpy()
    for a in range(objects):
        for b in others(objects, a):
            rest = distances[b, others(objects, a, b)]
            usual = lower_median(rest) if len(rest) else 1.0
            assert np.allclose(found[a, b], distances[b, a] - usual)


def test_summary_is_the_mean_and_the_means_of_the_largest():
    distances, counted = random_scene(4)
    values = distances[0]
    found = summary(torch.from_numpy(values), torch.from_numpy(counted)).numpy()
    for number in range(4):
        ranked = -np.sort(-values[number][counted[number]], axis=0)  # (q, 2)
        tops = [ranked[: int(np.ceil(share * len(ranked) - 1e-6))] for share in TOP_SHARES]
        expected = [part.mean(axis=0) if len(part) else np.zeros(2) for part in (ranked, *tops)]
        assert np.allclose(found[number], np.concatenate(expected), atol=1e-6)


@pytest.mark.parametrize("objects", [2, 3, 6])
def test_over_others_is_median_and_least_without_the_object_itself(objects):
    figures = random_scene(objects)[0][:, :, 0]
    found = over_others(torch.from_numpy(figures)).numpy()
    for a in range(objects):
        rest = figures[a, others(objects, a)]
        assert np.array_equal(found[a], np.concatenate([lower_median(rest), rest.min(axis=0)]))


def test_distances_are_in_units_of_their_mean():
    levels, around, counted = scene(4)
    found = relations().distances([*levels, around], None, counted)
    pairs = [found[a, b, counted[a]] for a in range(4) for b in others(4, a)]
    assert torch.cat(pairs).mean(dim=0) == pytest.approx(1, abs=1e-5)


def test_standardised_descriptors_have_no_mean_and_are_cut():
    levels, _, counted = scene(3)
    levels[0][0, 0, 0] = 1e4
    counted[0, 0] = False
    found = standardised(levels[0], counted)
    assert found[counted].mean(dim=0).abs().max() < 1e-5
    assert found[counted].std(dim=0) == pytest.approx(1 / 1.1, abs=0.1)
    assert found.max() == 5


# Scale of the figures


def test_the_running_scale_ends_at_unit_root_mean_square():
    scale, size = RunningScale(3), torch.tensor([0.01, 1.0, 300.0])
    for _ in range(600):
        scale(size * torch.randn(8, 3))
    assert scale.eval()(size * torch.randn(10_000, 3)).square().mean(dim=0).sqrt() == pytest.approx(1, abs=0.1)


def test_the_running_scale_is_left_alone_when_predicting_and_by_an_object_alone():
    scale = RunningScale(3)
    before = {name: value.clone() for name, value in scale.state_dict().items()}
    scale(torch.randn(1, 3))
    scale.eval()(9 * torch.randn(8, 3))
    assert all(torch.equal(value, before[name]) for name, value in scale.state_dict().items())


# Which cells are compared


def test_cells_are_spread_over_the_counted_ones_first():
    counted = torch.rand(5, 300) > torch.tensor([[0.9], [0.5], [0.0], [1.0], [0.7]])
    for random in (False, True):
        chosen = spread_cells(counted, 60, random)
        assert chosen.shape == (5, 60)
        for row, which in zip(chosen, counted, strict=True):
            assert len(set(row.tolist())) == 60
            assert which[row].sum() == min(60, which.sum())
    assert torch.equal(spread_cells(counted, 60, False), spread_cells(counted, 60, False))
    assert not torch.equal(spread_cells(counted, 60, True), spread_cells(counted, 60, True))
    assert spread_cells(counted, 400, False).sort(dim=1).values.tolist() == [list(range(300))] * 5


def test_chosen_cells_lie_all_over_the_object():
    chosen = spread_cells(torch.ones(1, 1000, dtype=torch.bool), 100, False)[0].sort().values
    assert chosen.diff().max() <= 25


# The detector


def frozen_volume(*overrides: str) -> RunConfig:
    return with_overrides(
        load_config("tiny"), ["model.attention.kind=relations", "model.loss.reconstruction=0.0", *overrides]
    )


def at_end_to_end(config: RunConfig) -> Detector:
    """A detector as the second stage of training starts it."""
    detector = Detector(config.model)
    detector.start_stage(RECONSTRUCTION)
    detector.start_stage(END_TO_END)
    return detector.train()


def train_on(detector: Detector, steps: int, rate: float = 3e-3) -> list[dict[str, float]]:
    """Losses on noise; half of the odd object's pixels are changed."""
    batch = noise_batch(scenes=3, objects=4)
    batch = replace(batch, change=((batch.instance == 1) & (torch.rand(batch.instance.shape) < 0.5)).byte() * CHANGED)
    optimizer = torch.optim.AdamW(detector.parameter_groups(rate, 1.0), weight_decay=0.0)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        parts = detector.loss(batch)
        parts["total"].backward()
        optimizer.step()
        losses.append({name: value.item() for name, value in parts.items()})
    return losses


def test_a_volume_that_is_kept_stays_bit_for_bit():
    detector = at_end_to_end(frozen_volume())
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    train_on(detector, 2)
    changed = {name for name, value in detector.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all(name.startswith("compare.") for name in changed)
    assert {f"compare.{name}" for name, _ in detector.compare.named_parameters()} <= changed
    assert {"compare.scale.square", "compare.scale.steps"} <= changed


def test_a_volume_that_is_not_kept_changes():
    detector = at_end_to_end(frozen_volume("model.loss.reconstruction=1.0"))
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    train_on(detector, 1)
    changed = {name for name, value in detector.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in changed} == {"backbone", "volume", "heads", "compare"}


def test_the_comparison_learns_from_a_few_scenes():
    losses = train_on(at_end_to_end(frozen_volume("model.relations.ridge=0.0")), 50)
    assert losses[0].keys() == {"total", "label", "change", "ridge", "canonical"}
    for name in losses[0].keys() - {"ridge"}:
        first, last = (np.mean([step[name] for step in part]) for part in (losses[:5], losses[-5:]))
        assert last < (0.7 if name in ("total", "label") else 1) * first, name


def test_an_object_in_which_nothing_is_opaque_is_compared_by_all_its_cells():
    detector, batch = Detector(frozen_volume().model).eval(), noise_batch(scenes=1)
    nn.init.constant_(detector.heads.density[-1].bias, -20.0)
    found, cells, counted = detector.related(detector.reconstruct(batch), 0, batch.boxes[0].numpy())
    assert counted.all() and cells.shape == (3, 4**3, 3)
    assert found.logits.isfinite().all()


def test_a_checkpoint_brings_relations_back(tmp_path):
    config = frozen_volume()
    detector = at_end_to_end(config)
    train_on(detector, 2)
    save_checkpoint(
        tmp_path / "checkpoint.pt", Checkpoint("reference", to_mapping(config), 2, 0, True, detector.state_dict())
    )
    stored = load_checkpoint(tmp_path / "checkpoint.pt")
    again = restore(from_mapping(stored.config, "checkpoint"), stored.weights).eval()
    batch = noise_batch(scenes=1, seed=1)
    expected, found = detector.eval().predict(batch)[0], again.predict(batch)[0]
    assert np.array_equal(found.boxes, expected.boxes) and np.array_equal(found.scores, expected.scores)


def test_the_ridge_keeps_the_decision_small():
    free, held = (at_end_to_end(frozen_volume(f"model.relations.ridge={ridge}")) for ridge in (0.0, 50.0))
    for detector in (free, held):
        train_on(detector, 60)
    assert held.compare.linear.weight.norm() < free.compare.linear.weight.norm()
