"""Housings, heat sinks, plugs and other boxes."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import (
    ALUMINIUM,
    ANODISED,
    BRASS,
    CAST_ALUMINIUM,
    COPPER,
    FASTENER,
    HARD,
    MOULDED,
    PAINT,
    PLASTIC,
    POWDER,
    finish,
)
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, to_x, to_y, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import circle, drilled, rectangle, regular


def housing(d: Draws) -> list[Step]:
    """An open box with corner bosses and vents, sometimes with ribs, a cable gland and lugs."""
    shell = finish(d, "shell", (*MOULDED, POWDER, CAST_ALUMINIUM, PAINT))
    width, depth, height = 44.0, d.real("depth", 28, 38), d.real("height", 14, 22)
    wall, corner = d.real("wall", 1.5, 2.4), d.real("corner", 3, 6)
    steps = [
        Step("shell", prism(rectangle(width, depth, corner=corner), 0, height, d.real("edge", 0.3, 0.65) * wall), shell)
    ]
    inside = prism(rectangle(width - 2 * wall, depth - 2 * wall, corner=corner - 0.6 * wall), wall, height + 9)
    steps.append(Step("shell", inside, shell, cut=True))
    boss, hole = d.real("boss", 2.2, 3.0), d.real("screw hole", 0.9, 1.3)
    tall = height - d.real("boss below rim", 0.0, 4.0)
    x, y = width / 2 - wall - 0.75 * boss, depth / 2 - wall - 0.75 * boss
    for k, at in enumerate(((x, y), (-x, y), (-x, -y), (x, -y))):
        post = cylinder(boss, 0.5 * wall, tall, 0.2, 32) - cylinder(hole, 0.5 * height, 99, segments=24)
        steps.append(Step(f"boss {k + 1}", post.translate((*at, 0)), shell, movable=True))
    count, long = d.whole("vents", 3, 8), d.real("vent length", 0.4, 0.62) * height
    vent = box((d.real("vent width", 1.2, 2.0), 5 * wall, long), (0, -depth / 2, 0.55 * height), 0.4)
    xs = np.linspace(-0.3, 0.3, count) * width
    steps.append(Step("vents", union([vent.translate((x, 0, 0)) for x in xs]), shell, cut=True))
    ribs = d.whole("ribs", 0, 3)
    for k, x in enumerate(np.linspace(-0.25, 0.25, ribs) * width if ribs else ()):
        rib = box((d.real("rib width", 1.0, 1.8), depth - wall, 0.5 * height), (x, 0, 0.25 * height + 0.5 * wall), 0.3)
        steps.append(Step(f"rib {k + 1}", rib, shell, movable=True))
    if d.flag("gland", 0.6):
        gland = to_x(
            prism(regular(6, 4), 0, 3.5, 0.4, chamfer=True) + cylinder(3.2, 0, 7, 0.5, 40) - cylinder(2.0, -9, 99)
        )
        steps.append(
            Step(
                "gland",
                gland.translate((width / 2 - 0.5, 0, 0.55 * height)),
                finish(d, "gland", (PLASTIC, BRASS)),
                movable=True,
            )
        )
    if d.flag("lugs", 0.5):
        lug = prism(
            drilled(rectangle(8, 9, (width / 2 + 3, 0), 3.4), [(width / 2 + 4, 0)], 1.6), 0, 2 * wall, 0.3, chamfer=True
        )
        steps += [Step(f"lug {k + 1}", solid, shell, movable=True) for k, solid in enumerate(around(lug, 2))]
    return steps


def heat_sink(d: Draws) -> list[Step]:
    """A heat sink: straight fins or pins on a base, or radial fins around a core."""
    metal = finish(d, "sink", (ALUMINIUM, ALUMINIUM, ANODISED, COPPER))
    width, depth = d.real("width", 26, 38), d.real("depth", 24, 34)
    base, tall, thick = d.real("base", 2.2, 4), d.real("fin height", 9, 20), d.real("fin thickness", 0.9, 1.6)
    kind, count = d.choice("kind", ("straight", "pins", "radial")), d.whole("fins", 7, 13)
    if kind == "radial":
        core = d.real("core", 6, 9)
        fin = box((d.real("fin reach", 9, 13) + 2, thick, tall), (core + 4.5, 0, tall / 2), 0.2)
        steps = [Step("core", cylinder(core, -0.5, tall + 0.5, 0.6), metal)]
        steps += [Step(f"fin {k + 1}", solid, metal, movable=True) for k, solid in enumerate(around(fin, 2 * count))]
        return [*steps, Step("bore", cylinder(core * d.real("bore", 0.4, 0.65), -9, 99), metal, cut=True)]
    steps = [Step("base", box((width, depth, base), (0, 0, base / 2), 0.4), metal)]
    xs = np.linspace(-width / 2 + thick, width / 2 - thick, count)
    if kind == "straight":
        fin = box((thick, depth, tall + 1), (0, 0, base + tall / 2 - 0.5), 0.3 * thick)
        steps += [Step(f"fin {k + 1}", fin.translate((x, 0, 0)), metal, movable=True) for k, x in enumerate(xs)]
        if d.flag("cross cut", 0.4):
            cross = box((2 * width, d.real("cross width", 2, 3.5), 99), (0, 0, base + 0.2 * tall + 49.5))
            steps.append(Step("cross cut", cross, metal, cut=True))
    else:
        pin = cylinder(1.3 * thick, base - 0.5, base + tall, 0.3, 20)
        rows = np.linspace(-depth / 2 + 2 * thick, depth / 2 - 2 * thick, max(count - 3, 4))
        xs = np.linspace(-width / 2 + 2 * thick, width / 2 - 2 * thick, max(count - 2, 5))
        steps += [
            Step(f"row {k + 1}", union([pin.translate((x, y, 0)) for x in xs]), metal, movable=True)
            for k, y in enumerate(rows)
        ]
    if d.flag("clips", 0.5):
        clip = box((d.real("clip width", 6, 10), 5, base + 1), (0, depth / 2 + 1, (base + 1) / 2), 0.5)
        steel = finish(d, "clips", HARD)
        steps += [Step(f"clip {k + 1}", solid, steel, movable=True) for k, solid in enumerate(around(clip, 2))]
    return steps


def connector_plug(d: Draws) -> list[Step]:
    """A round plug with several pins, a coupling ring and a cable."""
    shell, body = finish(d, "shell", (ALUMINIUM, ANODISED, BRASS, PLASTIC)), finish(d, "insert", MOULDED)
    radius, length = 9.0, d.real("length", 12, 20)
    ring, wide, grips = d.real("ring", 10.5, 12.5), d.real("ring width", 6, 10), d.whole("grips", 16, 32)
    barrel = tube(radius, radius * d.real("wall", 0.78, 0.86), -d.real("nose", 4, 7), length, 0.4)
    steps = [Step("barrel", barrel, shell), Step("insert", cylinder(0.9 * radius, 0, 0.8 * length), body)]
    coupling = turned([(0, 2), (ring, 2), (ring, 2 + wide), (0, 2 + wide)], 0.6, segments=96)
    steps.append(Step("coupling ring", coupling, finish(d, "ring", (ALUMINIUM, ANODISED, PLASTIC)), movable=True))
    groove = prism(circle(0.35 * np.pi * ring / grips, (ring + 0.1, 0), 12), 3, 1 + wide)
    steps.append(Step("grips", union(around(groove, grips)), shell, cut=True))
    cable = d.real("cable", 3.4, 4.8)
    back = turned(
        [
            (0, length - 1),
            (radius, length - 1),
            (0.75 * radius, length + 4),
            (cable + 1.4, length + 6),
            (cable + 1.2, length + 11),
            (0, length + 11),
        ],
        0.6,
    )
    steps.append(Step("back shell", back, shell))
    steps.append(
        Step(
            "cable",
            cylinder(cable, length, length + 11 + d.real("cable length", 6, 14), 0.5),
            finish(d, "cable", (PLASTIC,)),
            movable=True,
        )
    )
    pins, reach = d.whole("pins", 3, 7), d.real("pin", 0.8, 1.2)
    pin = cylinder(reach, -3.4, 1, 0.3, 24).translate((0.48 * radius, 0, 0))
    gold = finish(d, "pins", (BRASS,))
    steps += [Step(f"pin {k + 1}", solid, gold, movable=True) for k, solid in enumerate(around(pin, pins))]
    if d.flag("key", 0.6):
        steps.append(Step("key", box((1.8, 2.4, 8), (radius + 0.4, 0, -0.5), 0.3), shell, movable=True))
    return [Step(s.name, s.solid.rotate((0, -90, 0)), s.finish, s.cut, s.movable) for s in steps]


def terminal_block(d: Draws) -> list[Step]:
    """A row of screw terminals."""
    body, metal = finish(d, "body", MOULDED), finish(d, "screws", FASTENER)
    poles, pitch = d.whole("poles", 2, 6), d.real("pitch", 7, 9)
    depth, height, step = d.real("depth", 13, 17), d.real("height", 11, 15), d.real("step", 3, 5)
    length = poles * pitch + 2.5
    steps = [Step("body", box((length, depth, height), (0, 0, height / 2), 0.6), body)]
    steps.append(Step("step", box((2 * length, depth, 2 * step), (0, 0.82 * depth, height), 0.5), body, cut=True))
    xs = (np.arange(poles) - (poles - 1) / 2) * pitch
    screw = d.real("screw", 2.0, 2.6)
    well, entry = cylinder(screw + 0.5, height - 3.5, 99, segments=32), d.real("entry", 1.7, 2.4)
    mouth = to_y(prism(rectangle(2 * entry, 2.4 * entry, corner=0.4), -99, -depth * 0.1)).translate(
        (0, 0, 0.38 * height)
    )
    y = -0.12 * depth
    steps.append(Step("wells", union([well.translate((x, y, 0)) for x in xs]), body, cut=True))
    steps.append(Step("entries", union([mouth.translate((x, 0, 0)) for x in xs]), body, cut=True))
    wall = box((d.real("wall", 0.9, 1.5), depth - 1, d.real("wall height", 1.5, 3) + 1), (0, 0, height), 0.3)
    edges = (np.arange(poles + 1) - poles / 2) * pitch
    steps += [Step(f"wall {k + 1}", wall.translate((x, 0, 0)), body, movable=True) for k, x in enumerate(edges)]
    head = cylinder(screw, height - 5, height - 1.4, 0.4, 32) - box((9, 0.8, 1.8), (0, 0, height - 1.4))
    for k, x in enumerate(xs):
        turn = d.real(f"turn {k + 1}", 0, 180)
        steps.append(Step(f"screw {k + 1}", head.rotate((0, 0, turn)).translate((x, y, 0)), metal, movable=True))
    pin = box((0.9, 0.9, 6), (0, 0, -2), 0.2)
    return steps + [Step(f"pin {k + 1}", pin.translate((x, 1, 0)), metal, movable=True) for k, x in enumerate(xs)]


def gearbox_cover(d: Draws) -> list[Step]:
    """A cast cover with a bearing seat, ribs and a bolted rim."""
    cast = finish(d, "cover", (CAST_ALUMINIUM, PAINT, CAST_ALUMINIUM))
    radius, thick, rise = 22.0, d.real("rim thickness", 2.6, 4), d.real("dome height", 4, 8)
    seat, inner = d.real("seat", 8, 10.5), d.real("seat bore", 0.6, 0.76)
    count, boss = d.whole("bolts", 4, 8), d.real("boss", 2.6, 3.4)
    rim = turned([(0, 0), (radius, 0), (radius, thick), (0, thick)], 0.5, segments=120)
    dome = turned(
        [(0, 0), (0.86 * radius, 0), (0.78 * radius, thick + rise), (0, thick + rise)],
        d.real("dome edge", 1.0, 2.2),
        segments=96,
    )
    steps = [Step("rim", rim, cast), Step("dome", dome, cast)]
    top = thick + rise + d.real("seat height", 2, 5)
    steps.append(Step("seat", tube(seat, 2, 1, top, 0.5), cast, movable=True))
    ribs = d.whole("ribs", 3, 8)
    rib = box((0.62 * radius, d.real("rib width", 1.5, 2.6), 5), (0.46 * radius, 0, thick + rise - 1), 0.4)
    steps += [Step(f"rib {k + 1}", solid, cast, movable=True) for k, solid in enumerate(around(rib, ribs, 180 / count))]
    lug = cylinder(boss, 0, thick + d.real("boss height", 0.6, 2), 0.3, 36).translate((radius, 0, 0))
    steps += [Step(f"boss {k + 1}", solid, cast, movable=True) for k, solid in enumerate(around(lug, count))]
    hole = cylinder(0.45 * boss, -9, 99, segments=24).translate((radius, 0, 0))
    steps.append(Step("holes", union(around(hole, count)), cast, cut=True))
    return [*steps, Step("bore", cylinder(seat * inner, -9, 99), cast, cut=True)]


FAMILIES = (housing, heat_sink, connector_plug, terminal_block, gearbox_cover)
