"""Which pixels belong to which object: the masks of a scene looked through once, for all checks that ask."""

from __future__ import annotations

from functools import cached_property

import numpy as np


class ObjectPixels:
    """Rows and columns of the pixels of every object in every view.

    instance: (views, h, w) uint8, 0 = background, i + 1 = object i. objects: how many there are.
    """

    def __init__(self, instance: np.ndarray, objects: int):
        self.instance, self.objects = instance, objects
        views, height, width = instance.shape
        flat = instance.reshape(-1)
        place = np.flatnonzero(flat)
        key = place // (height * width) * (objects + 1) + flat[place]
        order = np.argsort(key, kind="stable")
        self._rows, self._columns = np.divmod(place[order] % (height * width), width)
        self._bounds = np.searchsorted(key[order], np.arange(views * (objects + 1) + 1))

    def counts(self) -> np.ndarray:
        """(objects, views) int: pixels of every object."""
        return np.diff(self._bounds).reshape(len(self.instance), self.objects + 1).T[1:]

    def in_view(self, view: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows and columns of all objects' pixels in a view, object by object, and where each object begins and the last ends."""
        first = view * (self.objects + 1) + 1
        bounds = self._bounds[first : first + self.objects + 1]
        return self._rows[bounds[0] : bounds[-1]], self._columns[bounds[0] : bounds[-1]], bounds - bounds[0]

    def of(self, view: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of object k in a view, row by row."""
        number = view * (self.objects + 1) + k + 1
        own = slice(self._bounds[number], self._bounds[number + 1])
        return self._rows[own], self._columns[own]

    def row_ends(self, view: int, k: int) -> np.ndarray:
        """(n, 2) centres u, v of the first and last pixel of every row of object k in a view.

        Any convex measure of the pixels is largest on one of them.
        """
        number = view * (self.objects + 1) + k + 1
        points, bounds = self._row_ends
        return points[bounds[number] : bounds[number + 1]].reshape(-1, 2)

    @cached_property
    def _row_ends(self) -> tuple[np.ndarray, np.ndarray]:
        """(rows, 2, 2) u, v of first and last pixel of the rows of all objects in all views, and where those of each begin."""
        begins = np.zeros(len(self._rows) + 1, bool)
        begins[1:-1] = self._rows[1:] != self._rows[:-1]
        begins[self._bounds] = True
        (begins,) = np.nonzero(begins)
        ends = np.stack([begins[:-1], begins[1:] - 1], axis=1)
        points = np.stack([self._columns[ends], self._rows[ends]], axis=-1) + 0.5
        return points, np.searchsorted(begins, self._bounds)


def grown(rows: np.ndarray, columns: np.ndarray, reach: int, shape: tuple[int, int]) -> np.ndarray:
    """(h + 2, w + 2) bool: the pixels and those up to `reach` beside them, within the picture, with a border of False.

    The border takes what lies outside the picture. shape: h, w.
    """
    height, width = shape
    mask = np.zeros((height + 2, width + 2), bool)
    low_v, low_u = max(rows.min() - reach, 0), max(columns.min() - reach, 0)
    high_v, high_u = min(rows.max() + reach, height - 1), min(columns.max() + reach, width - 1)
    part = np.zeros((rows.max() - rows.min() + 1 + 2 * reach, columns.max() - columns.min() + 1 + 2 * reach), bool)
    part[rows - rows.min() + reach, columns - columns.min() + reach] = True
    for axis in (0, 1):
        whole = part.copy()
        lines, more = part.swapaxes(0, axis), whole.swapaxes(0, axis)
        for step in range(1, reach + 1):
            more[step:] |= lines[:-step]
            more[:-step] |= lines[step:]
        part = whole
    top, left = low_v - (rows.min() - reach), low_u - (columns.min() - reach)
    part = part[top : top + high_v - low_v + 1, left : left + high_u - low_u + 1]
    mask[low_v + 1 : high_v + 2, low_u + 1 : high_u + 2] = part
    return mask
