"""Toy lizards."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Inlay, Mottled, Pattern, Plain, Spots, Stripes, Tiles
from odd_bench.shapes.sdf import Field, capsule, chain, ellipsoid, half_space, scaled, smooth_union, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import marked, pose_at, posed, smile
from odd_bench.shapes.toys.curves import smooth_path
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import eye

SKINS = (
    palette.GREEN,
    (0.45, 0.65, 0.2),
    palette.TEAL,
    (0.6, 0.5, 0.3),
    palette.ORANGE,
    (0.75, 0.7, 0.3),
    (0.35, 0.4, 0.3),
    (0.25, 0.5, 0.75),
)


def lizard(rng: np.random.Generator) -> list[Part]:
    """Geckos with toe pads, crested iguanas, striped skinks and bearded dragons, sprawled in an S."""
    kind = pick(rng, ("gecko", "iguana", "skink", "dragon"))
    skin, finish = (
        tint(rng, SKINS, 0.05),
        pick(rng, (palette.PLASTIC, palette.SATIN, palette.RUBBER, palette.CERAMIC, palette.BISQUE)),
    )
    second = pick(
        rng,
        (
            shade(skin, 0.5),
            shade(skin, 1.6),
            contrast(rng, skin, (palette.YELLOW, palette.ORANGE, palette.BLACK, palette.CREAM)),
        ),
    )
    spine, girth = _spine(rng), rng.uniform(0.19, 0.25)
    coat = _coat(rng, kind, skin, second)
    body = spine[(spine[:, 0] > -0.55)]
    bulge = girth * (0.72 + 0.28 * np.sin(np.linspace(0.25, 0.95, len(body)) * np.pi))
    trunk = scaled(chain(body, bulge), (1, 1.05, 0.85), (0, 0, girth))
    belly = half_space((0, 0, 0.75 * girth), (0, 0, 1))
    parts = [Part("body", trunk, Inlay(coat, Plain(shade(skin, 1.5)), belly), finish)]
    parts.append(_tail(rng, spine, bulge[0], coat, finish))
    parts += _legs(rng, kind, spine, girth, coat, skin, finish)
    heading = np.degrees(np.arctan2(*(spine[-1] - spine[-4])[1::-1]))
    head = _head(rng, kind, skin, coat, second, finish)
    parts += posed(head, pose_at(spine[-1] + [0.0, 0, 0.06], 0, heading + rng.uniform(-12, 12), rng.uniform(-2, 10)))
    if kind in ("iguana", "dragon"):
        parts.append(_crest(rng, kind, spine, girth, second, finish))
    return parts


def _spine(rng: np.random.Generator) -> np.ndarray:
    """(40, 3) points along the spine, from the tip of the tail to the neck."""
    side, sway, long = pick(rng, (1, -1)), rng.uniform(0.12, 0.24), rng.uniform(0.95, 1.2)
    curl = rng.uniform(0.2, 0.55)
    knots = [
        (-0.55 - 0.75 * long, -side * curl, 0.09),
        (-0.55 - 0.55 * long, -0.2 * side * curl, 0.1),
        (-0.6, side * sway, 0.17),
    ]
    return smooth_path([*knots, (-0.2, 0.4 * side * sway, 0.22), (0.25, -0.5 * side * sway, 0.23), (0.6, 0, 0.27)], 40)


def _coat(rng: np.random.Generator, kind: str, skin: Color, second: Color) -> Pattern:
    seed = seed_from(rng)
    if kind == "gecko":
        return Spots(skin, second, rng.uniform(0.14, 0.2), rng.uniform(0.04, 0.06), 0.85, seed)
    if kind == "skink":
        axis = pick(rng, ((0, 1, 0), (1, 0.2, 0)))
        return Stripes(
            skin, second, axis, rng.uniform(0.13, 0.22), rng.uniform(0.3, 0.5), rng.uniform(0, 0.06), 0.25, seed
        )
    if kind == "iguana":
        return pick(
            rng,
            (
                Stripes(skin, shade(skin, 0.6), (1, 0, 0.2), 0.25, 0.35, 0.12, 0, seed),
                Tiles(skin, shade(skin, 0.65), 0.13, 0.03, seed),
            ),
        )
    return Mottled(skin, second, rng.uniform(0.12, 0.25), 1.8, seed)


def _tail(rng: np.random.Generator, spine: np.ndarray, thick: float, coat: Pattern, finish: Material) -> Part:
    path = spine[spine[:, 0] < -0.4]
    t = np.linspace(0, 1, len(path))
    plump = rng.uniform(0, 0.06) * np.sin(np.pi * t) ** 2
    return Part(
        "tail", chain(path, 0.045 + (0.95 * thick - 0.045) * t**1.1 + plump), coat, finish, blend=0.03, movable=True
    )


def _legs(
    rng: np.random.Generator, kind: str, spine: np.ndarray, girth: float, coat: Pattern, skin: Color, finish: Material
) -> list[Part]:
    thick, out = rng.uniform(0.075, 0.095), rng.uniform(0.36, 0.46)
    parts = []
    for end, x, lean in (("front", 0.36, 0.16), ("rear", -0.45, -0.14)):
        hub = spine[np.argmin(np.abs(spine[:, 0] - x))]
        for name, side in SIDES:
            step = rng.uniform(-0.08, 0.08)
            shoulder = hub + [0, side * 0.45 * girth, 0]
            elbow = hub + [lean * (0.2 if end == "front" else -0.6) + step, side * (0.55 * girth + 0.55 * out), 0.08]
            wrist = np.array([hub[0] + lean + step, hub[1] + side * (0.6 * girth + out), 0.07])
            limb = chain([shoulder, elbow, wrist], [1.3 * thick, thick, 0.85 * thick])
            foot = smooth_union(0.02, sphere(wrist, thick), *_toes(kind, wrist, side, lean))
            parts.append(Part(f"leg_{end}_{name}", limb, coat, finish, blend=0.05, movable=True))
            parts.append(Part(f"leg_{end}_{name}", foot, Plain(shade(skin, 0.85)), finish, blend=0.02, movable=True))
    return parts


def _toes(kind: str, wrist: np.ndarray, side: float, lean: float) -> list[Field]:
    toes = []
    for angle in np.radians([-60, -20, 20, 60]):
        heading = np.pi / 2 * side - side * np.sign(lean) * 0.6 + angle
        tip = wrist * [1, 1, 0] + [0.17 * np.cos(heading), 0.17 * np.sin(heading), 0.04]
        toes.append(capsule(wrist * [1, 1, 0] + [0, 0, 0.05], tip, 0.045, 0.036))
        if kind == "gecko":
            toes.append(sphere(tip, 0.058))
    return toes


def _head(
    rng: np.random.Generator, kind: str, skin: Color, coat: Pattern, second: Color, finish: Material
) -> list[Part]:
    size = rng.uniform(0.23, 0.27)
    reach, tall = rng.uniform(0.18, 0.3), rng.uniform(0.72, 0.85)
    skull = ellipsoid((0.08, 0, 0), (1.1 * size, size, tall * size))
    snout = scaled(
        capsule((0.1, 0, -0.04), (0.1 + reach, 0, -0.05), 0.85 * size, 0.5 * size), (1, 1, 0.75), (0, 0, -0.04)
    )
    front = 0.1 + reach + 0.5 * size
    gape = smile((front, 0, -0.085), 1.0 * size, 0.0, 0.022, bow=front - 0.02)
    nostrils = [sphere((front - 0.03, s * 0.055, 0.0), 0.025) for s in (1, -1)]
    under = half_space((0, 0, -0.085), (0, 0, 1))
    paint = marked(Inlay(Plain(skin), Plain(shade(skin, 1.5)), under), shade(skin, 0.35), gape, *nostrils)
    radius = rng.uniform(0.095, 0.115) if kind == "gecko" else rng.uniform(0.07, 0.085)
    iris = tint(rng, (palette.YELLOW, palette.ORANGE, (0.7, 0.85, 0.3), palette.RED), 0.03)
    pupil = rng.uniform(0.58, 0.72)
    parts = [Part("head", smooth_union(0.06, skull, snout), paint, finish, blend=0.06)]
    for name, s in SIDES:
        center, toward = np.array([0.16, s * 0.72 * size, 0.5 * size]), np.array([0.55, s, 0.25])
        parts.append(
            Part(f"lid_{name}", sphere(center - [0.03, s * 0.03, 0.0], 1.08 * radius), coat, finish, blend=0.03)
        )
        parts.append(eye(f"eye_{name}", center, toward, radius, iris, pupil, movable=False))
    if chance(rng, 0.5):
        mouth, long = np.array([front - 0.05, 0, -0.09]), rng.uniform(0.2, 0.32)
        fork = [capsule(mouth + [long, 0, 0.03], mouth + [long + 0.11, s * 0.07, 0.06], 0.038, 0.03) for s in (1, -1)]
        tongue = union(capsule(mouth - [0.1, 0, 0], mouth + [long, 0, 0.03], 0.05, 0.04), *fork)
        parts.append(
            Part(
                "tongue",
                tongue,
                Plain(tint(rng, ((0.85, 0.25, 0.35), palette.RED), 0.03)),
                palette.RUBBER,
                movable=True,
            )
        )
    if kind == "iguana":
        parts.append(
            Part(
                "dewlap",
                ellipsoid((0.2, 0, -0.2), (0.17, 0.055, 0.15)),
                Plain(second),
                finish,
                blend=0.03,
                movable=True,
            )
        )
    if kind == "dragon":
        jaw = [(np.array([0.0, s * 0.7 * size, -0.08]), s, dz) for s in (1, -1) for dz in (-0.07, 0.05)]
        beard = [capsule(at, at + [-0.1, s * (0.3 * size + 0.12), dz], 0.07, 0.035) for at, s, dz in jaw]
        parts.append(Part("beard", smooth_union(0.02, *beard), Plain(second), finish, blend=0.02, movable=True))
    return parts


def _crest(
    rng: np.random.Generator, kind: str, spine: np.ndarray, girth: float, color: Color, finish: Material
) -> Part:
    """Spikes along the back, taller on an iguana."""
    tall = rng.uniform(0.14, 0.22) if kind == "iguana" else rng.uniform(0.08, 0.11)
    path = spine[(spine[:, 0] > -0.75) & (spine[:, 0] < 0.6)]
    spikes = []
    for k, point in enumerate(path[::2]):
        top = 0.78 * girth * (0.8 + 0.2 * np.sin(np.pi * k / len(path[::2])))
        height = tall * (0.6 + 0.4 * np.sin(np.pi * k / len(path[::2])))
        spikes.append(capsule(point + [0, 0, 0.7 * top], point + [-0.07, 0, top + height], 0.065, 0.03))
    return Part("crest", union(*spikes), Plain(color), finish, blend=0.01, movable=True)


TOYS = {"lizard": lizard}
