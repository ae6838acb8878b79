"""Hats: top hats, cowboy hats, caps, straw hats, witches' hats and woolly hats, hollow from below."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Checks, Color, Pattern, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    chain,
    cut,
    cylinder,
    ellipsoid,
    extrude,
    grown,
    half_space,
    intersection,
    lathe,
    moved,
    rotated,
    scaled,
    smooth_cut,
    sphere,
    torus,
    union,
    warped,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.curves import leaf_outline, star_outline
from odd_bench.shapes.toys.turned import curve, on_wall, radius_at, solid

CLOTHS = (*palette.TOY, *palette.EARTH, *palette.DARK)


def hat(rng: np.random.Generator) -> list[Part]:
    return palette.pick(rng, (_top_hat, _cowboy, _cap, _straw, _witch, _woolly))(rng)


def _band(rng, profile, low: float, high: float, color: Color, out: float = 0.05) -> Field:
    """A ribbon round the crown between two heights."""
    ring = [(radius_at(profile, z) + out, z) for z in np.linspace(low, high, 5)]
    inner = [(r - 0.12, z) for r, z in reversed(ring)]
    return lathe([*ring, *inner])


def _ribbon(rng, color: Color) -> Pattern:
    second = palette.contrast(rng, color)
    third = palette.contrast(rng, second)
    return palette.pick(
        rng,
        (Plain(second), Plain(second), Stripes(second, third, (0, 0, 1), 0.1, 0.4), Sectors(second, third, 24, 0.4)),
    )


def _feather(rng, at, length: float) -> list[Part]:
    """A feather stuck in the band on the left side, leaning back."""
    outline = leaf_outline(length, length * 0.34, 0.3)
    color = palette.tint(rng)
    paint = Stripes(color, palette.shade(color, 0.6), (0.7, 0, 0.7), 0.12, 0.4)
    leaf = extrude(outline, -0.045, 0.045, 0.02)
    quill = capsule((-0.12, 0, 0), (length * 0.92, 0, 0), 0.05)
    upright = rotated(union(leaf, quill), (1, 0, 0), 90)
    return [
        Part(
            "feather",
            moved(rotated(upright, (0, 1, 0), rng.uniform(-135, -110)), at),
            paint,
            palette.PLUSH,
            movable=True,
        )
    ]


def _bow(rng, at, size: float, paint: Pattern) -> list[Part]:
    """A bow at the right side: two loops and a knot."""
    loops = union(*(ellipsoid((s * size, 0, 0.05), (size, 0.1, size * 0.62)) for s in (1, -1)))
    knot = ellipsoid((0, -0.05, 0.02), (size * 0.4, 0.13, size * 0.4))
    tails = union(*(capsule((0, 0, 0), (s * size * 0.7, -0.02, -size * 1.3), 0.06, 0.1) for s in (1, -1)))
    return [Part("bow", moved(union(loops, knot, tails), at), paint, palette.CLOTH, movable=True)]


def _buckle(rng, x: float, z: float, size: float) -> list[Part]:
    frame = cut(box((x, 0, z), (0.09, size * 1.1, size), 0.03), box((x, 0, z), (0.3, size * 0.62, size * 0.52), 0.02))
    return [
        Part("buckle", frame, Plain(palette.tint(rng, (palette.GOLD, palette.SILVER))), palette.METAL, movable=True)
    ]


def _flower(rng, at, azimuth: float, size: float) -> list[Part]:
    """A flower on the crown: petals and a heart."""
    petals = extrude(motifs.flower(size, int(rng.integers(5, 8)), 0.24), -0.14, 0.07, 0.02)
    color = palette.tint(rng)
    a = np.radians(azimuth)
    heart = np.array([(at[0] + 0.06) * np.cos(a), (at[0] + 0.06) * np.sin(a), at[1]])
    return [
        Part("flower", on_wall(petals, azimuth, *at), Plain(color), palette.FELT, movable=True),
        Part("flower", sphere(heart, size * 0.36), Plain(palette.YELLOW), palette.FELT, movable=True),
    ]


def _felt_coat(rng, color: Color) -> Pattern:
    """Cloth of one colour, or with checks, stripes, wedges or dots."""
    second = palette.contrast(rng, color)
    return palette.pick(
        rng,
        (
            Plain(color),
            Plain(color),
            Checks(color, palette.shade(color, 0.7), (0.18, 0.18, 0.18)),
            Sectors(color, second, int(rng.integers(6, 13)), 0.5),
            Spots(color, second, rng.uniform(0.28, 0.4), rng.uniform(0.08, 0.11), 0.9, palette.seed_from(rng)),
        ),
    )


def _top_hat(rng) -> list[Part]:
    wide, tall = rng.uniform(0.55, 0.65), rng.uniform(0.85, 1.25)
    brim, flare = wide + rng.uniform(0.34, 0.44), rng.uniform(0.96, 1.12)
    color = palette.tint(rng, (palette.CHARCOAL, *palette.DARK, *palette.TOY))
    profile = [(wide, 0.05), (wide * 0.97, 0.3 * tall), (wide * 0.98, 0.7 * tall), (wide * flare, tall)]
    curled = _curl(solid([(brim, 0.0), (brim, 0.11)], 0.045), brim, rng.uniform(0.1, 0.24))
    ribbon = _ribbon(rng, color)
    low, high = 0.12, 0.12 + rng.uniform(0.2, 0.3)
    extra = (
        _buckle(rng, wide + 0.05, (low + high) / 2, (high - low) * 0.62)
        if rng.random() < 0.5
        else _bow(rng, (0, -wide - 0.1, (low + high) / 2), 0.17, ribbon)
    )
    return [
        Part("crown", solid(profile), _felt_coat(rng, color), palette.FELT),
        Part("brim", curled, Plain(color), palette.FELT, blend=0.05),
        Part("band", _band(rng, profile, low, high, color), ribbon, palette.CLOTH, movable=True),
        *extra,
        *_feather(rng, (0.05, wide * 0.98, high - 0.05), rng.uniform(0.6, 0.8)),
        Part("lining", _inside(profile, tall - 0.12), Plain(palette.shade(color, 0.7)), palette.CLOTH, cut=True),
    ]


def _inside(profile, top: float, wall: float = 0.1) -> Field:
    """The room for the head, open below."""
    inner = [(max(r - wall, 0.04), z) for r, z in profile if z < top - 0.02]
    last = max(radius_at(profile, top) - wall, 0.03)
    return lathe([(0, -0.5), (inner[0][0], -0.5), *inner, (last, top), (0, top)])


def _curl(brim: Field, radius: float, rise: float) -> Field:
    """Bend a flat brim up at its left and right."""
    return warped(
        brim, lambda p: np.stack([p[:, 0], p[:, 1], p[:, 2] - rise * np.minimum((p[:, 1] / radius) ** 2, 1.5)], axis=1)
    )


def _cowboy(rng) -> list[Part]:
    wide, tall = rng.uniform(0.52, 0.6), rng.uniform(0.62, 0.75)
    brim, color = (
        rng.uniform(1.0, 1.12),
        palette.tint(rng, (*palette.EARTH, *palette.EARTH, palette.CHARCOAL, palette.CREAM, palette.RED, palette.PINK)),
    )
    profile = curve(
        [(wide * 1.05, 0.05), (wide * 1.0, 0.25), (wide * 0.9, tall * 0.75), (wide * 0.6, tall), (0.12, tall * 1.02)], 4
    )
    long = (1.18, 0.95, 1.0)
    pinch = ellipsoid((0.05, 0, tall + 0.1), (0.8, 0.15, rng.uniform(0.24, 0.32)))
    sides = union(*(ellipsoid((0.55, s * 0.5, tall * 0.9), (0.3, 0.2, 0.3)) for s in (1, -1)))
    crown = smooth_cut(0.12, scaled(solid(profile), long), pinch, sides)
    flat = scaled(solid([(brim, 0.0), (brim, 0.1)], 0.045), (1.08, 0.92, 1.0))
    material = palette.pick(rng, (palette.FELT, palette.LEATHER, palette.STRAW))
    ribbon = _ribbon(rng, color)
    badge = on_wall(extrude(star_outline(0.25, 0.13, 5, np.pi / 2), -0.2, 0.06), 0, wide * 1.16, 0.24)
    return [
        Part("crown", crown, Plain(color), material),
        Part(
            "brim",
            _curl(flat, brim * 0.92, rng.uniform(0.28, 0.42)),
            Plain(palette.shade(color, 0.9)),
            material,
            blend=0.06,
        ),
        Part("band", scaled(_band(rng, profile, 0.1, 0.26, color), long), ribbon, palette.LEATHER, movable=True),
        Part("badge", badge, Plain(palette.GOLD), palette.METAL, movable=True),
        *_feather(rng, (-0.1, wide * 0.95, 0.24), rng.uniform(0.5, 0.7)),
        Part(
            "lining",
            scaled(_inside(profile, tall * 0.68), long),
            Plain(palette.shade(color, 0.7)),
            palette.CLOTH,
            cut=True,
        ),
    ]


def _cap(rng) -> list[Part]:
    """A baseball cap: panels, a peak, a button on top, a badge and an adjusting strap."""
    wide, tall = rng.uniform(0.78, 0.86), rng.uniform(0.68, 0.8)
    color = palette.tint(rng)
    second = palette.contrast(rng, color, (*palette.TOY, palette.WHITE))
    profile = curve(
        [(wide, 0.0), (wide * 1.02, 0.16), (wide * 0.9, tall * 0.62), (wide * 0.5, tall * 0.94), (0.08, tall)], 5
    )
    panels = palette.pick(
        rng, (Sectors(color, second, 3, 0.5), Plain(color), Sectors(color, second, 1, 0.34, phase=0.17))
    )
    reach, droop = rng.uniform(0.5, 0.68), rng.uniform(0.1, 0.3)
    visor = intersection(
        scaled(cylinder((0, 0, -0.02), (0, 0, 0.1), wide, 0.04), ((wide + reach) / wide, 1, 1)),
        half_space((0.2, 0, 0), (-1, 0, 0)),
    )
    visor = warped(
        visor, lambda p: np.stack([p[:, 0], p[:, 1], p[:, 2] + droop * (p[:, 1] / wide) ** 2 - 0.02], axis=1)
    )
    badge = intersection(
        grown(solid(profile), 0.07), on_wall(extrude(motifs.draw(rng, 0.26), -0.4, 0.4), 0, wide * 0.8, tall * 0.52)
    )
    strap = intersection(torus((0, 0, 0.12), wide + 0.01, 0.09), half_space((-0.4 * wide, 0, 0), (1, 0, 0)))
    return [
        Part("crown", solid(profile), panels, palette.CLOTH),
        Part("visor", visor, Plain(palette.pick(rng, (color, second))), palette.CLOTH, movable=True),
        Part("button", ellipsoid((0, 0, tall), (0.14, 0.14, 0.1)), Plain(second), palette.CLOTH, movable=True),
        Part(
            "badge",
            badge,
            Plain(palette.contrast(rng, color, (palette.WHITE, *palette.TOY))),
            palette.FELT,
            movable=True,
        ),
        Part("strap", strap, Plain(second), palette.CLOTH, movable=True),
        Part("lining", _inside(profile, tall - 0.12), Plain(palette.shade(color, 0.6)), palette.CLOTH, cut=True),
    ]


def _straw(rng) -> list[Part]:
    """A summer hat with a wide brim, a ribbon and flowers, or a flat boater."""
    boater = rng.random() < 0.4
    wide, tall = rng.uniform(0.52, 0.6), rng.uniform(0.42, 0.52)
    brim = rng.uniform(0.88, 0.95) if boater else rng.uniform(1.0, 1.15)
    straw = palette.tint(rng, ((0.88, 0.76, 0.5), (0.8, 0.66, 0.42), (0.92, 0.84, 0.66)), 0.04)
    weave = Sectors(straw, palette.shade(straw, 0.82), 70, 0.5, twist=rng.uniform(0.2, 0.6))
    round_top = [
        (wide, 0.04),
        (wide * 0.98, tall * 0.5),
        (wide * 0.8, tall * 0.9),
        (wide * 0.4, tall * 1.12),
        (0.06, tall * 1.15),
    ]
    profile = [(wide * 1.02, 0.04), (wide, tall)] if boater else curve(round_top, 4)
    edge = 0.05 if boater else rng.uniform(-0.02, 0.2)
    brim_field = solid(
        curve(
            [
                (wide * 0.8, 0.0),
                (brim * 0.8, 0.02),
                (brim, edge),
                (brim + 0.01, edge + 0.09),
                (brim * 0.8, 0.11),
                (wide * 0.8, 0.11),
            ],
            3,
        )
    )
    ribbon = _ribbon(rng, straw)
    parts = [
        Part("crown", solid(profile), weave, palette.STRAW),
        Part("brim", brim_field, weave, palette.STRAW, blend=0.04),
        Part(
            "band",
            _band(rng, profile, 0.11, 0.11 + rng.uniform(0.15, 0.22), straw),
            ribbon,
            palette.CLOTH,
            movable=True,
        ),
        *_bow(rng, (0, -wide - 0.08, 0.22), rng.uniform(0.15, 0.2), ribbon),
    ]
    if not boater or rng.random() < 0.5:
        parts += _flower(rng, (wide, 0.26), rng.uniform(-40, 20), rng.uniform(0.2, 0.26))
    else:
        parts += _feather(rng, (0, wide, 0.24), 0.55)
    return [
        *parts,
        Part("lining", _inside(profile, tall * 0.85), Plain(palette.shade(straw, 0.7)), palette.STRAW, cut=True),
    ]


def _witch(rng) -> list[Part]:
    """A pointed hat, its tip bent, with stars or a buckle."""
    wide, tall, brim = rng.uniform(0.5, 0.58), rng.uniform(1.2, 1.45), rng.uniform(0.95, 1.08)
    color = palette.tint(rng, (*palette.DARK, palette.PURPLE, palette.BLUE, palette.GREEN))
    t, lean = np.linspace(0, 1, 12), rng.uniform(-0.45, -0.2)
    spine = np.stack([lean * t**3, 0 * t, 0.05 + tall * t], axis=1)
    cone = chain(spine, [max(wide * (1 - a) ** 0.9, 0.07) for a in t])
    cone = intersection(cone, half_space((0, 0, 0.02), (0, 0, -1)))
    band_ring = lathe([(wide * 1.02, 0.1), (wide * 0.9, 0.32), (wide * 0.6, 0.32), (wide * 0.6, 0.1)])
    ribbon = _ribbon(rng, color)
    flat = solid([(brim, 0.0), (brim, 0.1)], 0.045)
    pom = sphere(spine[-1], rng.uniform(0.12, 0.16))
    hollow = lathe([(0, -0.5), (wide * 0.8, -0.5), (wide * 0.75, 0.1), (0.14, tall * 0.6), (0, tall * 0.6)])
    front = _buckle(rng, wide * 0.98, 0.2, 0.16) if rng.random() < 0.6 else _flower(rng, (wide * 0.95, 0.22), 0, 0.24)
    return [
        Part(
            "crown",
            cone,
            Spots(color, palette.YELLOW, 0.4, 0.06, 0.8, palette.seed_from(rng))
            if rng.random() < 0.5
            else Plain(color),
            palette.FELT,
        ),
        Part("brim", _curl(flat, brim, rng.uniform(-0.06, 0.14)), Plain(color), palette.FELT, blend=0.08),
        Part("band", grown(band_ring, 0.04), ribbon, palette.CLOTH, movable=True),
        *front,
        Part("tip", pom, Plain(palette.contrast(rng, color)), palette.PLUSH, movable=True),
        Part("lining", hollow, Plain(palette.shade(color, 0.7)), palette.CLOTH, cut=True),
    ]


def _woolly(rng) -> list[Part]:
    """A knitted hat with a turned-up cuff, a pompom and ear flaps or a badge."""
    wide, tall = rng.uniform(0.7, 0.8), rng.uniform(0.85, 1.05)
    color = palette.tint(rng, (*palette.TOY, *palette.PASTEL))
    second = palette.contrast(rng, color, (*palette.TOY, palette.WHITE))
    profile = curve([(wide, 0.0), (wide, 0.3), (wide * 0.86, tall * 0.62), (wide * 0.5, tall * 0.92), (0.1, tall)], 5)
    ribs = Sectors(second, palette.shade(second, 0.75), 36, 0.4)
    knit = palette.pick(
        rng,
        (
            Stripes(color, second, (0, 0, 1), rng.uniform(0.2, 0.36), 0.4),
            Plain(color),
            Checks(color, second, (0.2, 0.2, 0.2)),
        ),
    )
    count = int(rng.integers(26, 34))
    a = np.arange(count) * 2 * np.pi / count
    cuff = union(
        torus((0, 0, 0.17), wide - 0.02, 0.15),
        *(
            capsule((wide * np.cos(b), wide * np.sin(b), 0.05), (wide * np.cos(b), wide * np.sin(b), 0.28), 0.12)
            for b in a[::2]
        ),
    )
    parts = [
        Part("crown", solid(profile), knit, palette.PLUSH),
        Part("cuff", cuff, ribs, palette.PLUSH),
        Part(
            "pompom",
            _pompom(rng, tall),
            Spots(second, palette.WHITE, 0.1, 0.03, 0.6, palette.seed_from(rng)),
            palette.PLUSH,
            movable=True,
        ),
        Part(
            "badge",
            on_wall(extrude(motifs.draw(rng, 0.22), -0.2, 0.19, 0.02), 0, wide, 0.2),
            Plain(color),
            palette.LEATHER,
            movable=True,
        ),
    ]
    for side, sign in (("left", 1), ("right", -1)):
        cord = chain(
            [(0, sign * wide, 0.1), (0.05, sign * (wide + 0.28), -0.02), (0.1, sign * (wide + 0.42), -0.1)],
            [0.08, 0.06, 0.06],
        )
        bob = sphere((0.1, sign * (wide + 0.44), -0.08), 0.12)
        parts.append(Part(f"tassel_{side}", union(cord, bob), Plain(second), palette.PLUSH, movable=True))
    return [
        *parts,
        Part("lining", _inside(profile, tall - 0.14, 0.12), Plain(palette.shade(color, 0.6)), palette.PLUSH, cut=True),
    ]


def _pompom(rng, z: float) -> Field:
    """A ball of short tufts."""
    radius = rng.uniform(0.2, 0.27)
    k = np.arange(22) + 0.5
    polar, around = np.arccos(1 - 2 * k / 22), np.pi * (1 + 5**0.5) * k
    out = np.stack([np.cos(around) * np.sin(polar), np.sin(around) * np.sin(polar), np.cos(polar)], axis=1)
    center = np.array([0, 0, z + 0.6 * radius])
    return union(sphere(center, radius * 0.9), *(sphere(center + 0.75 * radius * o, radius * 0.38) for o in out))


TOYS = {"hat": hat}
