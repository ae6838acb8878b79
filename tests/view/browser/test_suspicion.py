"""Colours of suspicion: the threshold is white, the ends are saturated, and the order is kept."""

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
def test_scores_above_the_threshold_are_red_and_those_below_blue(values, threshold):
    scale = scale_of(values, threshold)
    color = scale.color(values).astype(int)
    assert (color[values > threshold, 0] >= color[values > threshold, 2]).all()
    assert (color[values < threshold, 0] <= color[values < threshold, 2]).all()
    assert len(set(scale.color(threshold).tolist())) == 1
