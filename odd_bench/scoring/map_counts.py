"""Counts of pixels by level. Maps have 256 levels, so every metric of anomaly maps follows exactly from such counts.

The counts of a scene are added to those of its base shape. Memory therefore does not grow with the number of scenes, and whole base
shapes can be resampled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVELS = 256
DOMAINS = ("found", "all")  # pixels of the objects that are found; all pixels
NEAR_PX = 3.0
OUTSIDE, ON_FOUND, FIRST_PATCH = 0, 1, 2  # kinds of pixels: on no found object; unchanged on a found object; changed


@dataclass(frozen=True)
class SceneObjects:
    """The objects of a scene. odd: ids of the odd ones. found: ids of all objects, odd or not, that a box is matched to."""

    odd: tuple[int, ...]
    found: frozenset[int]


@dataclass(frozen=True)
class View:
    """One view. suspicion, instance, change: (h, w) uint8.

    suspicion: the anomaly map. instance: 0 = background, i + 1 = object i. change: 0 = unchanged, 1 = changed surface, 2 = lost
    surface. The last two are those of SceneRecord.
    """

    suspicion: np.ndarray
    instance: np.ndarray
    change: np.ndarray


@dataclass(frozen=True)
class Patches:
    """The changed patches of a view. number: (h, w), 0 = none, p + 1 = patch p. owner: (patches,), id of the object of each."""

    number: np.ndarray
    owner: np.ndarray


@dataclass
class Peak:
    """The highest level of one odd object in the views so far, and the pixels that have it.

    level: -1 before the first pixel. tied: number of pixels at this level. near: number of these that lie in or near the change.
    pixels, around: the same numbers for all pixels of the object. seen: whether any view shows the change.
    """

    level: int = -1
    tied: int = 0
    near: int = 0
    pixels: int = 0
    around: int = 0
    seen: bool = False


@dataclass(frozen=True)
class MapCounts:
    """Sums over the scenes of each of k base shapes, in each of the two DOMAINS.

    changed, unchanged: (2, k, LEVELS), numbers of pixels. overlap: (2, k, LEVELS), for each level the sum over patches of the share
    of their pixels at that level; each patch contributes 1 in total. patches: (2, k), number of patches. objects: (2, k), number of
    odd objects whose change a view shows. hits: (2, k), number of these whose highest pixel lies in or near the change; if several
    pixels share the highest level, the share of them that do. chance: (2, k), expected hits of a random pixel of each object.
    unseen: (2, k), number of odd objects whose change no view shows.
    """

    changed: np.ndarray
    unchanged: np.ndarray
    overlap: np.ndarray
    patches: np.ndarray
    objects: np.ndarray
    hits: np.ndarray
    chance: np.ndarray
    unseen: np.ndarray

    def add_scene(self, cluster: int, objects: SceneObjects, views: list[View]) -> None:
        """Add the counts of all views of a scene. cluster: index of its base shape."""
        peaks = {number: Peak() for number in objects.odd}
        for view in views:
            patches = changed_patches(view.instance, view.change, objects.odd)
            self._add_pixels(cluster, objects, view, patches)
            for number, peak in peaks.items():
                update_peak(peak, number, view, patches)
        for number, peak in peaks.items():
            domains = [place for place, name in enumerate(DOMAINS) if name == "all" or number in objects.found]
            if not peak.seen:
                self.unseen[domains, cluster] += 1
                continue
            self.objects[domains, cluster] += 1
            self.hits[domains, cluster] += peak.near / peak.tied
            self.chance[domains, cluster] += peak.around / peak.pixels

    def _add_pixels(self, cluster: int, objects: SceneObjects, view: View, patches: Patches) -> None:
        counts = level_counts(view, patches, objects.found)
        of_patches, found = counts[FIRST_PATCH:], np.isin(patches.owner, list(objects.found))
        self.unchanged[0, cluster] += counts[ON_FOUND]
        self.unchanged[1, cluster] += counts[OUTSIDE] + counts[ON_FOUND]
        for domain, some in enumerate((of_patches[found], of_patches)):
            if len(some):
                self.changed[domain, cluster] += some.sum(axis=0)
                self.overlap[domain, cluster] += (some / some.sum(axis=1, keepdims=True)).sum(axis=0)
                self.patches[domain, cluster] += len(some)


def empty_counts(clusters: int) -> MapCounts:
    """The counts before the first scene."""
    levels = [np.zeros((len(DOMAINS), clusters, LEVELS)) for _ in range(3)]
    return MapCounts(*levels, *(np.zeros((len(DOMAINS), clusters)) for _ in range(5)))


def level_counts(view: View, patches: Patches, found: frozenset[int]) -> np.ndarray:
    """Number (FIRST_PATCH + patches, LEVELS) of pixels of every kind at each level."""
    first = np.full(256, OUTSIDE * LEVELS)  # for each value of the instance mask, the bin of level 0 of its kind
    first[[number + 1 for number in found]] = ON_FOUND * LEVELS
    place = first[view.instance]
    np.copyto(place, (patches.number + (FIRST_PATCH - 1)) * LEVELS, where=patches.number > 0)
    place += view.suspicion
    kinds = FIRST_PATCH + len(patches.owner)
    return np.bincount(place.ravel(), minlength=kinds * LEVELS).reshape(kinds, LEVELS)


def changed_patches(instance: np.ndarray, change: np.ndarray, odd: tuple[int, ...]) -> Patches:
    """The connected components of the changed pixels of each odd object. Pixels that touch at a corner are connected.

    A changed pixel belongs to the odd object that is visible there. If none is, as happens at lost surface, it belongs to the
    nearest visible odd object.
    """
    from scipy.ndimage import label

    number, owners = np.zeros(change.shape, np.int64), []
    window = bounds(change > 0)
    if not odd or window is None:
        return Patches(number, np.zeros(0, int))
    inside, owner = number[window], owners_of_changes(instance, change, odd)[window]
    for one in odd:
        parts, count = label(owner == one, np.ones((3, 3)))
        np.copyto(inside, parts + len(owners), where=parts > 0)
        owners += [one] * count
    return Patches(number, np.array(owners, int))


def owners_of_changes(instance: np.ndarray, change: np.ndarray, odd: tuple[int, ...]) -> np.ndarray:
    """Id (h, w) of the odd object that each changed pixel belongs to, -1 for unchanged pixels."""
    owner = np.full(change.shape, -1)
    rows, columns = np.nonzero(change)
    owners = instance[rows, columns].astype(int) - 1
    strayed = ~np.isin(owners, odd)
    if strayed.any():
        asked = rows[strayed], columns[strayed]
        owners[strayed] = odd[0] if len(odd) == 1 else nearest_odd(instance, odd, asked)
    owner[rows, columns] = owners
    return owner


def nearest_odd(instance: np.ndarray, odd: tuple[int, ...], asked: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Id of the odd object visible nearest to each asked pixel (rows, columns); the first odd object if none is visible."""
    from scipy.ndimage import distance_transform_edt

    elsewhere = ~np.isin(instance, np.array(odd) + 1)
    if elsewhere.all():
        return np.full(len(asked[0]), odd[0])
    rows, columns = distance_transform_edt(elsewhere, return_distances=False, return_indices=True)
    return instance[rows[asked], columns[asked]].astype(int) - 1


