"""The gingerbread man, one kind of cookie."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Mottled, Plain
from odd_bench.shapes.sdf import Field, capsule, chain, frustum, scaled, sphere, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import smooth_path
from odd_bench.shapes.toys.draws import chance, seed_from, shade, tint
from odd_bench.shapes.toys.toppings import BAKED, ICING


def gingerbread(rng) -> list[Part]:
    """A gingerbread man who lies on his back with his head towards -x."""
    dough, sugar = (
        tint(rng, ((0.62, 0.37, 0.17), (0.72, 0.46, 0.24), palette.BROWN, palette.TAN), 0.04),
        tint(rng, (palette.WHITE, palette.PINK, palette.CREAM), 0.02),
    )
    flat, thick, reach = rng.uniform(0.5, 0.6), rng.uniform(0.25, 0.31), rng.uniform(0.62, 0.75)

    def slab(a, b, ra, rb) -> Field:
        return scaled(capsule((*a, 0), (*b, 0), ra, rb), (1, 1, flat))

    face = flat * rng.uniform(0.4, 0.46)
    crumb = Mottled(shade(dough, 1.1), shade(dough, 0.8), 0.3, 1.6, seed_from(rng))
    parts = [
        Part("body", slab((-0.15, 0), (0.3, 0), 0.4, 0.38), crumb, BAKED),
        Part("head", scaled(sphere((-0.72, 0, 0), 0.44), (1, 1, flat)), crumb, BAKED, blend=0.03),
    ]
    for side, s in (("left", 1.0), ("right", -1.0)):
        hand = np.array([-0.2 - rng.uniform(-0.1, 0.25), s * (0.35 + reach)])
        foot = np.array([0.95, s * rng.uniform(0.42, 0.52)])
        for limb, root, end in (("arm", (-0.2, s * 0.2), hand), ("leg", (0.35, s * 0.2), foot)):
            parts.append(Part(f"{limb}_{side}", slab(root, end, thick, thick), crumb, BAKED, blend=0.05, movable=True))
            parts.append(
                Part(f"{limb}_{side}", _cuff(np.asarray(root), end, thick, flat), Plain(sugar), ICING, movable=True)
            )
    for side, s in (("left", 1.0), ("right", -1.0)):
        parts.append(Part(f"eye_{side}", sphere((-0.82, 0.16 * s, face), 0.08), Plain(palette.BLACK), palette.BEAD))
    y = np.linspace(-0.22, 0.22, 9)
    smile = np.stack([-0.53 - 2.2 * y**2, y, np.full(9, face - 0.02)], axis=1)
    parts.append(Part("mouth", chain(smile, [0.045] * 9), Plain(sugar), ICING))
    button = tint(rng)
    for i, x in enumerate(np.linspace(-0.1, 0.4, int(rng.integers(2, 4)))):
        parts.append(
            Part(f"button_{i + 1}", sphere((x, 0, 0.39 * flat), 0.12), Plain(button), palette.BEAD, movable=True)
        )
    if chance(rng, 0.6):
        bow = [
            frustum((-0.32, 0.03 * s, 0.44 * flat), (-0.32, 0.3 * s, 0.44 * flat), 0.05, 0.13, 0.03) for s in (1, -1)
        ]
        parts.append(
            Part("bow", union(*bow, sphere((-0.32, 0, 0.44 * flat), 0.09)), Plain(tint(rng)), ICING, movable=True)
        )
    return parts


def _cuff(root: np.ndarray, end: np.ndarray, thick: float, flat: float) -> Field:
    """A wavy line of icing across the end of a limb."""
    along = (end - root) / np.linalg.norm(end - root)
    across = np.array([-along[1], along[0]])
    t = np.linspace(-0.8, 0.8, 9)
    line = end - 0.02 * along + thick * t[:, None] * across + 0.05 * np.where(np.arange(9) % 2, 1, -1)[:, None] * along
    path = np.concatenate([line, (flat * thick * np.sqrt(1 - t**2))[:, None]], axis=1)
    return chain(smooth_path(path, 15), [0.05] * 15)
