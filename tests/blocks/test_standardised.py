"""Features are standardised by everything that was learnt from so far, however it was divided into batches."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.blocks.standardised import LEAST_SPREAD, Standardised


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 5), min_size=2, max_size=6))
def test_features_are_standardised_by_everything_learnt_so_far(seed, sizes):
    layer, rng = Standardised(3), np.random.default_rng(seed)
    batches = [torch.from_numpy(rng.normal([1, -2, 0], [3, 0.5, 0], (size, 3))).float() for size in sizes]
    for batch in batches:
        layer.train()(batch)
    together = torch.cat(batches)
    wanted = (together - together.mean(dim=0)) / (together.std(dim=0, unbiased=False) + LEAST_SPREAD)
    assert torch.allclose(layer.eval()(together), wanted, atol=1e-3)


def test_predicting_does_not_change_the_statistics():
    layer = Standardised(2).train()
    layer(torch.randn(5, 2))
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    layer.eval()(torch.randn(5, 2) + 7)
    with torch.no_grad():
        layer.train()(torch.randn(5, 2) + 7)
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())
