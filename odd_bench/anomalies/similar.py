"""Similar shape: the intact shape is replaced by a near twin, which looks the same at a glance but is another part."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol, runtime_checkable

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.quality import SIMILAR, require_visible
from odd_bench.geometry.raycast import nearest
from odd_bench.geometry.refusal import NO_TWIN, Refusal
from odd_bench.geometry.shape import Model, Shape

TWINS_TRIED = 8
SAMPLES = 3_000  # points on each surface


class Twin(Protocol):
    """A shape that resembles another. shape: in the canonical frame of the other. change: what differs, in words."""

    shape: Shape
    change: str


@runtime_checkable
class HasTwins(Protocol):
    """A model that knows shapes that resemble its own."""

    def twin(self, rng: np.random.Generator) -> Twin:
        """A random twin. Raises Refusal if this draw gives none."""
        ...


def similar_shape(
    model: Model, intact: Shape, rng: np.random.Generator, config: AnomalyConfig
) -> tuple[Shape, np.ndarray]:
    """The first suitable one of TWINS_TRIED twins, and the (m, 4, 4) motions of the intact shape that it was compared with.

    The mean distance between the surfaces lies in `config.chamfer`, the largest in `config.twin`, and the difference is visible.
    Raises Refusal if no twin fits or the model has none.
    """
    if not isinstance(model, HasTwins):
        raise Refusal(NO_TWIN, f"{intact.name}: models of this kind have no twins")
    tried = []
    for _ in range(TWINS_TRIED):
        try:
            twin = model.twin(rng)
        except Refusal as refusal:
            tried.append(str(refusal))
            continue
        apart = distances(intact, twin.shape, rng)
        is_near = config.chamfer[0] <= apart.mean() <= config.chamfer[1]
        is_different = config.twin[0] <= apart.max() <= config.twin[1]
        if is_near and is_different:
            with suppress(Refusal):
                return twin.shape, require_visible(intact, twin.shape, SIMILAR, config)
        tried.append(f"{twin.change} (mean {apart.mean():.4f}, largest {apart.max():.3f})")
    raise Refusal(NO_TWIN, f"{intact.name}: {', '.join(tried)}")


def distances(first: Shape, second: Shape, rng: np.random.Generator) -> np.ndarray:
    """(2 * SAMPLES,) distances of points on each surface to the other, canonical units. Their mean is the Chamfer distance."""
    there = nearest(second, surface_points(first, SAMPLES, rng))[0]
    back = nearest(first, surface_points(second, SAMPLES, rng))[0]
    return np.concatenate([there, back])


def surface_points(shape: Shape, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 3) random points, uniformly distributed over the surface."""
    areas = shape.face_areas
    face = rng.choice(len(areas), count, p=areas / areas.sum())
    u, v = rng.random((2, count, 1))
    folded = u + v > 1
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    a, b, c = shape.vertices[shape.faces[face]].transpose(1, 0, 2)
    return a + u * (b - a) + v * (c - a)
