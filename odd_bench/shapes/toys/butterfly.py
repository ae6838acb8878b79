"""Butterflies with raised wings: monarch, morpho, peacock, swallowtail and a painted toy."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Gradient, Inlay, Pattern, Placed, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.poses import plane_pose
from odd_bench.shapes.sdf import Field, chain, cylinder, ellipsoid, extrude, grown, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import plate, smooth_outline, smooth_path
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import bead_eye

KINDS = ("monarch", "morpho", "peacock", "swallowtail", "painted")
WING_COLORS = {
    "monarch": (palette.ORANGE, (0.9, 0.4, 0.08), (0.95, 0.65, 0.15)),
    "morpho": (palette.BLUE, (0.15, 0.6, 0.85), palette.PURPLE),
    "peacock": ((0.75, 0.2, 0.12), (0.6, 0.25, 0.35), (0.8, 0.45, 0.2)),
    "swallowtail": (palette.YELLOW, palette.CREAM, (0.75, 0.85, 0.4)),
    "painted": palette.TOY,
}


def butterfly(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, KINDS)
    color = tint(rng, WING_COLORS[kind])
    edge = (
        contrast(rng, color)
        if kind == "painted"
        else tint(rng, (palette.BLACK, palette.CHARCOAL, (0.2, 0.12, 0.1)), 0.03)
    )
    material = pick(rng, (palette.PLASTIC, palette.SATIN, palette.FELT, palette.PAINTED_WOOD, palette.PLUSH))
    body_color = edge if kind == "painted" else tint(rng, (palette.CHARCOAL, palette.BROWN, (0.3, 0.22, 0.2)))
    return [*_body(rng, body_color, material), *_wings(rng, kind, color, edge, material)]


def _body(rng, color: Color, material: Material) -> list[Part]:
    thick, long = rng.uniform(0.11, 0.15), rng.uniform(0.8, 1.0)
    tail = [(0.1, 0, 0.3), (-0.3 * long, 0, 0.28), (-0.65 * long, 0, 0.22), (-long, 0, 0.17)]
    girth = np.interp(np.arange(12), [0, 4, 11], [0.8, 1.1, 0.5]) * thick
    ringed = Stripes(color, shade(color, 1.35), (1, 0, 0), rng.uniform(0.14, 0.2), 0.4)
    head = np.array([0.45, 0, 0.36])
    parts = [
        Part("body", chain(smooth_path(tail, 12), list(girth)), ringed, material),
        Part("thorax", ellipsoid((0.15, 0, 0.3), (0.3, 0.19, 0.2)), Plain(color), material, blend=0.05),
        Part("head", sphere(head, rng.uniform(0.16, 0.19)), Plain(color), material, blend=0.03),
    ]
    reach, rise, splay = rng.uniform(0.3, 0.45), rng.uniform(0.4, 0.6), rng.uniform(0.25, 0.45)
    for side, s in SIDES:
        path = smooth_path(
            [
                head + [0.05, s * 0.06, 0.08],
                head + [0.6 * reach, s * 0.6 * splay, 0.85 * rise],
                head + [reach + 0.1, s * splay, rise],
            ],
            10,
        )
        feeler = union(chain(path, [0.045] * 10), sphere(path[-1], rng.uniform(0.075, 0.095)))
        parts.append(Part(f"antenna_{side}", feeler, Plain(color), material, blend=0.02, movable=True))
        parts.append(bead_eye(f"eye_{side}", head + [0.09, s * 0.11, 0.04], (0.6, s, 0.3), 0.075, movable=False))
    return parts


def _wings(rng, kind: str, color: Color, edge: Color, material: Material) -> list[Part]:
    dihedral, thick = np.radians(rng.uniform(12, 38)), rng.uniform(0.08, 0.1)
    fore, rear = _fore_outline(rng), _rear_outline(rng, 0.5 if kind == "swallowtail" else rng.uniform(0, 0.12))
    coats = [(_coat(rng, kind, outline, color, edge, front)) for outline, front in ((fore, True), (rear, False))]
    parts = []
    for side, s in SIDES:
        for name, outline, coat, drop in (("fore", fore, coats[0], 0.0), ("hind", rear, coats[1], 0.035)):
            tilt = dihedral * (1.0 if name == "fore" else 0.8)
            out = (0, s * np.cos(tilt), np.sin(tilt))
            origin = (0.1, s * 0.04, 0.32 - drop)
            paint = Placed(coat, plane_pose(origin, out, (1, 0, 0)))
            field = plate(outline, thick, origin, out, (1, 0, 0))
            parts.append(Part(f"wing_{name}_{side}", field, paint, material, blend=0.02, movable=True))
    return parts


def _fore_outline(rng) -> np.ndarray:
    """(k, 2) outline of a fore wing: outward and forward."""
    span, tip, hollow = rng.uniform(1.0, 1.2), rng.uniform(0.6, 0.85), rng.uniform(0.8, 0.98)
    points = [
        (-0.05, -0.12),
        (-0.02, 0.12),
        (0.4 * span, 0.5 * tip + 0.12),
        (0.85 * span, tip + 0.05),
        (1.05 * span, tip - 0.05),
    ]
    points += [(span * hollow, 0.35 * tip), (0.95 * span, -0.02), (0.8 * span, -0.2), (0.35 * span, -0.2)]
    return smooth_outline(points, 30)


def _rear_outline(rng, streamer: float) -> np.ndarray:
    span, long = rng.uniform(0.75, 0.92), rng.uniform(0.8, 0.95)
    points = [(-0.05, 0.05), (0.35 * span, 0.02), (0.9 * span, -0.1), (span, -0.4 * long), (0.85 * span, -0.78 * long)]
    points += [
        (0.62 * span, -0.92 * long - streamer),
        (0.48 * span, -0.92 * long - streamer),
        (0.42 * span, -0.9 * long),
    ]
    points += [(0.2 * span, -0.7 * long), (0.02, -0.35)]
    return smooth_outline(points, 30)


def _coat(rng, kind: str, outline: np.ndarray, color: Color, edge: Color, front: bool) -> Pattern:
    """The paint of a wing in its own frame (x outward, y forward): margin, inner field, veins and marks."""
    inner = _inside(outline, rng.uniform(0.07, 0.12))
    light, seed = shade(color, 1.35), seed_from(rng)
    center = outline.mean(axis=0)
    far = outline[np.argsort(-outline[:, 0])[:9:2]]  # points on the margin, far from the body
    beads = _discs(center + (far - center) * 0.92, rng.uniform(0.035, 0.05))
    if kind == "monarch":
        veined = Sectors(color, edge, int(rng.integers(22, 30)), 0.16, rng.random(), 0.0, (-0.15, 0.0))
        return Inlay(Inlay(Plain(edge), veined, inner), Plain(palette.WHITE), beads)
    if kind == "morpho":
        glow = Gradient(light, shade(color, 0.75), (1, 0, 0), 0.1, 1.1)
        return Inlay(Inlay(Plain(edge), glow, inner), Plain(light), beads)
    if kind == "peacock":
        at = np.array([[0.78, 0.4]]) if front else np.array([[0.55, -0.5]])
        coat: Pattern = Inlay(Plain(edge), Gradient(color, light, (1, 0, 0), 0.0, 1.2), _inside(outline, 0.07))
        for radius, ring in (
            (0.24, palette.BLACK),
            (0.2, tint(rng, (palette.YELLOW, palette.CREAM))),
            (0.14, tint(rng, (palette.BLUE, palette.PURPLE))),
            (0.06, palette.WHITE),
        ):
            coat = Inlay(coat, Plain(ring), _discs(at, radius))
        return coat
    if kind == "swallowtail":
        bars = Stripes(color, edge, (0.9, 0.5, 0), rng.uniform(0.28, 0.4), 0.3, 0.05, rng.random(), seed)
        mark = _discs(np.array([[0.45, -0.72]]), 0.1) if not front else beads
        return Inlay(
            Inlay(Plain(edge), bars, inner),
            Plain(tint(rng, ((0.85, 0.3, 0.2), palette.BLUE)) if not front else color),
            mark,
        )
    second = contrast(rng, color)
    fields = (
        Spots(color, second, 0.32, 0.09, 0.9, seed),
        Stripes(color, second, (1, 0, 0), 0.3, 0.4, 0.08, 0.0, seed),
        Plain(color),
    )
    marked = Inlay(pick(rng, fields), Plain(second), _discs(center[None], 0.17))
    return Inlay(Plain(edge), marked, inner)


def _inside(outline: np.ndarray, margin: float) -> Field:
    return grown(extrude(outline, -1.0, 1.0), -margin)


def _discs(centers: np.ndarray, radius: float) -> Field:
    return union(*(cylinder((x, y, -1), (x, y, 1), radius) for x, y in centers))


TOYS = {"butterfly": butterfly}
