"""The pixels of every object, found once for all checks of a scene."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class ObjectPixels:
    """The pixels of every object in every view, sorted by view and object.

    instance: (views, h, w) uint8, 0 = background, i + 1 = object i. objects: number of objects. rows, columns: (n,) int, position
    of each pixel in its view. place: (n,) int, index of each pixel into the flattened (views, h, w).
    bounds: (views * (objects + 1) + 1,) int, where the pixels of the background (there are none) and of each object begin in each
    view, and the end of the last ones.
    """

    def __init__(self, instance: np.ndarray, objects: int):
        self.instance, self.objects = instance, objects
        views, height, width = instance.shape
        place = np.flatnonzero(instance != 0).astype(np.int32)
        view = place // (height * width)
        key = view * (objects + 1) + instance.reshape(-1)[place]
        if views * (objects + 1) <= 1 << 16:
            key = key.astype(np.uint16)  # sorting takes a tenth of the time
        order = np.argsort(key, kind="stable")
        self.place = place[order]
        within = (place - view * (height * width))[order]
        self.rows = within // width
        self.columns = within - self.rows * width
        self.bounds = np.searchsorted(key[order], np.arange(views * (objects + 1) + 1))

    def counts(self) -> np.ndarray:
        """Number of pixels (objects, views) of every object in every view."""
        return np.diff(self.bounds).reshape(len(self.instance), self.objects + 1).T[1:]

    def seen(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All pairs of a view and an object visible in it: the view, the object, and the index into `bounds`, each (n,) int."""
        there = np.flatnonzero(np.diff(self.bounds))
        view, number = np.divmod(there, self.objects + 1)
        return view, number - 1, there

    def row_ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Centres (rows, 2, 2) of the first and last pixel, each u v, of every row of every object.

        Any convex function of an object's pixels has its maximum at one of them. The second result (n,) int tells where the rows of
        each pair of view and object begin, in the order of `seen`.
        """
        begins = np.zeros(len(self.rows) + 1, bool)
        begins[1:-1] = self.rows[1:] != self.rows[:-1]
        begins[self.bounds] = True
        (begins,) = np.nonzero(begins)
        ends = np.stack([begins[:-1], begins[1:] - 1], axis=1)
        points = np.stack([self.columns[ends], self.rows[ends]], axis=-1) + 0.5
        return points, np.searchsorted(begins, self.bounds[self.seen()[2]])


def grown(instance: np.ndarray, objects: Sequence[int], reach: int) -> np.ndarray:
    """The masks of up to eight objects, grown by `reach` pixels, as bits of (views, h + 2, w + 2) uint8.

    Bit i of a pixel is set if objects[i] is at most `reach` pixels away in rows and columns. A border without bits stands for
    everything outside the picture. instance: (views, h, w) uint8.
    """
    views, height, width = instance.shape
    bits = np.zeros(256, np.uint8)
    bits[np.array(objects) + 1] = 1 << np.arange(len(objects))
    near = np.zeros((views, height + 2, width + 2), np.uint8)
    near[:, 1:-1, 1:-1] = bits[instance]
    for axis in (1, 2):
        lines, more = near.copy().swapaxes(1, axis), near.swapaxes(1, axis)
        for step in range(1, reach + 1):
            more[:, step:] |= lines[:, :-step]
            more[:, :-step] |= lines[:, step:]
    near[:, [0, -1]] = 0
    near[:, :, [0, -1]] = 0
    return near
