"""Colours of suspicion: the threshold is white, the ends are full, order is kept."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.view.browser.suspicion import scale_of

scores = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30).map(np.array)


@given(scores, st.floats(-1e6, 1e6))
def test_a_higher_score_is_never_colder(values, threshold):
    share = scale_of(values, threshold).share(np.sort(values))
    assert (np.diff(share) >= 0).all() and (np.abs(share) <= 1).all()


@given(scores, st.floats(-1e6, 1e6))
def test_red_lies_above_the_threshold_and_blue_below(values, threshold):
    scale = scale_of(values, threshold)
    color = scale.color(values).astype(int)
    assert (color[values > threshold, 0] >= color[values > threshold, 2]).all()
    assert (color[values < threshold, 0] <= color[values < threshold, 2]).all()
    assert len(set(scale.color(threshold).tolist())) == 1
