"""Clusters of cells that stand on the floor: a rough estimate of the number, position and size of the objects.

The share of photographs in which a cell must stand out differs from capture to capture. Since a scene holds instances of one
object, the best share is the one whose clusters are most similar in size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from odd_bench.captures.standing import Room
from odd_bench.geometry.boxes import aabb_from_points, minimum_area_yaw, rotate_about_z

SHARES = (0.6, 0.7, 0.8, 0.87, 0.93)  # candidates, of the photographs
LEAST_CELLS = 12  # of a cluster
FEWEST, MOST = 2, 20  # plausible numbers of clusters
SMALLEST, THINNEST = 0.4, 0.1  # size and number of cells relative to the others: a smaller cluster is not an object
LOOSE = 0.35  # cost of a lower share, at which places between objects stand out too, in units of `unlikeness`
LONE = 0.35  # divided by the number of clusters: the cost of finding few
OFF_FLOOR = 0.35  # a cluster whose lowest cell is higher, as a share of its height, floats
AROUND = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Clusters:
    """k clusters. members: k arrays (m, 3), the centres of the cells, floor plan. sizes: (k,) largest side of each."""

    members: list[np.ndarray]
    sizes: np.ndarray
    cell: float = 0.0

    def __len__(self) -> int:
        return len(self.members)

    @property
    def boxes(self) -> np.ndarray:
        """(k, 6) boxes around the cells, from the floor up."""
        return np.array([box_of(member, self.cell) for member in self.members]).reshape(-1, 6)

    def inside(self, region: tuple[float, float, float, float]) -> Clusters:
        """The clusters whose centre is between x0, y0 and x1, y1."""
        low, high = np.array(region[:2]), np.array(region[2:])
        kept = [i for i, box in enumerate(self.boxes) if (low <= box[:2]).all() and (box[:2] <= high).all()]
        return Clusters([self.members[i] for i in kept], self.sizes[kept], self.cell)


NONE = Clusters([], np.zeros(0))


def find_clusters(votes: np.ndarray, room: Room) -> Clusters:
    """Clusters of the cells of a room. votes: (x, y, z) share of photographs in which a cell stands out."""
    found = [(share, one) for share in SHARES if len(one := clusters_above(votes, room, share))]
    return min(found, key=lambda one: unlikeness(one[1]) + LOOSE * (1 - one[0]), default=(0.0, NONE))[1]


def clusters_above(votes: np.ndarray, room: Room, share: float) -> Clusters:
    """Clusters of cells with more than a share of the votes, without those that float or are much smaller than the others."""
    label, count = ndimage.label(votes > share, AROUND)
    cells = ndimage.sum_labels(np.ones_like(label), label, np.arange(1, count + 1))
    members = []
    for number in np.flatnonzero(cells >= LEAST_CELLS) + 1:
        index = np.argwhere(label == number)
        places = room.low + (index + 0.5) * room.cell
        if places[:, 2].min() - room.cell <= OFF_FLOOR * places[:, 2].max():
            members.append(places)
    sizes = np.array([size_of(member, room.cell) for member in members])
    if not len(sizes):
        return NONE
    counts = np.array([len(member) for member in members])
    kept = np.flatnonzero(
        (sizes > SMALLEST * np.average(sizes, weights=counts))
        & (counts > THINNEST * np.average(counts, weights=counts))
    )
    return Clusters([members[i] for i in kept], sizes[kept], room.cell)


def unlikeness(found: Clusters) -> float:
    """How much the clusters differ in size; too few or too many clusters increase the value."""
    if not FEWEST <= len(found) <= MOST:
        return 10.0 + abs(len(found) - FEWEST)
    return float(np.abs(np.log(found.sizes / np.median(found.sizes))).mean()) + LONE / len(found)


def size_of(places: np.ndarray, cell: float) -> float:
    """The largest side of the smallest upright box around cells (n, 3)."""
    turned = rotate_about_z(places, -minimum_area_yaw(places[:, :2]))
    size = np.ptp(turned, axis=0) + cell
    return float(max(size[:2].max(), turned[:, 2].max() + cell / 2))


def box_of(places: np.ndarray, cell: float) -> np.ndarray:
    """(6,) centre and size of the box around cells (n, 3), from the floor up."""
    low, high = places.min(axis=0) - cell / 2, places.max(axis=0) + cell / 2
    return aabb_from_points(np.stack([[*low[:2], 0.0], high]))
