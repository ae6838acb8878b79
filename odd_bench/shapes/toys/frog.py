"""Sitting frogs: tree frog, toad, poison dart frog and frog prince."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Inlay, Mottled, Patches, Pattern, Plain, Spots, Stripes
from odd_bench.shapes.sdf import capsule, chain, ellipsoid, frustum, rotated, scattered, smooth_union, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import smooth_path
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import eye_paint

GREENS = (palette.GREEN, (0.4, 0.72, 0.2), (0.25, 0.5, 0.2), (0.55, 0.75, 0.25))
DART = (palette.BLUE, palette.YELLOW, palette.ORANGE, palette.RED, (0.2, 0.7, 0.6))


def frog(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("tree", "toad", "dart", "prince"))
    fat = rng.uniform(0.9, 1.05) * {"toad": 1.12, "tree": 0.92}.get(kind, 1.0)
    skin = tint(rng, {"toad": (palette.BROWN, palette.TAN, (0.5, 0.48, 0.25)), "dart": DART}.get(kind, GREENS))
    material = pick(rng, (palette.PLASTIC, palette.SATIN, palette.RUBBER, palette.CERAMIC))
    pitch = rng.uniform(18, 32)
    head = np.array([0.5, 0.0, rng.uniform(0.8, 0.92)])
    head_radii = np.array([rng.uniform(0.44, 0.5), rng.uniform(0.5, 0.58) * fat, rng.uniform(0.3, 0.35)])
    trunk = rotated(ellipsoid((-0.15, 0, 0.5), (0.72, 0.55 * fat, 0.42 * fat)), (0, 1, 0), -pitch, (-0.15, 0, 0.5))
    coat = _coat(rng, kind, skin, head)
    limb = {"dart": contrast(rng, skin, (*DART, palette.BLACK))}.get(kind, shade(skin, rng.uniform(0.85, 1.1)))
    pad = tint(rng, (palette.ORANGE, (0.95, 0.7, 0.3))) if kind == "tree" else shade(limb, 1.25)
    parts = [
        Part("body", smooth_union(0.15, trunk, ellipsoid(head, head_radii)), coat, material),
        *_legs(rng, fat, limb, pad, material),
        *_eyes(rng, kind, head, head_radii, skin, material),
    ]
    if kind == "toad":
        parts.insert(1, _warts(rng, fat, skin, material))
    if kind == "prince":
        parts += _crown(rng, head, head_radii)
    return parts


def _coat(rng, kind: str, skin: Color, head: np.ndarray) -> Pattern:
    seed = seed_from(rng)
    dark = palette.BLACK if kind == "dart" else shade(skin, rng.uniform(0.5, 0.75))
    options: dict[str, tuple[Pattern, ...]] = {
        "dart": (Patches(skin, dark, 0.5, 0.45, seed), Spots(skin, dark, 0.3, 0.1, 0.85, seed)),
        "toad": (Mottled(skin, dark, 0.2, 1.8, seed), Patches(skin, dark, 0.3, 0.4, seed)),
        "tree": (Plain(skin), Spots(skin, shade(skin, 1.5), 0.28, 0.05, 0.6, seed)),
        "prince": (
            Plain(skin),
            Spots(skin, dark, 0.3, 0.08, 0.7, seed),
            Stripes(skin, dark, (0, 1, 0), 0.42, 0.25, 0.1, 0.4),
        ),
    }
    coat = pick(rng, options[kind])
    if kind == "dart":
        return coat
    pale = tint(rng, (palette.CREAM, palette.YELLOW, shade(skin, 1.65), palette.WHITE), 0.03)
    below = ellipsoid((0.75, 0, 0.33), (0.55, 0.42, 0.5 + head[2] - 0.85))
    return Inlay(coat, Plain(pale), below)


def _legs(rng, fat: float, limb: Color, pad: Color, material: Material) -> list[Part]:
    thick, knee = rng.uniform(0.9, 1.1), rng.uniform(0.45, 0.6)
    turn, toe = rng.uniform(-0.1, 0.3), rng.uniform(0.22, 0.3)
    bulb = rng.uniform(0.055, 0.085)
    parts = []
    for side, s in SIDES:
        wide = s * fat
        arm = smooth_path([(0.32, 0.4 * wide, 0.55), (0.3, 0.58 * wide, 0.35), (0.42, 0.55 * wide, 0.1)], 8)
        front = chain(arm, list(thick * np.linspace(0.17, 0.1, 8)))
        parts += _limb(f"leg_front_{side}", front, arm[-1], s * turn, toe, bulb, limb, pad, material)
        thigh = [(-0.5, 0.38 * wide, 0.42), (0.0, 0.66 * wide, knee)]
        shin = [thigh[1], (-0.5, 0.74 * wide, 0.14)]
        foot = [shin[1], (-0.05, 0.86 * wide, 0.08)]
        rear = union(
            capsule(*thigh, 0.25 * thick, 0.18 * thick),
            capsule(*shin, 0.17 * thick, 0.11 * thick),
            capsule(*foot, 0.11 * thick, 0.08 * thick),
        )
        parts += _limb(
            f"leg_rear_{side}", rear, np.array(foot[1]), s * turn * 0.5, 1.25 * toe, bulb, limb, pad, material
        )
    return parts


def _limb(name: str, field, wrist: np.ndarray, turn: float, toe: float, bulb: float, limb, pad, material) -> list[Part]:
    """A leg with its toes, and the pads at their ends."""
    wrist = np.array([wrist[0], wrist[1], 0.07])
    tips = [wrist + toe * np.array([np.cos(turn + a), np.sin(turn + a), 0]) for a in (-0.75, 0.0, 0.75)]
    toes = union(*(capsule(wrist, tip, 0.07, 0.05) for tip in tips))
    return [
        Part(name, union(field, toes), Plain(limb), material, blend=0.03, movable=True),
        Part(name, scattered(tips, np.zeros((3, 3)), bulb), Plain(pad), material, blend=0.01, movable=True),
    ]


def _eyes(rng, kind: str, head: np.ndarray, radii: np.ndarray, skin: Color, material: Material) -> list[Part]:
    """Eye bulbs on top of the head, nostrils and a wide mouth line."""
    radius, apart = rng.uniform(0.19, 0.24), rng.uniform(0.56, 0.68) * radii[1]
    iris = tint(
        rng,
        {"tree": (palette.RED, palette.ORANGE), "toad": (palette.GOLD, palette.ORANGE)}.get(
            kind, (palette.YELLOW, palette.WHITE, palette.GOLD)
        ),
    )
    parts = []
    for side, s in SIDES:
        at = head + [0.08, s * apart, 0.85 * radii[2]]
        look = np.array([0.85, s * 0.55, 0.15])
        ball = at + 0.25 * radius * look
        name = f"eye_{side}"
        parts.append(Part(name, sphere(at, radius), Plain(skin), material, blend=0.06, movable=True))
        parts.append(
            Part(
                name,
                sphere(ball, 0.92 * radius),
                eye_paint(ball, look, 0.92 * radius, iris, 0.55),
                palette.BEAD,
                movable=True,
            )
        )
    side_angle = np.linspace(-1.35, 1.35, 16)
    corners = rng.uniform(0.05, 0.35)
    lips = [head + radii * _unit(np.cos(a), np.sin(a), -0.25 + corners * (a / 1.35) ** 2) for a in side_angle]
    parts.append(Part("mouth", chain(lips, [0.035] * 16), Plain(shade(skin, 0.3)), material, cut=True))
    nostrils = [head + radii * _unit(1.0, s * 0.2, 0.35) for s in (1, -1)]
    parts.append(
        Part("nostrils", scattered(nostrils, np.zeros((2, 3)), 0.035), Plain(shade(skin, 0.3)), material, cut=True)
    )
    return parts


def _unit(x: float, y: float, z: float) -> np.ndarray:
    return np.array([x, y, z]) / np.linalg.norm([x, y, z])


def _warts(rng, fat: float, skin: Color, material: Material) -> Part:
    """Round warts all over the back."""
    turn, up = rng.uniform(-np.pi, np.pi, 26), rng.uniform(0.35, 0.95, 26)
    flat = np.sqrt(1 - up**2)
    at = np.stack([-0.2 + 0.66 * flat * np.cos(turn), 0.56 * fat * flat * np.sin(turn), 0.5 + 0.45 * fat * up], axis=1)
    at[:, 2] += 0.36 * (at[:, 0] + 0.15)
    return Part(
        "warts",
        scattered(at, np.zeros_like(at), 0.075),
        Plain(shade(skin, rng.uniform(0.7, 0.9))),
        material,
        blend=0.05,
    )


def _crown(rng, head: np.ndarray, radii: np.ndarray) -> list[Part]:
    color, jewel = (
        tint(rng, (palette.GOLD, palette.YELLOW), 0.03),
        tint(rng, (palette.RED, palette.BLUE, (0.2, 0.7, 0.4))),
    )
    count, ring = int(rng.integers(5, 8)), rng.uniform(0.19, 0.24)
    low, high = head[2] + 0.75 * radii[2], head[2] + radii[2] + rng.uniform(0.12, 0.2)
    center = np.array([head[0] - 0.12, 0.0, 0.0])
    angle = np.arange(count) * 2 * np.pi / count
    rim = center + np.stack([ring * np.cos(angle), ring * np.sin(angle), 0 * angle], axis=1)
    band = frustum(center + [0, 0, low], center + [0, 0, high], ring, ring + 0.04, 0.03)
    spikes = [
        capsule(p + [0, 0, high - 0.06], p + [0.1 * np.cos(a), 0.1 * np.sin(a), high + 0.16], 0.085, 0.04)
        for p, a in zip(rim, angle, strict=True)
    ]
    tips = rim + np.stack([0.1 * np.cos(angle), 0.1 * np.sin(angle), 0 * angle + high + 0.18], axis=1)
    return [
        Part("crown", union(band, *spikes), Plain(color), palette.METAL, movable=True),
        Part("crown", scattered(tips, np.zeros_like(tips), 0.06), Plain(jewel), palette.BEAD, movable=True),
    ]


TOYS = {"frog": frog}
