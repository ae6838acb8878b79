"""DBSCAN (Ester et al., 1996) of points whose neighbours are few, as those of voxels: several times faster than scikit-learn's.

A prediction is to take 15 ms, and boxes alone would take half of them. The labels are those of scikit-learn.
"""

from __future__ import annotations

import numpy as np


def dbscan(points: np.ndarray, eps: float, min_samples: int) -> np.ndarray:
    """(n,) number of the cluster of each of points (n, d), -1 for noise.

    A core point has min_samples points, itself included, within eps; core points within eps of each other are one cluster.
    Clusters are numbered by their first core point; a border point belongs to the lowest number among its neighbours.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    n = len(points)
    pairs = cKDTree(points).query_pairs(eps, output_type="ndarray")
    core = np.bincount(pairs.ravel(), minlength=n) + 1 >= min_samples
    linked = pairs[core[pairs].all(axis=1)]
    _, component = connected_components(
        coo_array((np.ones(len(linked), bool), tuple(linked.T)), (n, n)), directed=False
    )
    number = numbered(component[core])
    label = np.full(n, n)
    label[core] = number
    for inner, outer in (pairs.T, pairs.T[::-1]):
        border = core[inner] & ~core[outer]
        np.minimum.at(label, outer[border], label[inner[border]])
    return np.where(label < n, label, -1)


def numbered(values: np.ndarray) -> np.ndarray:
    """(n,) the same groups of equal values, numbered in the order of their first appearance."""
    _, first, group = np.unique(values, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group]
