"""A toy tyrannosaur."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Pattern, Plain
from odd_bench.shapes.sdf import Field, capsule, chain, ellipsoid, placed, scaled, smooth_union, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, curve, eyes, marked, pose_at, posed, tapered
from odd_bench.shapes.toys.dinosaur_skin import hide, skin_colors
from odd_bench.shapes.toys.draws import chance, pick, shade


def rex(rng: np.random.Generator) -> list[Part]:
    """A tyrannosaur that stands on two legs with open jaws."""
    skin, second, belly = skin_colors(rng)
    coat, finish = hide(rng, skin, second), pick(rng, FINISHES)
    hip = np.array([0, 0, rng.uniform(0.68, 0.78)])
    chest = hip + [rng.uniform(0.26, 0.36), 0, rng.uniform(0.28, 0.4)]
    neck = chest + [0.12, 0, rng.uniform(0.26, 0.34)]
    girth = rng.uniform(0.33, 0.39)
    trunk = scaled(chain([hip, (hip + chest) / 2, chest, neck], [girth, 0.98 * girth, 0.8 * girth, 0.2]), (1, 0.88, 1))
    front = chain([hip + [0.3, 0, -0.15], chest + [0.3, 0, 0], neck + [0.2, 0, 0]], [0.24, 0.22, 0.14])
    parts = [Part("body", trunk, marked(coat, belly, front), finish), _tail(rng, hip, girth, coat, finish)]
    parts += _legs(rng, hip, girth, coat, skin, finish) + _arms(rng, chest, girth, coat, finish)
    head = _head(rng, coat, skin, belly, finish)
    parts += posed(head, pose_at(neck + [0.1, 0, 0.14], 0, rng.uniform(-16, 16), rng.uniform(-6, 12)))
    return parts + ([_ridge(rng, hip, neck, girth, second, finish)] if chance(rng, 0.6) else [])


def _tail(rng: np.random.Generator, hip: np.ndarray, girth: float, coat: Pattern, finish: Material) -> Part:
    long, sway, lift = rng.uniform(0.85, 1.1), rng.uniform(-0.3, 0.3), rng.uniform(-0.5, -0.1)
    points = hip + [[-0.05, 0, -0.05], [-0.45, 0, -0.2], [-0.3 - 0.5 * long, sway, -0.45], [-0.3 - long, sway, lift]]
    return Part("tail", tapered(points, 0.85 * girth, 0.05, 16), coat, finish, blend=0.1, movable=True)


def _legs(
    rng: np.random.Generator, hip: np.ndarray, girth: float, coat: Pattern, skin: Color, finish: Material
) -> list[Part]:
    stride, thick = rng.uniform(-0.1, 0.1), rng.uniform(0.1, 0.12)
    parts = []
    for name, s in SIDES:
        y, step = s * 0.72 * girth, s * stride
        knee, hock = np.array([0.2 + step, y + s * 0.06, 0.46]), np.array([-0.02 + step, y + s * 0.06, 0.24])
        sole = np.array([0.06 + step, y + s * 0.06, 0.07])
        limb = chain([hip + [0.02, y, -0.05], knee, hock, sole], [0.26, 0.17, thick, thick])
        toes = [capsule(sole, sole + [0.22 * np.cos(a), 0.22 * np.sin(a), 0.0], 0.085, 0.065) for a in (-0.5, 0.0, 0.5)]
        claws = [sphere(sole + [0.28 * np.cos(a), 0.28 * np.sin(a), -0.01], 0.05) for a in (-0.5, 0.0, 0.5)]
        parts.append(Part(f"leg_{name}", limb, coat, finish, blend=0.07, movable=True))
        parts.append(
            Part(f"leg_{name}", smooth_union(0.03, *toes), Plain(shade(skin, 0.85)), finish, blend=0.03, movable=True)
        )
        parts.append(Part(f"leg_{name}", union(*claws), Plain(palette.CREAM), finish, movable=True))
    return parts


def _arms(rng: np.random.Generator, chest: np.ndarray, girth: float, coat: Pattern, finish: Material) -> list[Part]:
    reach, lift = rng.uniform(0.22, 0.3), rng.uniform(-0.12, 0.06)
    parts = []
    for name, s in SIDES:
        shoulder = chest + [0.12, s * 0.62 * girth, -0.06]
        elbow, hand = shoulder + [0.1, s * 0.1, -0.16], shoulder + [0.1 + reach, s * 0.06, -0.12 + lift]
        fingers = [capsule(hand, hand + [0.09, s * dy, -0.03], 0.05, 0.035) for dy in (0.05, -0.05)]
        arm = smooth_union(0.02, chain([shoulder, elbow, hand], [0.1, 0.08, 0.065]), *fingers)
        parts.append(Part(f"arm_{name}", arm, coat, finish, blend=0.04, movable=True))
    return parts


def _head(rng: np.random.Generator, coat: Pattern, skin: Color, belly: Color, finish: Material) -> list[Part]:
    size, long, gape = rng.uniform(0.27, 0.31), rng.uniform(0.4, 0.5), rng.uniform(12, 26)
    skull = ellipsoid((0, 0, 0.02), (size, 0.9 * size, 0.9 * size))
    upper = scaled(capsule((0.1, 0, 0.0), (long, 0, -0.02), 0.75 * size, 0.55 * size), (1, 1, 0.72))
    nostrils = [sphere((long + 0.42 * size, s * 0.09, 0.06), 0.032) for s in (1, -1)]
    drop = pose_at((0, 0, -0.12), 0, 0, -gape)
    lower = placed(scaled(capsule((0.05, 0, 0), (long - 0.04, 0, 0), 0.6 * size, 0.46 * size), (1, 1, 0.5)), drop)
    tongue = placed(ellipsoid((0.28, 0, 0.09), (0.2, 0.1, 0.06)), drop)
    teeth = _teeth(size, long)
    brow = [
        capsule((0.05, s * 0.62 * size, 0.72 * size), (0.24, s * 0.5 * size, 0.66 * size), 0.065, 0.05) for s in (1, -1)
    ]
    return [
        Part(
            "head",
            smooth_union(0.06, skull, upper, *brow),
            marked(coat, shade(skin, 0.35), *nostrils),
            finish,
            blend=0.06,
        ),
        Part("jaw", lower, Plain(belly), finish, blend=0.02, movable=True),
        Part("jaw", tongue, Plain((0.85, 0.35, 0.38)), palette.RUBBER, movable=True),
        Part("teeth", teeth, Plain(palette.WHITE), finish),
        *eyes(rng, (0.2, 0.6 * size, 0.5 * size), rng.uniform(0.075, 0.095), (0.8, 0.6, 0.1)),
    ]


def _teeth(size: float, long: float) -> Field:
    """A row of cones under the upper jaw."""
    teeth = []
    for angle in np.linspace(-100, 100, 11):
        a = np.radians(angle)
        back = max(abs(angle) - 70, 0) / 30
        at = np.array([long + 0.4 * size * np.cos(a) * (back == 0) - 0.16 * back, 0.47 * size * np.sin(a), -0.12])
        teeth.append(capsule(at + [0, 0, 0.05], at + [0, 0, -0.09], 0.043, 0.022))
    return union(*teeth)


def _ridge(
    rng: np.random.Generator, hip: np.ndarray, neck: np.ndarray, girth: float, color: Color, finish: Material
) -> Part:
    count, tall = int(rng.integers(6, 9)), rng.uniform(0.1, 0.17)
    knots = [hip + [-0.5, 0, 0.1], hip + [-0.2, 0, 1.05 * girth], hip + [0, 0, 1.2 * girth]]
    path = curve([*knots, neck + [-0.22, 0, 0.0], neck + [-0.14, 0, 0.12]], count)
    spikes = [capsule(p + [0.06, 0, -0.06], p + [-0.5 * tall, 0, tall], 0.085, 0.035) for p in path]
    return Part("ridge", union(*spikes), Plain(color), finish, blend=0.01, movable=True)
