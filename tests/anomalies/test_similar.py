"""A near twin is another shape: near enough to be mistaken for the intact one, and far enough to be told apart."""

from dataclasses import replace

import numpy as np
import pytest

from odd_bench.anomalies import AnomalyConfig, Refusal, make_variant, quality
from odd_bench.anomalies.alignment import alignments
from odd_bench.anomalies.similar import distances
from odd_bench.anomalies.visible import looks_different
from odd_bench.geometry.mesh import is_closed
from odd_bench.shapes.cad import make_part
from tests.anomalies.statuette import coarse_box, statuette


def first_variant(family: str, seed: int, config: AnomalyConfig | None = None):
    model = make_part(family, seed)
    for attempt in range(10):
        try:
            return make_variant("similar_shape", model, model.shape(), np.random.default_rng(attempt), config)
        except Refusal:
            continue
    raise AssertionError(f"no twin of {model.name}")


@pytest.mark.parametrize("family", ("flange", "hex_bolt", "knob"))
def test_a_twin_keeps_the_bounds_and_marks_where_it_differs(family):
    intact, variant = make_part(family, 1).shape(), first_variant(family, 1)
    low, high = AnomalyConfig().chamfer
    assert 0.9 * low <= distances(intact, variant.shape, np.random.default_rng(1)).mean() <= 1.1 * high
    assert is_closed(variant.shape.faces)
    assert len(variant.changed_faces) == len(variant.shape.faces)
    assert len(variant.lost_faces) == len(intact.faces)
    assert variant.changed_faces.any() or variant.lost_faces.any()
    assert AnomalyConfig().twin[0] <= variant.magnitude <= AnomalyConfig().twin[1]


def test_equal_generators_give_equal_twins():
    assert first_variant("flange", 1).shape.vertices.tobytes() == first_variant("flange", 1).shape.vertices.tobytes()


def test_the_chamfer_distance_of_a_shifted_shape_is_at_most_the_shift():
    shape = make_part("hex_nut", 0).shape()
    moved = replace(shape, vertices=shape.vertices + [0.02, 0.0, 0.0])
    rng = np.random.default_rng(0)
    assert distances(shape, shape, rng).mean() == pytest.approx(0.0, abs=1e-6)
    assert 0.002 < distances(shape, moved, rng).mean() <= distances(shape, moved, rng).max() <= 0.0201


def test_a_refusal_for_bounds_that_no_twin_keeps_lists_the_tried_twins():
    model = make_part("flange", 1)
    config = AnomalyConfig(chamfer=(0.5, 0.6))
    with pytest.raises(Refusal, match=r"no near twin: flange-0001: .* -> "):
        make_variant("similar_shape", model, model.shape(), np.random.default_rng(0), config)


def test_a_model_without_parameters_has_no_twin():
    with pytest.raises(Refusal, match="no near twin"):
        make_variant("similar_shape", statuette(), statuette().shape(), np.random.default_rng(0))


@pytest.mark.parametrize("axis", range(3))
def test_a_near_twin_differs_by_more_than_a_viewer_overlooks(axis):
    """A small difference in length is seen if the rest of the shape stays, but not if another part lies in its place."""
    box, still = coarse_box(), [np.eye(4)]
    ends = np.ptp(box.vertices[:, axis]) / 2
    for shift, seen in ((0.06, {"bump"}), (0.25, {"bump", "similar_shape"})):
        longer = replace(box, vertices=box.vertices * np.where(np.arange(3) == axis, 1 + shift / ends, 1.0))
        assert {t for t in ("bump", "similar_shape") if looks_different(box, longer, still, t, AnomalyConfig())} == seen


def test_a_parameter_that_leaves_nothing_of_the_part_gives_no_twin():
    """The head of this hinge's pin, as wide as the pin, leaves no solid. The other draws of the same try are still made."""
    model, empty = make_part("hinge", 1632338845), AnomalyConfig(chamfer=(0.5, 0.6))
    with pytest.raises(Refusal, match="leaves nothing"):
        model.twin(np.random.default_rng(2))
    with pytest.raises(Refusal, match=r"leaves nothing.* -> .*, "):
        make_variant("similar_shape", model, model.shape(), np.random.default_rng(2), empty)


def test_the_visibility_of_a_twin_is_checked_once(monkeypatch):
    """The check of the variant uses the motions that the draw has found, because aligning costs as much as everything else."""
    aligned = []
    monkeypatch.setattr(quality, "alignments", lambda *shapes: aligned.append(shapes) or alignments(*shapes))
    variant = first_variant("flange", 1)
    assert sum(odd is variant.shape for _, odd in aligned) == 1


def test_a_shape_that_looks_like_the_intact_one_is_not_aligned(monkeypatch):
    monkeypatch.setattr(quality, "alignments", None)
    shape = make_part("hex_nut", 0).shape()
    with pytest.raises(Refusal, match="not visible"):
        quality.require_visible(shape, replace(shape), "similar_shape", AnomalyConfig())
