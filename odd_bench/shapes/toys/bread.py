"""Bread: tin loaf with slices, baguette, round boule and buttered toast."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes import noise
from odd_bench.shapes.patterns import Color, Inlay, Mottled, Pattern, Plain, Spots
from odd_bench.shapes.poses import plane_pose
from odd_bench.shapes.sdf import Field, capsule, chain, cut, displaced, ellipsoid, half_space, scaled
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys.curves import plate, smooth_path
from odd_bench.shapes.toys.draws import pick, seed_from, shade, tint
from odd_bench.shapes.toys.toast import ACROSS, CRUSTS, crumb_color, cut_face, slice_outline, toast
from odd_bench.shapes.toys.toppings import BAKED


def bread(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_loaf, _baguette, _boule, toast))(rng)


def _baked(rng, crust: Color) -> Pattern:
    """A crust: brown with darker clouds, floury, or speckled."""
    seed = seed_from(rng)
    return pick(
        rng,
        (
            Mottled(shade(crust, 1.15), shade(crust, 0.7), rng.uniform(0.3, 0.5), 1.5, seed),
            Mottled(crust, (0.95, 0.9, 0.8), rng.uniform(0.35, 0.5), 1.8, seed),
            Spots(crust, shade(crust, 0.72), 0.2, 0.03, 0.6, seed),
        ),
    )


def _loaf(rng) -> list[Part]:
    """A tin loaf that is cut at the front, with slices that fall forward."""
    crust, outline = tint(rng, CRUSTS, 0.04), slice_outline(rng)
    crumb, long, seed = crumb_color(rng, crust), rng.uniform(1.2, 1.5), seed_from(rng)
    front = 0.15
    body = plate(outline, long, (front - long / 2, 0, 0), *ACROSS)
    ridged = displaced(body, lambda p: noise.smooth(p * 3.0, seed) - 0.5, 0.05)
    face = cut_face(rng, outline, crust, crumb, plane_pose((0, 0, 0), *ACROSS))
    paint = Inlay(_baked(rng, crust), face, half_space((front - 0.09, 0, 0), (-1, 0, 0)))
    parts = [Part("body", ridged, paint, BAKED)]
    thick, x, lean = rng.uniform(0.16, 0.2), front, 0.0
    for i in range(int(rng.integers(2, 4))):
        x, lean = x + thick * rng.uniform(0.75, 0.9), lean + rng.uniform(4, 9)
        up = np.array([np.sin(np.radians(lean)), 0, np.cos(np.radians(lean))])
        side = np.array([np.sin(np.radians(rng.uniform(-4, 4))), 1.0, 0])
        pose = plane_pose((x, rng.uniform(-0.05, 0.05), 0), side, up)
        inside = cut_face(rng, outline, crust, crumb, pose)
        parts.append(Part(f"slice_{i + 1}", plate(outline, thick, pose[:3, 3], side, up), inside, BAKED, movable=True))
        x += np.tan(np.radians(lean)) * 0.12
    core = plate(0.8 * outline + [0, 0.06], x - front + 0.1, ((front + x) / 2, 0, 0), *ACROSS)
    parts.append(Part("core", core, Plain(crumb), BAKED))
    scores = int(rng.integers(0, 3))
    for i in range(scores):
        at = (front - long * (0.35 + 0.35 * i), 0, float(outline[:, 1].max()) + 0.05)
        score = capsule(np.add(at, (0, -0.22, 0)), np.add(at, (0.1, 0.22, 0)), 0.1)
        parts.append(Part(f"score_{i + 1}", score, Plain(crumb), BAKED, movable=True))
    return parts


def _ridge(a: np.ndarray, middle: np.ndarray, b: np.ndarray, thick: float) -> Field:
    """A raised, spindle-shaped crease along a bent line."""
    path = smooth_path([a, middle, b], 10)
    return chain(path, list(thick * np.sin(np.pi * np.linspace(0.12, 0.88, 10))))


def _baguette(rng) -> list[Part]:
    crust, girth, half = tint(rng, CRUSTS, 0.04), rng.uniform(0.27, 0.36), rng.uniform(0.95, 1.1)
    bend, flat = rng.uniform(-0.12, 0.12), rng.uniform(0.8, 0.95)
    crumb = crumb_color(rng, crust)
    t = np.linspace(-1, 1, 14)
    path = np.stack([half * t, bend * (1 - t**2), 0 * t], axis=1)
    radii = girth * (1 - 0.45 * np.abs(t) ** 3)
    body = scaled(chain(path, list(radii)), (1, 1, flat))
    parts = [Part("body", cut(body, half_space((0, 0, -0.62 * girth * flat), (0, 0, 1))), _baked(rng, crust), BAKED)]
    count, slant = int(rng.integers(4, 6)), rng.uniform(0.12, 0.2)
    pale = Mottled(crumb, shade(crust, 1.25), 0.12, 1.5, seed_from(rng))
    for i, x in enumerate(np.linspace(-0.7, 0.7, count) * half):
        top = flat * girth * (1 - 0.45 * abs(x / half) ** 3)
        y = bend * (1 - (x / half) ** 2)
        side = 0.55 * girth
        ends = [np.array([x + s * slant, y + s * side, 0.75 * top]) for s in (-1, 1)]
        score = _ridge(ends[0], np.array([x, y, top]), ends[1], rng.uniform(0.1, 0.125))
        parts.append(Part(f"score_{i + 1}", score, pale, BAKED, blend=0.02, movable=True))
    return parts


def _boule(rng) -> list[Part]:
    """A round loaf scored with a cross, a fan or an ear of wheat."""
    crust, seed = tint(rng, CRUSTS, 0.04), seed_from(rng)
    tall, crumb = rng.uniform(0.55, 0.7), crumb_color(rng, crust)
    radii = np.array([1.0, rng.uniform(0.85, 1.0), tall])
    dome = ellipsoid((0, 0, 0), radii)
    rough = displaced(
        cut(dome, half_space((0, 0, -0.45 * tall), (0, 0, 1))), lambda p: noise.smooth(p * 3.0, seed) - 0.5, 0.05
    )
    parts = [Part("body", rough, _baked(rng, crust), BAKED)]
    kind, turn = pick(rng, ("cross", "fan", "wheat")), rng.uniform(-0.5, 0.5)
    lines = {
        "cross": [((-0.6, 0), (0.6, 0)), ((0, 0.15), (0, 0.62)), ((0, -0.15), (0, -0.62))],
        "fan": [((-0.5, y * 0.7), (0.55, y)) for y in (-0.55, -0.2, 0.2, 0.55)],
        "wheat": [
            ((-0.65, 0), (0.65, 0)),
            *[((x, s * 0.1), (x + 0.28, s * 0.45)) for x in (-0.4, 0.0) for s in (1, -1)],
        ],
    }[kind]
    pale = Mottled(crumb, shade(crust, 1.2), 0.15, 1.5, seed_from(rng))
    c, s = np.cos(turn), np.sin(turn)
    for i, ends in enumerate(lines):
        a, b = (np.array([c * x - s * y, s * x + c * y]) for x, y in ends)
        path = [_on_dome(p, radii) for p in (a, (a + b) / 2, b)]
        parts.append(
            Part(f"score_{i + 1}", _ridge(*path, rng.uniform(0.12, 0.15)), pale, BAKED, blend=0.02, movable=True)
        )
    return parts


def _on_dome(xy: np.ndarray, radii: np.ndarray) -> np.ndarray:
    return np.array([*xy, radii[2] * np.sqrt(max(1 - np.sum((xy / radii[:2]) ** 2), 0.05))])


TOYS = {"bread": bread}
