"""Toy horses."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Gradient, Patches, Pattern, Plain, Spots, WoodGrain
from odd_bench.shapes.sdf import box, capsule, chain, cylinder, grown, intersection, scaled, smooth_union, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import anatomy, palette
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.faces import long_face
from odd_bench.shapes.toys.quadruped import Build, Figure, hoof, standing

BAYS = ((0.5, 0.27, 0.13), (0.62, 0.35, 0.16), (0.36, 0.2, 0.11), (0.72, 0.45, 0.22))


def horse(rng: np.random.Generator) -> list[Part]:
    """Bay, dun, grey, pied, wooden and pastel horses, with or without a saddle and rockers."""
    kind = pick(rng, ("bay", "dun", "grey", "pied", "wood", "pastel"))
    coat, skin, hair = _horse_coat(rng, kind)
    finish = palette.PAINTED_WOOD if kind == "wood" else pick(rng, anatomy.FINISHES)
    build = _build(rng)
    figure = standing(build, hoof)
    dark = tint(rng, (palette.CHARCOAL, (0.4, 0.33, 0.25)), 0.03)
    parts = figure.parts(coat, Plain(dark), finish)
    head = _horse_head(rng, coat if kind != "pied" else Plain(skin), skin, hair, finish)
    parts += anatomy.posed(
        head, anatomy.pose_at(figure.head + [0.02, 0, 0.05], 0, rng.uniform(-12, 12), rng.uniform(-12, 8))
    )
    parts += [_mane(rng, figure, build, hair, finish), _horse_tail(rng, figure, hair, finish)]
    if chance(rng, 0.55):
        parts += _saddle(rng, figure, build)
    return anatomy.lowered(parts + (_rockers(rng, build) if chance(rng, 0.25) else []), 0.9)


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.75, 0.95), height=rng.uniform(0.92, 1.08), chest=rng.uniform(0.28, 0.33), hips=rng.uniform(0.28, 0.33),
        belly=rng.uniform(0.28, 0.33), width=rng.uniform(0.8, 0.95), sag=rng.uniform(0.0, 0.05), leg=rng.uniform(0.075, 0.1),
        thigh=rng.uniform(0.14, 0.17), bend=rng.uniform(0.02, 0.09), stride_deg=rng.uniform(-14, 14),
        neck=rng.uniform(0.5, 0.62), neck_deg=rng.uniform(48, 66), neck_thick=0.25, neck_thin=0.17,
    )  # fmt: skip


def _horse_head(rng: np.random.Generator, coat: Pattern, skin: Color, hair: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.21, 0.25)
    parts = long_face(rng, coat, shade(skin, 0.7), finish, size, 0.36, 0.24, rng.uniform(0.13, 0.16))
    ear, place = anatomy.leaf_ear(rng.uniform(0.28, 0.35), rng.uniform(0.085, 0.105)), (-0.05, 0.5 * size, 0.72 * size)
    parts += anatomy.ears(ear, Plain(skin), anatomy.ROSE, finish, place, tilt_deg=rng.uniform(5, 25), turn_deg=15)
    lock = anatomy.tapered([(-0.05, 0, size), (0.16, 0, 1.25 * size), (0.24, 0.05, 0.5 * size)], 0.09, 0.05, 8)
    return [*parts, Part("forelock", lock, Plain(hair), finish)]


def _horse_coat(rng: np.random.Generator, kind: str) -> tuple[Pattern, Color, Color]:
    """The pattern of the coat, the plain colour of the skin and the colour of the hair."""
    skin = tint(rng, BAYS, 0.03)
    if kind == "bay":
        return (
            Gradient(shade(skin, 0.3), skin, (0, 0, 1), 0.25, 0.6),
            skin,
            tint(rng, (palette.BLACK, shade(skin, 0.4)), 0.02),
        )
    if kind == "dun":
        skin = tint(rng, ((0.84, 0.62, 0.32), palette.TAN, (0.75, 0.5, 0.25)), 0.04)
        return Plain(skin), skin, tint(rng, (palette.CREAM, palette.WHITE, palette.BROWN), 0.02)
    if kind == "grey":
        skin = tint(rng, ((0.75, 0.76, 0.78), (0.55, 0.56, 0.6), palette.WHITE, (0.12, 0.12, 0.13)), 0.03)
        return (
            Spots(skin, shade(skin, 1.25), 0.16, 0.045, 0.9, seed_from(rng)),
            skin,
            tint(rng, (palette.WHITE, palette.CHARCOAL), 0.02),
        )
    if kind == "pied":
        return (
            Patches(palette.WHITE, skin, rng.uniform(0.5, 0.7), rng.uniform(0.45, 0.6), seed_from(rng)),
            skin,
            pick(rng, (palette.WHITE, shade(skin, 0.5))),
        )
    if kind == "wood":
        skin = tint(rng, ((0.78, 0.58, 0.36), (0.66, 0.45, 0.26)), 0.03)
        return (
            WoodGrain(skin, shade(skin, 0.75), (1, 0.1, 0.2), rng.uniform(0.07, 0.11), seed_from(rng)),
            skin,
            tint(rng),
        )
    skin = tint(rng, palette.PASTEL, 0.04)
    return Plain(skin), skin, contrast(rng, skin, palette.TOY)


def _mane(rng: np.random.Generator, figure: Figure, build: Build, hair: Color, finish: Material) -> Part:
    angle = np.radians(build.neck_deg)
    along, crest = np.array([np.cos(angle), 0, np.sin(angle)]), np.array([-np.sin(angle), 0, np.cos(angle)])
    t, full = np.linspace(0.0, 1.35, 14), rng.uniform(0.13, 0.19)
    lean = rng.uniform(0.0, 0.06)
    wave = 0.02 * np.sin(t * rng.uniform(12, 20))
    points = [
        figure.head
        + (s - 1) * build.neck * along
        + (build.neck_thick + (build.neck_thin - build.neck_thick) * s + 0.03 + w) * crest
        for s, w in zip(t, wave, strict=True)
    ]
    radii = full * (0.6 + 0.4 * np.sin(np.pi * np.clip(t, 0, 1)))
    field = scaled(chain(np.array(points) + [0, lean, 0], radii), (1, 0.6, 1))
    return Part("mane", field, Plain(hair), finish, blend=0.01, movable=True)


def _horse_tail(rng: np.random.Generator, figure: Figure, hair: Color, finish: Material) -> Part:
    lift, out, drop, kick = (
        rng.uniform(0.02, 0.16),
        rng.uniform(0.2, 0.34),
        rng.uniform(0.55, 0.75),
        rng.uniform(-0.12, 0.12),
    )
    start = figure.rump
    points = anatomy.curve(
        [start + [0.1, 0, 0], start + [-out, 0, lift], start + [-out, kick, -0.3], start + [-0.6 * out, kick, -drop]],
        14,
    )
    t = np.linspace(0, 1, 14)
    return Part("tail", chain(points, 0.055 + 0.07 * np.sin(np.pi * t**0.8)), Plain(hair), finish, movable=True)


def _saddle(rng: np.random.Generator, figure: Figure, build: Build) -> list[Part]:
    half, color = rng.uniform(0.2, 0.26), tint(rng)
    top = build.height + build.belly - build.sag
    cloth = intersection(grown(figure.trunk, 0.045), box((0, 0, build.height + 0.12), (half, 1, 0.3), 0.02))
    leather = tint(rng, (palette.BROWN, (0.3, 0.17, 0.1), palette.RED), 0.03)
    seat = smooth_union(
        0.06,
        intersection(grown(figure.trunk, 0.1), box((0, 0, build.height + 0.25), (0.7 * half, 0.24, 0.3), 0.04)),
        capsule((-0.75 * half, -0.1, top + 0.1), (-0.75 * half, 0.1, top + 0.1), 0.06),
        capsule((0.7 * half, 0, top), (0.85 * half, 0, top + 0.14), 0.05),
    )
    trim = box((0, 0, build.height + 0.12), (half - 0.05, 1, 0.25))
    return [
        Part("blanket", cloth, anatomy.marked(Plain(shade(color, 0.6)), color, trim), palette.FELT, movable=True),
        Part("saddle", seat, Plain(leather), palette.LEATHER, movable=True),
    ]


def _rockers(rng: np.random.Generator, build: Build) -> list[Part]:
    """Two curved rails under the feet that rungs connect."""
    paint, depth = Plain(tint(rng)), rng.uniform(0.12, 0.2)
    reach, y = 0.5 * build.length + rng.uniform(0.35, 0.45), build.width * build.chest - 0.5 * build.thigh
    x = np.linspace(-reach, reach, 16)
    z = depth * 1.6 * (x / reach) ** 2 - 1.6 * depth * (0.5 * build.length / reach) ** 2
    parts = []
    for name, s in (("left", 1), ("right", -1)):
        rail = chain(np.stack([x, np.full(16, s * y), z], axis=1), [0.065] * 16)
        parts.append(Part(f"rocker_{name}", rail, paint, palette.PAINTED_WOOD, blend=0.02))
    rungs = [cylinder((k, -y, zk), (k, y, zk), 0.05) for k, zk in ((x[2], z[2]), (x[-3], z[-3]))]
    return [*parts, Part("rungs", union(*rungs), paint, palette.PAINTED_WOOD)]


TOYS = {"horse": horse}
