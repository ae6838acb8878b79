"""Objects compared by relations: the effects of permuting, scaling, repeating, changing and removing."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from odd_bench.detector.comparison.consensus import (
    FARTHEST,
    QUANTILES,
    SHAPE_FEATURES,
    Disagreement,
    over_others,
    summary,
)
from odd_bench.detector.comparison.relations import (
    APPEARANCES,
    Compared,
    Relations,
    RelationsConfig,
    appearance,
    colors_of,
    matched,
    missed,
    nearest,
    standardised,
    unlike,
)

WIDTHS, PIXELS, MATCHED = (6, 5), 60, 40
PATCH = slice(0, 5)  # pixels
Seen = tuple[Tensor, list[Tensor], Tensor, Disagreement]


def relations() -> Relations:
    """The module with weights in the decision, which start at zero."""
    compare = Relations(len(WIDTHS), RelationsConfig(compared=MATCHED)).eval()
    nn.init.normal_(compare.decision.linear.weight, std=0.2)
    return compare


def scene(objects: int) -> Seen:
    """Noisy instances of one shape: colours, feature levels, which pixels count, and shapes."""
    colors = (torch.rand(PIXELS, 3) + 0.1 * torch.randn(objects, PIXELS, 3)).clamp(0, 1)
    levels = [torch.randn(PIXELS, width) + 0.3 * torch.randn(objects, PIXELS, width) for width in WIDTHS]
    shapes = Disagreement(torch.rand(objects, SHAPE_FEATURES), torch.rand(objects, PIXELS, len(QUANTILES)))
    return colors, levels, torch.rand(objects, PIXELS) > 0.2, shapes


def chosen(seen: Seen, objects: list[int] | Tensor) -> Seen:
    colors, levels, counted, shapes = seen
    shapes = Disagreement(shapes.features[objects], shapes.beyond[objects])
    return colors[objects], [level[objects] for level in levels], counted[objects], shapes


def compared(compare: Relations, seen: Seen) -> Compared:
    with torch.no_grad():
        return compare(*seen)


def close(one: Tensor, other: Tensor, tolerance: float = 1e-3) -> bool:
    return torch.allclose(one, other, rtol=tolerance, atol=tolerance)


# Laws of the whole comparison


@pytest.mark.parametrize("objects", [2, 5, 12])
def test_permuting_objects_permutes_their_outputs(objects):
    compare, seen = relations(), scene(objects)
    order = torch.randperm(objects)
    first, again = compared(compare, seen), compared(compare, chosen(seen, order))
    assert close(again.logits, first.logits[order]) and first.logits.std() > 0.01
    assert close(again.pixel_logits, first.pixel_logits[order])


def test_the_order_of_matched_pixels_does_not_matter():
    compare, (colors, levels, counted, shapes) = relations(), scene(4)
    order = torch.stack([torch.cat([torch.randperm(MATCHED), torch.arange(MATCHED, PIXELS)]) for _ in range(4)])

    def ordered(values: Tensor) -> Tensor:
        return values.take_along_dim(order if values.dim() == 2 else order[..., None], dim=1)

    first = compared(compare, (colors, levels, counted, shapes))
    shapes = Disagreement(shapes.features, ordered(shapes.beyond))
    again = compared(compare, (ordered(colors), [ordered(level) for level in levels], ordered(counted), shapes))
    assert close(again.logits, first.logits)
    assert close(again.pixel_logits, first.pixel_logits.take_along_dim(order[:, :MATCHED], dim=1))


@pytest.mark.parametrize(("factor", "shift"), [(10.0, 0.0), (0.1, 0.0), (1.0, 5.0)])
def test_scale_and_mean_of_a_level_do_not_matter(factor, shift):
    compare, (colors, levels, counted, shapes) = relations(), scene(4)
    scaled = [levels[0] * factor + shift, levels[1]]
    first = compared(compare, (colors, levels, counted, shapes))
    again = compared(compare, (colors, scaled, counted, shapes))
    assert close(again.logits, first.logits) and close(again.pixel_logits, first.pixel_logits)


def test_features_are_relative_to_the_mean_of_the_scene():
    features = compared(relations(), scene(4)).features
    assert features.shape[0] == 4 and features.std() > 0.01
    assert features.mean(dim=0).abs().max() < 1e-5


def test_masked_pixels_do_not_matter():
    compare, (colors, levels, counted, shapes) = relations(), scene(4)

    def other(values: Tensor) -> Tensor:
        return torch.where(counted[..., None], values, torch.rand_like(values))

    first = compared(compare, (colors, levels, counted, shapes))
    again = compared(compare, (other(colors), [other(level) for level in levels], counted, shapes))
    assert close(again.logits, first.logits)
    used = counted[:, :MATCHED]
    assert close(again.pixel_logits[used], first.pixel_logits[used])


def test_identical_objects_get_equal_logits():
    compare, seen = relations(), scene(5)
    for same in ([0, 1, 0, 3, 0], [0] * 5):
        found = compared(compare, chosen(seen, same))
        assert close(found.logits[[2, 4]], found.logits[[0, 0]], 0.02)
        assert same[1] == 0 or (found.logits[1] - found.logits[0]).abs() > 0.05


@pytest.mark.parametrize("objects", [2, 12])
def test_any_number_of_objects_gives_finite_outputs(objects):
    found = compared(relations(), scene(objects))
    assert found.logits.shape == (objects,) and found.pixel_logits.shape == (objects, MATCHED)
    assert found.logits.isfinite().all() and found.pixel_logits.isfinite().all()


def test_a_single_object_is_not_judged_by_its_appearance():
    compare = relations()
    one, other = (compared(compare, (*scene(1)[:3], None)) for _ in range(2))
    assert torch.equal(one.logits, other.logits) and (one.pixel_logits == 0).all()


@pytest.mark.parametrize("empty", [[0], [0, 1], [1, 2, 3]])
@pytest.mark.parametrize("objects", [2, 4])
def test_gradients_are_finite_where_no_pixel_counts(objects, empty):
    compare, seen = relations().train(), scene(objects)
    seen[2][[number for number in empty if number < objects]] = False
    found = compare(*seen)
    recalled, _ = compare.decision.recalled(found.features, torch.ones(objects, dtype=torch.long))
    (found.logits.sum() + found.pixel_logits.sum() + recalled.sum()).backward()
    assert found.logits.isfinite().all() and found.pixel_logits.isfinite().all()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in compare.parameters())


# Pixels: which object is unlike the others


def distances_of(descriptors: Tensor) -> tuple[Tensor, Tensor]:
    """(n, n, t, 1) distances, with every pixel (n, t) counted."""
    counted = torch.ones(descriptors.shape[:2], dtype=torch.bool)
    return nearest(descriptors, counted)[..., None], counted


@pytest.mark.parametrize("objects", [3, 6])
def test_a_feature_of_one_object_alone_is_unmatched(objects):
    _, (level, _), _, _ = scene(objects)
    level[1, PATCH] += 4
    distances, counted = distances_of(level)
    unmatched = over_others(distances)
    assert (summary(unmatched, counted).argmax(dim=0) == 1).all()
    assert unmatched[1, PATCH].min() > unmatched[1, PATCH.stop :].max()


@pytest.mark.parametrize("objects", [3, 6])
def test_the_others_miss_in_an_object_what_it_lacks(objects):
    _, (level, _), _, _ = scene(objects)
    level[:, PATCH] += 4  # a separate part, before one object loses it
    level[1, PATCH] = level[1, PATCH.stop : 2 * PATCH.stop]
    distances, counted = distances_of(level)
    features = over_others(summary(missed(distances), counted.expand(objects, -1, -1)))
    assert (features.argmax(dim=0) == 1).all()
    assert (summary(over_others(distances), counted).argmax(dim=0) != 1).any()  # the object itself does not show it


def others(objects: int, *but: int) -> list[int]:
    return [number for number in range(objects) if number not in but]


@pytest.mark.parametrize("objects", [2, 3, 6])
def test_nearest_equals_a_loop_over_pixels(objects):
    _, (level, _), counted, _ = scene(objects)
    counted[-1] = False
    found = nearest(level, counted).numpy()
    for a, b, pixel in np.ndindex(objects, objects, PIXELS):
        apart = np.linalg.norm(level[b][counted[b]].numpy() - level[a, pixel].numpy(), axis=1)
        assert found[a, b, pixel] == pytest.approx(apart.min(initial=FARTHEST), abs=5e-3)


@pytest.mark.parametrize("objects", [2, 3, 6])
def test_missed_is_relative_to_the_other_others(objects):
    distances = np.random.default_rng(objects).random((objects, objects, PIXELS, 2), dtype=np.float32)
    found = missed(torch.from_numpy(distances)).numpy()
    for a in range(objects):
        for b in others(objects, a):
            rest = distances[b, others(objects, a, b)]
            usual = np.sort(rest, axis=0)[(len(rest) - 1) // 2] if len(rest) else 1.0
            assert np.allclose(found[a, b], distances[b, a] - usual)


def test_distances_are_in_units_of_their_mean():
    _, levels, counted, _ = scene(4)
    found = matched(levels, counted)
    pairs = [found[a, b, counted[a]] for a in range(4) for b in others(4, a)]
    assert torch.cat(pairs).mean(dim=0) == pytest.approx(1, abs=1e-5)


def test_standardised_descriptors_have_zero_mean_and_are_clipped():
    _, levels, counted, _ = scene(3)
    levels[0][0, 0, 0] = 1e4
    counted[0, 0] = False
    found = standardised(levels[0], counted)
    assert found[counted].mean(dim=0).abs().max() < 1e-5
    assert found[counted].std(dim=0) == pytest.approx(1 / 1.1, abs=0.1)
    assert found.max() == 5


# Appearance as a whole


@pytest.mark.parametrize("objects", [3, 6])
def test_an_object_of_another_overall_appearance_is_unlike_the_others(objects):
    colors, _, counted, _ = scene(objects)
    colors[1] = colors[1] * torch.tensor([1.0, 0.3, 0.3])
    for values in colors_of(colors):
        assert (unlike(appearance(values, counted)[0]).argmax(dim=0) == 1).all()


def test_a_shadow_changes_no_colour_ratio():
    colors = 0.2 + 0.8 * torch.rand(2, PIXELS, 3)
    assert close(colors_of(0.7 * colors)[1], colors_of(colors)[1], 0.02)
    light, darker = colors_of(colors)[0], colors_of(0.7 * colors)[0]
    assert close(light - darker, torch.full_like(light, -2.2 * np.log(0.7)), 0.1)


def test_appearance_is_mean_and_deviation_of_the_counted_pixels():
    colors, _, counted, _ = scene(3)
    mean, deviation = appearance(colors, counted)
    expected = torch.stack([torch.stack([one[which].mean(0), one[which].std(0, unbiased=False)])
                            for one, which in zip(colors, counted, strict=True)])  # fmt: skip
    usual = expected[:, 1].mean(dim=0)
    assert close(mean, expected[:, 0] / usual) and close(deviation, expected[:, 1] / usual)


@pytest.mark.parametrize("objects", [2, 5])
def test_unlikeness_is_relative_to_the_scene_whatever_its_unit(objects):
    values = torch.randn(objects, 7)
    found = unlike(values)
    assert found.shape == (objects, APPEARANCES) and close(found.mean(dim=0), torch.ones(APPEARANCES))
    assert close(unlike(1000 * values), found)
    assert unlike(torch.ones(objects, 7)).isfinite().all()


def test_the_decision_learns_from_memory_and_the_features_from_the_scene():
    compare, seen = relations().train(), scene(3)
    found = compare(*seen)
    found.logits.sum().backward(retain_graph=True)
    assert compare.decision.linear.weight.grad is None and compare.pixel[0].weight.grad is not None
    compare.pixel.zero_grad()
    compare.decision.recalled(found.features, torch.tensor([1, 0, 0]))[0].sum().backward()
    assert compare.decision.linear.weight.grad is not None and compare.pixel[0].weight.grad is None
