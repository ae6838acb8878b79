"""Which parts an anomaly takes: one that is large enough, or a run of small ones that lie next to each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from odd_bench.anomalies.config import Range
from odd_bench.geometry.refusal import NO_PART, Refusal
from odd_bench.geometry.shape import Shape

Parts = tuple[str, ...]
NUMBER = re.compile(r" \d+$")
MOST_OF_A_KIND = 0.5  # of parts of one name that a run may hold
ENOUGH = 0.4  # of the least area, that one or a run must have all the same


def drawn_parts(
    names: Parts, intact: Shape, rng: np.random.Generator, area: Range, least_area: float = 0.0
) -> list[Parts]:
    """The named parts whose share of the surface lies in `area`, in random order, larger ones rather first.

    least_area: of the surface in squares of the largest side. A smaller part comes with its nearest of the same name but for a
    number, as many as it takes or as there may be; together they have at least ENOUGH of it. Raises Refusal if there is none.
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
    """Area of the surface of every part, by name, canonical units."""
    areas = np.bincount(shape.face_part, shape.face_areas, minlength=len(shape.part_names))
    return dict(zip(shape.part_names, areas.tolist(), strict=True))


def own_faces(shape: Shape, parts: Sequence[str]) -> np.ndarray:
    """(f,) bool: faces of the named parts."""
    return np.isin(shape.face_part, [shape.part_names.index(part) for part in parts])


def _run(name: str, names: Parts, intact: Shape, areas: dict[str, float], least_area: float) -> Parts:
    """The part and, until the area is reached, the nearest of its kind, at most MOST_OF_A_KIND of them."""
    if areas[name] >= least_area or areas[name] == 0:
        return (name,)
    kind = [other for other in names if areas[other] > 0 and NUMBER.sub("", other) == NUMBER.sub("", name)]
    centers = {other: _center(intact, other) for other in kind}
    kind.sort(key=lambda other: (round(float(np.linalg.norm(centers[other] - centers[name])), 6), other))
    reached = np.searchsorted(np.cumsum([areas[other] for other in kind]), least_area) + 1
    return tuple(kind[: max(1, min(reached, int(MOST_OF_A_KIND * len(kind))))])


def _center(shape: Shape, part: str) -> np.ndarray:
    """(3,) middle of the corners of the part's faces."""
    return shape.vertices[np.unique(shape.faces[own_faces(shape, (part,))])].mean(axis=0)
