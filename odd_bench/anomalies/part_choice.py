"""Which parts an anomaly edits: one that is large enough, or a group of small ones that lie next to each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from odd_bench.anomalies.config import Range
from odd_bench.geometry.refusal import NO_PART, Refusal
from odd_bench.geometry.shape import Shape

Parts = tuple[str, ...]
NUMBER = re.compile(r" \d+$")
MOST_OF_A_KIND = 0.5  # share of the parts of one kind that a group may contain
ENOUGH = 0.4  # share of the least area that even a part or group which cannot reach it must have


def drawn_parts(
    names: Parts, intact: Shape, rng: np.random.Generator, area: Range, least_area: float = 0.0
) -> list[Parts]:
    """Groups of the named parts whose share of the surface lies in `area`, in random order; larger ones tend to come first.

    least_area: least area of a group, in squares of the largest side. A smaller part is joined by the nearest parts of its kind
    (the same name but for a number) until the least area is reached, or MOST_OF_A_KIND of them. A group that still falls short
    must have at least ENOUGH of the least area. Raises Refusal if no group fits.
    """
    areas = part_areas(intact)
    whole = sum(areas.values())
    runs = [_run(name, names, intact, areas, least_area) for name in names]
    sizes = [sum(areas[name] for name in run) for run in runs]
    fitting = [k for k, size in enumerate(sizes) if size >= ENOUGH * least_area and area[0] <= size / whole <= area[1]]
    if not fitting:
        found = ", ".join(f"{name} {areas[name] / whole:.1%}" for name in names)
        raise Refusal(NO_PART, f"{intact.name}: {found or 'none may be moved'}")
    weights = np.sqrt([sizes[k] / whole for k in fitting])
    order = rng.choice(len(fitting), len(fitting), replace=False, p=weights / weights.sum())
    return [runs[fitting[index]] for index in order]


def part_areas(shape: Shape) -> dict[str, float]:
    """Surface area of every part, by name, in squares of the canonical unit."""
    areas = np.bincount(shape.face_part, shape.face_areas, minlength=len(shape.part_names))
    return dict(zip(shape.part_names, areas.tolist(), strict=True))


def own_faces(shape: Shape, parts: Sequence[str]) -> np.ndarray:
    """(f,) bool: the faces of the named parts."""
    return np.isin(shape.face_part, [shape.part_names.index(part) for part in parts])


def _run(name: str, names: Parts, intact: Shape, areas: dict[str, float], least_area: float) -> Parts:
    """The part with the nearest parts of its kind, until the area is reached; at most MOST_OF_A_KIND of them."""
    if areas[name] >= least_area or areas[name] == 0:
        return (name,)
    kind = [other for other in names if areas[other] > 0 and NUMBER.sub("", other) == NUMBER.sub("", name)]
    centers = {other: _center(intact, other) for other in kind}
    kind.sort(key=lambda other: (round(float(np.linalg.norm(centers[other] - centers[name])), 6), other))
    reached = np.searchsorted(np.cumsum([areas[other] for other in kind]), least_area) + 1
    return tuple(kind[: max(1, min(reached, int(MOST_OF_A_KIND * len(kind))))])


def _center(shape: Shape, part: str) -> np.ndarray:
    """(3,) mean of the vertices of the part's faces."""
    return shape.vertices[np.unique(shape.faces[own_faces(shape, (part,))])].mean(axis=0)
