"""Fragments: which cells of a solid stay together after an impact. All work on the graph of cells, before a mesh is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from odd_bench.geometry.cells import components
from odd_bench.geometry.fracture.modes import JUMP, FractureModes
from odd_bench.geometry.refusal import NO_FRAGMENT, Refusal
from odd_bench.geometry.voxels import MARGIN_VOXELS

TRIES = 40  # random impacts before a shape is refused
CRACK_SIDES = 6  # number of suitable sides of a crack from which one is chosen
LONG_BORDER = 0.8  # least border of the chosen side, as a fraction of the longest border among them
SPECK, SPECK_ROUNDS = 0.65, 3  # a cell is a speck if more than this share of its shared area borders on the other side
IMPACT_SPREAD = 0.1  # distance over which an impact spreads, as a fraction of the largest side


def spreading(modes: FractureModes) -> Callable[[np.ndarray], np.ndarray]:
    """The linear map from (n,) to (n,) that spreads an impact on some cells through the solid: one implicit step of diffusion."""
    first, second = modes.edges.T
    length = np.linalg.norm(modes.center[first] - modes.center[second], axis=1)
    links = sparse.coo_matrix((modes.area / length, (first, second)), shape=(len(modes.mass),) * 2)
    links = links + links.T
    laplacian = sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links
    volume = modes.mass * modes.inside.sum() * modes.voxel_size**3
    return linalg.splu((sparse.diags(volume) + IMPACT_SPREAD**2 * laplacian).tocsc()).solve


def response(modes: FractureModes, spread_impact: np.ndarray) -> np.ndarray:
    """(n,) projection of a spread impact (n,) onto the modes; constant on every atomic piece."""
    return modes.modes @ (modes.modes.T @ (modes.mass * spread_impact))


def fragments(modes: FractureModes, jump: np.ndarray, threshold: float) -> np.ndarray:
    """(n,) int: the fragment of every cell after all faces break across which `jump` (m,) exceeds the threshold."""
    return components(modes.edges[jump <= threshold], len(modes.mass))


def shatter(modes: FractureModes, spread: Callable, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """(n,) int: the fragments after one impact of random place and force; and the cell that was hit. spread: see `spreading`."""
    impact = np.zeros(len(modes.mass))
    cell = int(rng.integers(len(impact)))
    impact[cell] = 1.0
    pieces = response(modes, spread(impact))
    jump = np.abs(pieces[modes.edges[:, 0]] - pieces[modes.edges[:, 1]])
    breakable = np.unique(jump[jump > JUMP * np.ptp(pieces)])
    if len(breakable) == 0:
        return np.zeros(len(modes.mass), int), cell
    strongest = breakable[int(len(breakable) * rng.uniform(0.3, 1.0))]
    return fragments(modes, jump, np.nextafter(strongest, 0)), cell


def scatter(modes: FractureModes, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """(n,) int: fragments around a few random cells; and one of these cells. The fallback if the modes give no usable pieces."""
    count = len(modes.mass)
    seeds = rng.choice(count, int(rng.integers(3, 9)), replace=False)
    length = np.linalg.norm(np.diff(modes.center[modes.edges], axis=1)[:, 0], axis=1)
    graph = sparse.coo_matrix((length, tuple(modes.edges.T)), shape=(count, count)).tocsr()
    distance = sparse.csgraph.dijkstra(graph, directed=False, indices=seeds)  # (seeds, n)
    return distance.argmin(axis=0), int(seeds[0])


def bodies(modes: FractureModes, chosen: np.ndarray) -> np.ndarray:
    """(n,) int: the connected body of every chosen cell, -1 for the others. chosen: (n,) bool."""
    within = chosen[modes.edges].all(axis=1)
    return np.where(chosen, components(modes.edges[within], len(chosen)), -1)


def main_body(modes: FractureModes, chosen: np.ndarray) -> np.ndarray:
    """(n,) bool: the largest connected body of the chosen cells, by volume."""
    body = bodies(modes, chosen)
    size = np.bincount(body[chosen], modes.mass[chosen])
    return body == size.argmax()


def lost_cells(modes: FractureModes, labels: np.ndarray, cell: int, everything: bool) -> np.ndarray:
    """(n,) bool: the cells that fall off: all but the largest fragment or, unless `everything`, the body nearest to the hit cell.

    Cells that are then no longer connected to the main piece fall off too, so that the rest is connected.
    """
    size = np.bincount(labels, modes.mass)
    loose = labels != size.argmax()
    if not everything and loose.any():
        distance = np.where(loose, np.linalg.norm(modes.center - modes.center[cell], axis=1), np.inf)
        body = bodies(modes, loose)
        loose = body == body[distance.argmin()]
    loose = without_specks(modes, loose)
    return ~main_body(modes, ~loose) if not loose.all() else loose


def without_specks(modes: FractureModes, chosen: np.ndarray) -> np.ndarray:
    """(n,) bool: the chosen cells, after every cell whose shared area is mostly with the other side has changed sides."""
    total = np.maximum(np.asarray(modes.links.sum(axis=1)).ravel(), 1e-12)
    for _ in range(SPECK_ROUNDS):
        around = (modes.links @ chosen) / total
        chosen = np.where(chosen, around > 1 - SPECK, around > SPECK)
    return chosen


def draw_loss(modes: FractureModes, rng: np.random.Generator, share: tuple[float, float]) -> np.ndarray:
    """(n,) bool: the cells that fall off in a random impact. share: least and largest loss, as fractions of the volume.

    Raises Refusal if none of TRIES impacts gives such a loss.
    """
    for lost in _losses(modes, rng, TRIES, everything_share=0.35):
        if share[0] <= modes.mass[lost].sum() <= share[1]:
            return lost
    raise Refusal(NO_FRAGMENT, f"of {share[0]:.0%} to {share[1]:.0%} of the volume")


def draw_crack(modes: FractureModes, rng: np.random.Generator, share: tuple[float, float]) -> np.ndarray:
    """(n,) bool: connected cells on one side of a crack whose border on the skin is among the longest of several.

    share: least and largest volume of that side, as fractions of the whole. Raises Refusal if none of TRIES impacts gives one.
    """
    losses = _losses(modes, rng, TRIES, everything_share=0.0)
    sides = (main_body(modes, lost) for lost in losses if lost.any())
    sides = list(islice((side for side in sides if share[0] <= modes.mass[side].sum() <= share[1]), CRACK_SIDES))
    if not sides:
        raise Refusal(NO_FRAGMENT, f"of {share[0]:.0%} to {share[1]:.0%} of the volume")
    length = np.array([border_on_skin(modes, side) for side in sides])
    return sides[rng.choice(np.flatnonzero(length >= LONG_BORDER * length.max()))]


def _losses(
    modes: FractureModes, rng: np.random.Generator, tries: int, everything_share: float
) -> Iterator[np.ndarray]:
    """(n,) bool each: the cells that fall off in random impacts.

    The first two thirds of the impacts break along the modes, the last third around random cells.
    """
    spread = spreading(modes)
    for attempt in range(tries):
        labels, cell = shatter(modes, spread, rng) if attempt < 2 * tries // 3 else scatter(modes, rng)
        yield lost_cells(modes, labels, cell, everything=rng.random() < everything_share)


def border_on_skin(modes: FractureModes, side: np.ndarray) -> float:
    """Length of the border on the skin between a side, (n,) bool, and the rest, canonical units."""
    counts = [np.count_nonzero(side[here] != side[there]) for here, there in modes.skin_pairs]
    return float(np.linalg.norm(counts)) * float(modes.voxel_size) / MARGIN_VOXELS