def update_peak(peak: Peak, number: int, view: View, patches: Patches) -> None:
    """Update the peak with another view. The pixels of an object include those of its lost surface."""
    mine = np.flatnonzero(patches.owner == number) + 1
    changed = (patches.number >= mine[0]) & (patches.number <= mine[-1]) if len(mine) else None
    own = view.instance == number + 1
    own = own if changed is None else own | changed
    window = bounds(own)
    if window is None:
        return
    own, levels = own[window], view.suspicion[window]
    near = own & near_change(changed[window]) if changed is not None else np.zeros_like(own)
    top = int(levels[own].max())
    at_top = own & (levels == top)
    if top > peak.level:
        peak.level, peak.tied, peak.near = top, 0, 0
    if top == peak.level:
        peak.tied += int(np.count_nonzero(at_top))
        peak.near += int(np.count_nonzero(at_top & near))
    peak.pixels += int(np.count_nonzero(own))
    peak.around += int(np.count_nonzero(near))
    peak.seen |= changed is not None


def near_change(changed: np.ndarray) -> np.ndarray:
    """Pixels (h, w) whose centre is at most NEAR_PX from that of a changed pixel. At least one pixel must be changed."""
    from scipy.ndimage import distance_transform_edt

    around = tuple(slice(max(0, side.start - int(NEAR_PX)), side.stop + int(NEAR_PX)) for side in bounds(changed))
    near = np.zeros_like(changed)
    near[around] = distance_transform_edt(~changed[around]) <= NEAR_PX
    return near


def bounds(mask: np.ndarray) -> tuple[slice, slice] | None:
    """The smallest window that contains the whole mask, or None if the mask is empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
