"""Components of a graph are the same, however they are found."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from odd_bench.geometry import cells


def by_scipy(edges: np.ndarray, count: int) -> np.ndarray:
    graph = sparse.coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    return sparse.csgraph.connected_components(graph, directed=False)[1]


@given(st.integers(1, 60), st.integers(0, 90), st.integers(0, 10_000))
def test_components_are_numbered_by_first_appearance(count, links, seed):
    edges = np.random.default_rng(seed).integers(0, count, (links, 2))
    assert (cells.components(edges, count) == by_scipy(edges, count)).all()


def test_many_edges_give_the_same_components(monkeypatch):
    edges = np.random.default_rng(0).integers(0, 900, (700, 2))
    few = cells.components(edges, 900)
    monkeypatch.setattr(cells, "MANY_EDGES", 10)
    assert (cells.components(edges, 900) == few).all()
