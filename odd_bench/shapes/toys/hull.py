"""The hull of a boat, with its well, strake and rudder."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Inlay, Pattern, Plain, Split, Stripes, WoodGrain
from odd_bench.shapes.sdf import Field, box, extrude, grown, intersection, warped
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import smooth_outline
from odd_bench.shapes.toys.draws import contrast, pick, tint, wood_grain
from odd_bench.shapes.toys.wheels import from_side


class Hull:
    """A hull with its bow at +x. half, wide, height: half length, half width and height amidships, design units."""

    def __init__(self, rng: np.random.Generator, half: float, wide: float, height: float):
        self.half, self.wide, self.height = half, wide, height
        self.sheer, blunt = rng.uniform(0.1, 0.2), rng.uniform(0.35, 0.65)
        side = [(1.0, 0.0), (0.72, 0.62), (0.3, 0.98), (-0.3, 1.0), (-0.85, 0.5 + blunt / 2), (-0.97, blunt * 0.6)]
        other_side = [(x, -y) for x, y in side[:0:-1]]
        self.plan = smooth_outline([(half * x, wide * y) for x, y in [*side, *other_side]], 36)
        self.body = intersection(self._flared(extrude(self.plan, -1, 2)), self._profile(rng))
        self.paint, self.trim = self._paint(rng)
        self.material = pick(rng, (palette.PAINTED_WOOD, palette.PLASTIC, palette.ENAMEL))

    def _profile(self, rng) -> Field:
        """The region between the keel and the sheer line, seen from the side."""
        half, height = self.half, self.height
        rake = rng.uniform(0.1, 0.22)
        keel = [(-1.1, 0.12), (-0.85, 0.0), (0.9 - rake, 0.0), (1.0 - rake / 3, height * 0.6), (1.1, height * 1.1)]
        sheer = [(1.1, self.sheer), (0.5, self.sheer * 0.3), (-0.3, 0.0), (-1.1, self.sheer * 0.5)]
        return from_side([*((half * x, z) for x, z in keel), *((half * x, height + z) for x, z in sheer)], 2.0)

    def _flared(self, prism: Field) -> Field:
        """The prism, made narrower towards the keel."""

        def widened(p):
            share = np.clip(0.76 + 0.24 * p[:, 2] / self.height, 0.76, 1.05)
            return np.stack([p[:, 0], p[:, 1] / share, p[:, 2]], axis=1)

        return warped(prism, widened)

    def well(self, floor: float, wall: float = 0.08) -> Field:
        """The space inside the walls of the hull above height `floor`."""
        inner = self._flared(grown(extrude(self.plan, -2, 4), -wall))
        return intersection(inner, box((0, 0, floor + 1), (3, 3, 1)))

    def _paint(self, rng) -> tuple[Pattern, Pattern]:
        color = tint(rng, (*palette.TOY, palette.WHITE, palette.NAVY))
        second = contrast(rng, color, (*palette.TOY, palette.WHITE))
        wood = wood_grain(rng, (1.0, 0.1, 0.1))
        line = self.height * rng.uniform(0.3, 0.5)
        options = (
            Split(second, color, (0, 0, 1), line),
            Inlay(Split(second, color, (0, 0, 1), line), Plain(palette.WHITE), box((0, 0, line), (3, 3, 0.04))),
            Stripes(color, second, (0, 0, 1), rng.uniform(0.18, 0.26), 0.35, phase=rng.uniform()),
            wood,
        )
        return pick(rng, options), pick(rng, (Plain(palette.WHITE), Plain(second), wood_grain(rng, (1, 0.1, 0))))

    def parts(self, floor: float) -> list[Part]:
        """The hull with its well, a rubbing strake around it and a rudder. floor: height of the deck."""
        strake = intersection(grown(self.body, 0.06), box((0, 0, self.height - 0.1), (3, 3, 0.06)))
        rudder = box((-self.half * 0.98, 0, self.height * 0.42), (0.13, 0.06, self.height * 0.4), 0.04)
        return [
            Part("hull", self.body, self.paint, self.material),
            Part("strake", strake, self.trim, self.material),
            Part("deck", self.well(floor), WoodGrain(axis=(1, 0.05, 0.1), period=0.1), palette.WOOD, cut=True),
            Part("rudder", rudder, self.trim, self.material, movable=True),
        ]
