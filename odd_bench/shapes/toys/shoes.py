"""Shoes that point along +x: trainers, high-tops, boots, wellingtons and slippers."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Checks, Color, Inlay, Pattern, Plain, Spots, Stripes
from odd_bench.shapes.sdf import box, capsule, chain, cut, extrude, grown, half_space, intersection, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.shoe_last import Last, draw_last
from odd_bench.shapes.toys.wheels import from_side


def shoe(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("trainer", "trainer", "hightop", "boot", "wellington", "slipper"))
    height = {"trainer": 0.74, "hightop": 1.12, "boot": 1.25, "wellington": 1.6, "slipper": 0.62}[kind] * rng.uniform(
        0.95, 1.06
    )
    last = draw_last(rng, height)
    color = tint(
        rng, palette.EARTH + palette.DARK if kind == "boot" else palette.TOY + (palette.WHITE, palette.CHARCOAL)
    )
    second = contrast(rng, color, (*palette.TOY, palette.WHITE))
    material = {"boot": palette.LEATHER, "wellington": palette.RUBBER, "slipper": palette.PLUSH}.get(
        kind, palette.CLOTH
    )
    base = [
        Part("upper", last.upper, _cloth(rng, kind, color, second), material),
        *_sole(rng, kind, last, second),
        *_toe_and_heel(rng, kind, last, second, material),
    ]
    front = {"wellington": _wellington, "slipper": _slipper}.get(kind, _laces)
    lining = Part(
        "lining",
        last.opening,
        Plain(tint(rng, (palette.CREAM, shade(color, 0.5), palette.PINK))),
        palette.PLUSH,
        0.03,
        cut=True,
    )
    return [*base, lining, *front(rng, last, color, second)]


def _cloth(rng, kind: str, color: Color, second: Color) -> Pattern:
    seed = seed_from(rng)
    if kind == "boot":
        return Plain(color)
    return pick(
        rng,
        (
            Plain(color),
            Plain(color),
            Spots(color, second, rng.uniform(0.22, 0.32), rng.uniform(0.06, 0.09), 0.9, seed),
            Stripes(color, second, (0.8, 0, 0.6), rng.uniform(0.22, 0.4), 0.35),
            Checks(color, second, (0.2, 9.0, 0.2)),
        ),
    )


def _sole(rng, kind: str, last: Last, second: Color) -> list[Part]:
    """The sole with a line around it and, under boots and wellingtons, a heel."""
    pale = pick(rng, (palette.WHITE, palette.CREAM, palette.TAN, palette.CHARCOAL))
    slab = extrude([(1.02 * x, 1.03 * y) for x, y in last.plan], 0.0, last.sole, 0.04)
    paint = Inlay(Plain(pale), Plain(second), box((0, 0, last.sole * 0.55), (3, 3, last.sole * 0.16)))
    parts = [Part("sole", slab, paint if kind != "boot" else Plain(shade(pale, 0.8)), palette.RUBBER)]
    if kind in ("boot", "wellington"):
        arch = from_side(
            [(-last.half * 0.42, -0.1), (last.half * 0.05, -0.1), (-0.02, 0.08), (-last.half * 0.38, 0.08)], 2.0, 0.0
        )
        parts.append(Part("sole", arch, Plain(palette.CHARCOAL), palette.RUBBER, cut=True))
    return parts


def _toe_and_heel(rng, kind: str, last: Last, second: Color, material: Material) -> list[Part]:
    """A toe cap, a heel counter and a pull tab."""
    reach = rng.uniform(0.52, 0.64)
    toe = intersection(
        grown(last.upper, 0.035), sphere((last.half * 1.12, 0, last.sole), last.half * (1.1 - reach) + 0.08)
    )
    counter = intersection(
        grown(last.upper, 0.035), sphere((-last.half * 1.1, 0, last.sole), last.half * rng.uniform(0.38, 0.46))
    )
    tab = capsule((-last.half * 0.92, 0, last.collar - 0.2), (-last.half * 0.97, 0, last.collar + 0.04), 0.11, 0.085)
    rubber = palette.RUBBER if kind != "boot" else material
    pale = Plain(pick(rng, (palette.WHITE, second, shade(second, 0.6))))
    return [
        Part("toe_cap", toe, pale, rubber, movable=True),
        Part("heel_counter", counter, Plain(second), material, movable=True),
        Part("pull_tab", tab, Plain(second), palette.CLOTH, movable=True),
    ]


def _laces(rng, last: Last, color: Color, second: Color) -> list[Part]:
    """Laces across the instep, a tongue, a bow, and a badge on each side."""
    lace, rows = Plain(tint(rng, (palette.WHITE, *palette.TOY))), int(rng.integers(2, 4))
    (low_x, low_z), (top_x, top_z) = last.ridge(0.2), last.ridge(1.0)
    tongue = chain(
        [(low_x, 0, low_z - 0.06), (top_x + 0.05, 0, top_z - 0.02), (top_x - 0.02, 0, top_z + 0.1)], [0.14, 0.14, 0.09]
    )
    parts = [Part("tongue", tongue, Plain(shade(color, 0.75)), palette.CLOTH, movable=True)]
    for k in range(rows):
        x, z = last.ridge(0.1 + 0.46 * k / (rows - 1))
        bar = chain(
            [(x - 0.05, -0.24, z - 0.08), (x, -0.12, z + 0.06), (x, 0.12, z + 0.06), (x - 0.05, 0.24, z - 0.08)],
            [0.085] * 4,
        )
        parts.append(Part(f"lace_{k + 1}", bar, lace, palette.CLOTH, movable=True))
    x, z = last.ridge(0.9) + [0, 0.1]
    loops = [
        chain(
            [(x, 0, z), (x + 0.06, s * 0.22, z + 0.06), (x + 0.16, s * 0.28, z - 0.06), (x + 0.04, 0, z - 0.02)],
            [0.065] * 4,
        )
        for s in (1, -1)
    ]
    parts.append(Part("bow", union(sphere((x, 0, z), 0.1), *loops), lace, palette.CLOTH, movable=True))
    return parts + _badges(rng, last, second, 0.0)


def _badges(rng, last: Last, second: Color, x: float) -> list[Part]:
    """A raised motif or raised slanting stripes on both sides."""
    z = last.sole + 0.24
    if rng.random() < 0.5:
        outline = [(x - 0.1 + a, z + b) for a, b in motifs.draw(rng, 0.17)]
        mark = from_side(outline, 2.0)
    else:
        slant = [((x - 0.1 + 0.15 * k), z) for k in range(int(rng.integers(2, 4)))]
        mark = union(
            *(
                from_side([(a - 0.1, z - 0.17), (a - 0.02, z - 0.17), (a + 0.1, z + 0.17), (a + 0.02, z + 0.17)], 2.0)
                for a, _ in slant
            )
        )
    parts = []
    for side, sign in SIDES:
        field = intersection(grown(last.upper, 0.05), mark, half_space((0, sign * 0.12, 0), (0, -sign, 0)))
        parts.append(Part(f"badge_{side}", field, Plain(second), palette.LEATHER, movable=True))
    return parts


def _wellington(rng, last: Last, color: Color, second: Color) -> list[Part]:
    """A rim at the top of the shaft, a strap with a buckle around it and a badge on each side."""
    rim = intersection(grown(last.upper, 0.05), box((0, 0, last.collar - 0.02), (3, 3, 0.09)))
    rim = cut(rim, last.opening)
    strap = cut(intersection(grown(last.upper, 0.05), box((0, 0, last.collar * 0.72), (3, 3, 0.07))), last.opening)
    buckle = box((-last.half * 0.32, -last.wide * 0.84, last.collar * 0.72), (0.12, 0.09, 0.12), 0.03)
    return [
        Part("rim", rim, Plain(second), palette.RUBBER, movable=True),
        Part("strap", strap, Plain(second), palette.RUBBER, movable=True),
        Part("buckle", buckle, Plain(palette.GOLD), palette.METAL, movable=True),
        *_badges(rng, last, second, -0.05),
    ]


def _slipper(rng, last: Last, color: Color, second: Color) -> list[Part]:
    """A fluffy trim around the opening, a pompom on the instep and a badge on each side."""
    fluff = cut(intersection(grown(last.upper, 0.07), box((0, 0, last.collar), (3, 3, 0.13))), last.opening)
    x, z = last.ridge(0.55)
    radius = rng.uniform(0.15, 0.2)
    around = [(np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)) for b in (0.0, 0.8) for a in np.arange(6) + b]
    ball = union(
        *(
            sphere((x + 0.7 * radius * u, 0.7 * radius * v, z + radius * (0.5 + 0.7 * w)), radius * 0.5)
            for u, v, w in around
        )
    )
    core = sphere((x, 0, z + 0.5 * radius), radius)
    return [
        Part("trim", fluff, Plain(shade(second, 1.3)), palette.PLUSH, movable=True),
        Part("pompom", union(core, ball), Plain(contrast(rng, color)), palette.PLUSH, movable=True),
        *_badges(rng, last, second, 0.0),
    ]


TOYS = {"shoe": shoe}
