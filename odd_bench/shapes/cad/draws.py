"""The parameters of a machined part: named random draws, each independent of the others."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True)
class Parameter:
    """A parameter and the draw that gave it.

    draw: in [0, 1). levels: (k + 1,) bounds that divide [0, 1] among the k possible values, empty for a real number.
    value: the value of the parameter.
    """

    name: str
    draw: float
    levels: tuple[float, ...]
    value: object

    def nudged(self, rng: np.random.Generator) -> float:
        """A draw that gives another value: a neighbouring level or, for a real number, one 0.35 to 0.8 of its range away.

        The end of the range limits the step of a real number.
        """
        if not self.levels:
            step = rng.uniform(0.35, 0.8)
            return float(np.clip(self.draw + (step if rng.random() < 1 - self.draw else -step), 0.0, 0.999))
        own = int(np.searchsorted(self.levels, self.draw, side="right")) - 1
        near = [level for level in (own - 1, own + 1) if 0 <= level < len(self.levels) - 1]
        level = near[rng.integers(len(near))]
        return (self.levels[level] + self.levels[level + 1]) / 2


class Draws:
    """Random draws by name: equal entropy and name give equal draws, in whatever order and whatever else is drawn.

    entropy: integers that identify the part. replaced: draws in [0, 1), by name, to use instead of random ones.
    drawn: the geometric parameters drawn so far, by name.
    """

    def __init__(self, entropy: Sequence[int], replaced: Mapping[str, float] | None = None):
        self.entropy = tuple(entropy)
        self.replaced = dict(replaced or {})
        self.drawn: dict[str, Parameter] = {}

    def rng(self, name: str) -> np.random.Generator:
        """A separate generator for values that are not geometric parameters."""
        return np.random.default_rng(np.random.SeedSequence([*self.entropy, zlib.crc32(name.encode())]))

    def real(self, name: str, low: float, high: float) -> float:
        return self._keep(name, (), lambda draw: low + draw * (high - low))

    def whole(self, name: str, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return self.choice(name, range(low, high + 1))

    def flag(self, name: str, share: float = 0.5) -> bool:
        return self._keep(name, (0.0, share, 1.0), lambda draw: draw < share)

    def choice(self, name: str, options: Sequence[T]) -> T:
        levels = tuple(np.linspace(0, 1, len(options) + 1).tolist()) if len(options) > 1 else ()
        return self._keep(name, levels, lambda draw: options[min(int(draw * len(options)), len(options) - 1)])

    def _keep(self, name: str, levels: tuple[float, ...], value_of):
        draw = self.replaced.get(name, float(self.rng(name).random()))
        value = value_of(draw)
        self.drawn[name] = Parameter(name, draw, levels, value)
        return value
