"""Caching a shape's results changes nothing: variants, refusals and rest poses are the same in any order."""

from dataclasses import fields
from itertools import chain
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.anomalies.variant import Variant
from odd_bench.generate import source
from odd_bench.generate.config import RESTS, load_preset
from odd_bench.generate.resting import DROPS, Rests
from odd_bench.generate.source import SHAPES_KEPT, Sources
from odd_bench.generate.variant_file import read_variant, write_variant
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import Material, Shape
from odd_bench.plan_line import Try
from odd_bench.shapes.catalogue import BaseShape
from tests.generate.clouds import cloud, topple

NANO = load_preset("toys", "nano")
BASE = BaseShape("stone-0001", "stone", 1)
TRIES = [
    Try("bend", seed=4),
    Try("bend", seed=5),
    Try("material_mismatch", seed=4, fragment=False),
]


def stone(seed: int) -> Shape:
    """Random triangles with random paint."""
    rng = np.random.default_rng(seed)
    faces = rng.integers(0, 30, (50, 3)).astype(np.int32)
    paint = rng.integers(0, 2, (2, 50)).astype(np.int32)
    materials = (Material("clay", 0.3), Material("tin", metallic=1.0))
    color = rng.integers(0, 255, (50, 3)).astype(np.uint8)
    return Shape("stone", "stone", rng.normal(size=(30, 3)), faces, *paint, color, ("top", "base"), materials)


def outcome(seed: int) -> Variant | Refusal:
    """An odd stone, or a refusal for odd seeds."""
    rng = np.random.default_rng(seed)
    if seed % 2:
        return Refusal("too small", f"distance {rng.random():.3f}")
    return Variant(
        stone(seed), "bend", rng.random(50) < 0.5, rng.random(50) < 0.5, rng.random(), rng.normal(size=(3, 4, 4))
    )


def assert_equal(a, b) -> None:
    """Assert that every field is equal to the last bit."""
    assert type(a) is type(b)
    if isinstance(a, Refusal):
        assert (a.reason, str(a)) == (b.reason, str(b))
        return
    for name in (field.name for field in fields(a)):
        one, other = getattr(a, name), getattr(b, name)
        if isinstance(one, Shape):
            assert_equal(one, other)
        elif isinstance(one, np.ndarray):
            assert one.dtype == other.dtype and np.array_equal(one, other)
        else:
            assert one == other


@pytest.mark.parametrize("seed", range(6))
def test_stored_variants_read_back_to_the_last_bit(tmp_path, seed):
    write_variant(tmp_path / "kept.npz", outcome(seed))
    assert_equal(read_variant(tmp_path / "kept.npz"), outcome(seed))


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A function that returns new sources with one common folder, and the list of the tries made so far."""
    made = []

    def make(type, model, intact, rng, config, modes):
        made.append((type, int(rng.integers(1000))))
        found = outcome(made[-1][1])
        if isinstance(found, Refusal):
            raise found
        return found

    monkeypatch.setattr(source, "make_variant", make)
    catalogue = SimpleNamespace(model=lambda base: SimpleNamespace(shape=lambda: stone(base.seed)))
    return lambda: Sources(NANO, catalogue, tmp_path), made


def results(one, tries) -> list:
    found = []
    for attempt in tries:
        try:
            found.append(one.variant(attempt))
        except Refusal as refusal:
            found.append(refusal)
    return found


def test_another_process_finds_the_stored_results(sources):
    fresh, made = sources
    first = results(fresh().of(BASE), TRIES)
    assert len(made) == len(TRIES)
    again = results(fresh().of(BASE), TRIES[::-1])[::-1]
    assert len(made) == len(TRIES)  # nothing was made again
    for a, b in zip(first, again, strict=True):
        assert_equal(a, b)


def test_the_order_of_tries_and_shapes_changes_no_variant(sources):
    fresh, _ = sources
    other = BaseShape("stone-0002", "stone", 2)
    forward, backward = fresh(), fresh()
    one = [results(forward.of(base), TRIES) for base in (BASE, other)]
    two = [results(backward.of(base), TRIES[::-1])[::-1] for base in (other, BASE)][::-1]
    for a, b in zip(chain(*one), chain(*two), strict=True):
        assert_equal(a, b)


def test_no_more_than_the_last_few_shapes_are_kept_in_memory(sources):
    kept = sources[0]()
    bases = [BaseShape(f"stone-{n:04d}", "stone", n) for n in range(SHAPES_KEPT + 2)]
    first = [kept.of(base) for base in bases]
    assert [kept.of(base) is before for base, before in zip(bases[2:], first[2:], strict=True)] == [True] * SHAPES_KEPT
    assert kept.of(bases[0]) is not first[0]


@given(st.lists(st.tuples(st.sampled_from(RESTS), st.floats(0, 1, exclude_max=True)), min_size=2, max_size=8))
@settings(max_examples=30, deadline=None)
def test_a_rest_pose_does_not_depend_on_which_were_asked_for_before(asked):
    forward, backward = Rests(cloud(3), 7, partly), Rests(cloud(3), 7, partly)
    one = [forward.pose(*item) for item in asked]
    two = [backward.pose(*item) for item in asked[::-1]][::-1]
    assert np.array_equal(one, two)


def test_a_drop_that_does_not_settle_gives_way_to_the_next_and_upright_lies_down():
    """What was let go upright lies on the facet that it topples onto."""
    rests, settling = Rests(cloud(3), 7, never), Rests(cloud(3), 7, topple)
    assert np.allclose(rests.upright, settling.upright)
    with pytest.raises(Refusal, match=f"none of {DROPS} drops settled"):
        rests.pose("shared", 0.3)
    found = {Rests(cloud(3), 7, partly).pose("shared", draw).tobytes() for draw in np.linspace(0, 0.999, 50)}
    assert 1 < len(found) < DROPS


def partly(hull, centre, orientations_wxyz) -> SimpleNamespace:
    """A drop after which some still move."""
    return SimpleNamespace(**{**vars(topple(hull, centre, orientations_wxyz)), "settled": orientations_wxyz[:, 1] > 0})


def never(hull, centre, orientations_wxyz) -> SimpleNamespace:
    return SimpleNamespace(quaternions_wxyz=orientations_wxyz, settled=np.zeros(len(orientations_wxyz), bool))
