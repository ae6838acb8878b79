"""Cars of several makes."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Checks, Color, Inlay, Pattern, Plain, Split, Stripes
from odd_bench.shapes.sdf import Field, box, capsule, cylinder, ellipsoid, half_space, intersection, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, decorated, pick, shade, tint
from odd_bench.shapes.toys.wheels import CLEAR_LAMP, PANE, PANES, WheelStyle, from_side, lamps, pane

# Outlines of the hull, and of the cabin above the belt line, seen from the side: x forward, in units of the half length, and z in
# units of the height of the hull or the cabin.
MAKES = {
    "beetle": (
        [(-1.0, 0.1), (-0.98, 0.6), (-0.7, 1.0), (0.0, 1.02), (0.62, 0.95), (0.95, 0.6), (1.0, 0.1), (0.0, 0.0)],
        [(-0.72, -0.6), (-0.62, 0.35), (-0.3, 0.95), (0.1, 1.0), (0.36, 0.6), (0.5, -0.6)],
    ),
    "saloon": (
        [(-1.0, 0.1), (-1.0, 0.8), (-0.8, 1.0), (0.0, 1.0), (0.8, 0.92), (1.0, 0.7), (1.0, 0.1), (0.0, 0.0)],
        [(-0.68, -0.6), (-0.5, 0.7), (-0.32, 1.0), (0.12, 1.0), (0.28, 0.75), (0.5, -0.6)],
    ),
    "van": (
        [(-1.0, 0.1), (-1.0, 0.9), (-0.85, 1.02), (0.0, 1.0), (0.75, 0.95), (0.98, 0.75), (1.0, 0.1), (0.0, 0.0)],
        [(-0.93, -0.6), (-0.93, 0.7), (-0.82, 1.0), (0.2, 1.0), (0.42, 0.8), (0.7, -0.6)],
    ),
    "racer": (
        [(-1.0, 0.2), (-1.0, 0.9), (-0.7, 1.0), (0.0, 0.95), (0.6, 0.7), (1.0, 0.35), (1.0, 0.1), (0.0, 0.0)],
        [(-0.7, -0.6), (-0.55, 0.5), (-0.2, 1.0), (0.1, 0.95), (0.3, 0.5), (0.5, -0.6)],
    ),
    "pickup": (
        [(-1.0, 0.1), (-1.0, 0.75), (-0.93, 0.97), (-0.4, 1.0), (0.75, 0.98), (0.98, 0.8), (1.0, 0.1), (0.0, 0.0)],
        [(-0.12, -0.6), (-0.1, 0.8), (0.0, 1.0), (0.3, 1.0), (0.42, 0.8), (0.6, -0.6)],
    ),
}


def car(rng: np.random.Generator) -> list[Part]:
    make = pick(rng, tuple(MAKES))
    half, width = rng.uniform(1.05, 1.2), rng.uniform(0.46, 0.56)
    low, hull_height = rng.uniform(0.14, 0.2), rng.uniform(0.44, 0.52) * (0.85 if make == "racer" else 1.0)
    cabin_height = rng.uniform(0.4, 0.5) * {"racer": 0.75, "beetle": 1.1}.get(make, 1.0)
    belt = low + hull_height
    hull_outline, cabin_outline = MAKES[make]
    hull = from_side([(half * x, low + hull_height * z) for x, z in hull_outline], width, 0.1, 26)
    cabin = from_side([(half * x, belt - 0.02 + cabin_height * z) for x, z in cabin_outline], width * 0.86, 0.08, 20)
    color = tint(rng, (*palette.TOY, palette.WHITE, palette.CREAM, palette.NAVY))
    wheels = WheelStyle(rng, rng.uniform(0.26, 0.33), rng.uniform(0.22, 0.3))
    front, rear = half * rng.uniform(0.58, 0.64), -half * rng.uniform(0.56, 0.62)
    chrome = Plain(pick(rng, (palette.SILVER, palette.CHARCOAL, palette.WHITE)))
    material = pick(rng, (palette.PLASTIC, palette.ENAMEL, palette.PAINTED_WOOD))
    top = belt - 0.02 + cabin_height
    arches = union(
        *(cylinder((x, -2, wheels.radius), (x, 2, wheels.radius), wheels.radius + 0.05) for x in (front, rear))
    )
    parts = [
        Part("body", hull, _livery(rng, color, low + 0.55 * hull_height), material),
        Part("cabin", cabin, _roof(rng, color, top), material, blend=0.05),
        Part(
            "wheel_arches",
            intersection(arches, _outside(width - 0.16)),
            Plain(palette.CHARCOAL),
            palette.SATIN,
            cut=True,
        ),
        *_windows(rng, cabin, half, belt, cabin_height, make),
    ]
    if make == "pickup":
        tray = box((-half * 0.55, 0, belt + 0.1), (half * 0.36, width - 0.12, 0.32), 0.05)
        parts.append(Part("tray", tray, Plain(shade(color, 0.6)), material, cut=True))
    for end, x in (("front", front), ("rear", rear)):
        for side, sign in SIDES:
            parts += wheels.parts(f"wheel_{end}_{side}", x, sign * (width - 0.06))
    lamp_height = low + hull_height * (0.42 if make == "racer" else 0.6)
    parts += lamps("headlight", half + 0.02, width * 0.62, lamp_height, rng.uniform(0.12, 0.14), CLEAR_LAMP)
    reach = half + (0.06 if make == "racer" else 0.02)
    for end, sign in (("front", 1), ("rear", -1)):
        bar = capsule((sign * reach, -width * 0.75, low + 0.1), (sign * reach, width * 0.75, low + 0.1), 0.09)
        parts.append(Part(f"bumper_{end}", bar, chrome, palette.METAL, movable=True))
    return [*parts, *_extra(rng, make, half, width, belt, top, color)]


def _outside(half_width: float) -> Field:
    """The two half spaces beyond |y| = half_width."""
    return union(half_space((0, half_width, 0), (0, -1, 0)), half_space((0, -half_width, 0), (0, 1, 0)))


def _livery(rng, color: Color, middle: float) -> Pattern:
    second = contrast(rng, color)
    racing = box((0, rng.uniform(-0.15, 0.15), 1), (3, rng.uniform(0.1, 0.18), 2))
    line = box((0, 0, middle), (3, 3, rng.uniform(0.03, 0.06)))
    checks = Inlay(
        Plain(color), Checks(palette.BLACK, palette.WHITE, (0.1, 9.0, 0.08)), box((0, 0, middle), (3, 3, 0.08))
    )
    options = (
        Plain(color),
        Split(second, color, (0, 0, 1), middle),
        Inlay(Plain(color), Plain(second), racing),
        Inlay(Plain(color), Plain(second), line),
        checks,
        decorated(rng, color, second),
    )
    return pick(rng, options)


def _roof(rng, color: Color, top: float) -> Pattern:
    second = pick(rng, (color, palette.WHITE, contrast(rng, color)))
    return Split(color, second, (0, 0, 1), top - 0.13)


def _windows(rng, cabin: Field, half: float, belt: float, height: float, make: str) -> list[Part]:
    """Windscreen, rear window and one window on each side, as slightly raised panes."""
    glass, low, high = Plain(tint(rng, PANES, 0.04)), belt + 0.05, belt - 0.02 + 0.8 * height
    middle, half_z = (low + high) / 2, (high - low) / 2
    ahead = {"pickup": 0.32, "van": 0.26, "racer": 0.12}.get(make, 0.16) * half
    behind = {"pickup": -0.08, "van": -0.75, "beetle": -0.42, "racer": -0.4}.get(make, -0.46) * half
    screen = box((ahead + 1.05, 0, middle), (1.0, 0.36, half_z), 0.06)
    back = box((behind - 1.05, 0, middle), (1.0, 0.32, half_z * 0.85), 0.06)
    parts = [
        Part("windscreen", pane(cabin, screen), glass, PANE, movable=True),
        Part("window_rear", pane(cabin, back), glass, PANE, movable=True),
    ]
    for side, sign in SIDES:
        center = ((ahead + behind) / 2, sign * 0.5, middle)
        opening = box(center, ((ahead - behind) / 2 - 0.02, 0.35, half_z * 0.9), 0.07)
        post = box(((ahead + behind) / 2 + 0.03, 0, middle), (0.035, 2, 2))
        field = pane(cabin, opening)
        split = (lambda p, f=field, q=post: np.maximum(f(p), -q(p))) if make not in ("pickup", "racer") else field
        parts.append(Part(f"window_{side}", split, glass, PANE, movable=True))
    return parts


def _extra(rng, make: str, half: float, width: float, belt: float, top: float, color: Color) -> list[Part]:
    """The extras of a make: a spoiler, luggage, a load, a sign or a siren."""
    accent = Plain(contrast(rng, color))
    if make == "racer":
        wing = box((-half * 0.9, 0, belt + 0.26), (0.16, width * 0.95, 0.05), 0.04)
        posts = union(*(box((-half * 0.88, s * width * 0.55, belt + 0.08), (0.08, 0.05, 0.2), 0.03) for s in (1, -1)))
        return [Part("spoiler", union(wing, posts), accent, palette.PLASTIC, movable=True)]
    if make == "pickup":
        load = ellipsoid((-half * 0.55, 0, belt - 0.1), (0.34, 0.3, rng.uniform(0.28, 0.38)))
        paint = decorated(rng, (0.85, 0.7, 0.3), (0.55, 0.42, 0.2))
        return [Part("load", load, paint, palette.STRAW, movable=True, loose=True)]
    middle = -0.12 * half
    if make in ("van", "beetle") and rng.random() < 0.6:
        length, lift = (0.7, 0.05) if make == "van" else (0.5, 0.02)
        board = ellipsoid((middle, 0, top + lift), (length, 0.18, 0.09))
        straps = union(*(box((middle + x, 0, top), (0.05, 0.23, 0.09), 0.02) for x in (-0.16, 0.16)))
        paint = Stripes(tint(rng), palette.WHITE, (0, 1, 0), 0.16, 0.3, phase=0.4)
        return [
            Part("rack", straps, Plain(palette.CHARCOAL), palette.METAL),
            Part("surfboard", board, paint, palette.PLASTIC, movable=True),
        ]
    if rng.random() < 0.5:
        sign = box((middle, 0, top + 0.06), (0.12, 0.27, 0.15), 0.04)
        return [
            Part(
                "sign", sign, Split(palette.BLACK, palette.YELLOW, (0, 0, 1), top + 0.04), palette.PLASTIC, movable=True
            )
        ]
    lights = []
    for lamp, sign in ((palette.BLUE, 1), (palette.RED, -1)):
        dome = capsule((middle, 0.05 * sign, top + 0.05), (middle, 0.22 * sign, top + 0.05), 0.12)
        lights.append(Part("siren", dome, Plain(lamp), PANE, movable=True))
    return lights


TOYS = {"car": car}
