"""Floors: a large disc at z = 0 with a procedural surface or a set of PBR textures.

Each kind is a function of (nodes, point, floor) that returns colour, roughness, and height in metres. `point` is the position on
the floor in metres, rotated and shifted as the plan says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from odd_bench.blender_jobs.nodes import Nodes, Socket, Value
from odd_bench.blender_jobs.textures import texture_surface
from odd_bench.color import linear
from odd_bench.plan_line import Floor
from odd_bench.render.surroundings import FLOOR_FADES_M, TEXTURES, floor_metallic, mean_albedo
from odd_bench.render.texture_set import find_maps

RADIUS_M = 14.0
Surface = tuple[Value, Value, Value]  # colour, roughness, height in metres


def build_floor(floor: Floor, folder: Path | None) -> bpy.types.Object:
    """Add the floor to the scene. folder: contains the texture sets of the kind `textures`."""
    mesh = bpy.data.meshes.new("floor")
    turns = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    rim = np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1) * RADIUS_M
    mesh.from_pydata(rim.tolist(), [], [list(range(64))])
    mesh.materials.append(_material(floor, folder))
    disc = bpy.data.objects.new("floor", mesh)
    bpy.context.scene.collection.objects.link(disc)
    return disc


def _material(floor: Floor, folder: Path | None) -> bpy.types.Material:
    material = bpy.data.materials.new("floor")
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    point = nodes.add(
        "Mapping",
        {"Vector": nodes.add("NewGeometry", {}).outputs["Position"],
         "Location": (*floor.offset_m, floor.pattern), "Rotation": (0.0, 0.0, floor.rotation_rad)},
    ).outputs[0]  # fmt: skip
    if floor.kind == TEXTURES:
        color, roughness, height = texture_surface(nodes, point, find_maps(Path(folder) / floor.name), floor.size_m)
    else:
        color, roughness, height = FLOORS[floor.kind](nodes, point, floor)
    _finish(nodes, floor, color, roughness, height)
    return material


def _finish(nodes: Nodes, floor: Floor, color: Value, roughness: Value, height: Value) -> None:
    distance = nodes.add("CameraData", {}).outputs["View Distance"]
    far = nodes.smoothstep(distance, *FLOOR_FADES_M)
    if floor.colors is not None:
        color = nodes.mix(far, color, (*mean_albedo(floor), 1.0))
    near_height = nodes.math("MULTIPLY", height, nodes.math("SUBTRACT", 1.0, far))
    normal = nodes.add("Bump", {"Height": near_height, "Distance": 1.0, "Strength": 1.0}).outputs[0]
    surface = nodes.add(
        "BsdfPrincipled",
        {"Base Color": color, "Roughness": roughness, "Metallic": floor_metallic(floor), "Normal": normal},
    )
    nodes.add("OutputMaterial", {"Surface": surface.outputs[0]})


def _rgba(floor: Floor, i: int) -> tuple[float, float, float, float]:
    return (*linear(floor.colors[i]).tolist(), 1.0)


def _marble(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    size = floor.size_m
    bent = nodes.shift(nodes.scale(point, (1.0, 0.5, 1.0)), _noise_vector(nodes, point, 1.5 / size, size * 0.35))
    clouds = nodes.noise(bent, 1.0 / size, 4)
    color = nodes.mix(nodes.smoothstep(clouds, 0.4, 0.8, 0.0, 0.6), _rgba(floor, 0), _rgba(floor, 2))
    for scale, width, strength in ((0.8, 0.012, 1.0), (1.7, 0.022, 0.45), (3.9, 0.02, 0.25)):
        ridge = nodes.math("ABSOLUTE", nodes.math("SUBTRACT", nodes.noise(bent, scale / size, 4, 0.5), 0.5))
        patchy = nodes.smoothstep(nodes.noise(nodes.shift(bent, (7.0, scale, 3.0)), 1.0 / size, 2), 0.42, 0.62)
        vein = nodes.smoothstep(ridge, 0.0, width, strength * (0.4 + 0.6 * floor.contrast), 0.0)
        color = nodes.mix(nodes.math("MULTIPLY", vein, patchy), color, _rgba(floor, 1))
    return color, floor.roughness, 0.0


def _planks(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    width = floor.size_m
    plank, gap = _bricks(nodes, point, width * 7, width, 0.0012, 0.37)
    grain_point = nodes.shift(nodes.scale(point, (1.2, 22.0, 1.0)), nodes.scale(plank, (37.0, 91.0, 53.0)))
    grain = nodes.noise(grain_point, 0.35 / width, 5, 0.6)
    rings = nodes.math("FRACT", nodes.math("MULTIPLY", nodes.noise(grain_point, 0.06 / width, 1), 9.0))
    figure = nodes.math("MULTIPLY", nodes.math("ADD", nodes.math("MULTIPLY", rings, 0.4), grain), 0.8)
    tone = nodes.mix(nodes.math("MULTIPLY", plank, floor.contrast), _rgba(floor, 0), _rgba(floor, 2))
    color = nodes.mix(nodes.smoothstep(figure, 0.3, 0.9, 0.0, floor.contrast), tone, _rgba(floor, 1))
    color = nodes.mix(gap, color, (0.012, 0.009, 0.007, 1.0))
    relief = nodes.math("ADD", nodes.math("MULTIPLY", grain, 0.12), nodes.math("MULTIPLY", gap, -1.0))
    return color, _varied(nodes, floor, grain), nodes.math("MULTIPLY", relief, floor.relief_m)


def _tiles(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    side = floor.size_m
    tile, grout = _bricks(nodes, point, side, side, side * 0.012 + 0.001, 0.0)
    mottle = nodes.noise(point, 4.0 / side, 4)
    tone = nodes.math("ADD", nodes.math("MULTIPLY", tile, 0.6), nodes.math("MULTIPLY", mottle, 0.4))
    color = nodes.mix(nodes.math("MULTIPLY", tone, floor.contrast), _rgba(floor, 0), _rgba(floor, 2))
    color = nodes.mix(grout, color, _rgba(floor, 1))
    roughness = nodes.smoothstep(grout, 0.0, 1.0, floor.roughness, 0.9)
    return color, roughness, nodes.math("MULTIPLY", grout, -floor.relief_m)


def _concrete(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    stains = nodes.noise(point, 1.0 / floor.size_m, 6, 0.62)
    grain = nodes.noise(point, 160.0, 3, 0.7)
    color = nodes.mix(nodes.smoothstep(stains, 0.3, 0.7, 0.0, floor.contrast), _rgba(floor, 0), _rgba(floor, 1))
    color = nodes.mix(nodes.smoothstep(grain, 0.4, 0.7, 0.0, 0.5), color, _rgba(floor, 2))
    pits = nodes.smoothstep(nodes.cells(point, 28.0).outputs["Distance"], 0.05, 0.12, -1.0, 0.0)
    color = nodes.mix(nodes.math("MULTIPLY", pits, -0.5), color, (0.03, 0.03, 0.03, 1.0))
    relief = nodes.math("ADD", nodes.math("ADD", pits, stains), nodes.math("MULTIPLY", grain, 0.5))
    return color, _varied(nodes, floor, stains), nodes.math("MULTIPLY", relief, floor.relief_m)


def _fabric(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    bent = nodes.shift(point, _noise_vector(nodes, point, 25.0, floor.size_m * 0.4))
    x, y, _ = nodes.separate(nodes.scale(bent, (np.pi / floor.size_m,) * 3))
    warp, weft = (nodes.math("ABSOLUTE", nodes.math("SINE", axis)) for axis in (x, y))
    over = nodes.math("MULTIPLY", nodes.math("SINE", x), nodes.math("SINE", y))
    thread = nodes.math("ADD", nodes.math("MULTIPLY", warp, nodes.math("GREATER_THAN", over, 0.0)),
                        nodes.math("MULTIPLY", weft, nodes.math("LESS_THAN", over, 0.0)))  # fmt: skip
    color = nodes.mix(
        nodes.math("GREATER_THAN", over, 0.0), _rgba(floor, 0), _rgba(floor, 2 if floor.contrast > 0.6 else 0)
    )
    color = nodes.mix(nodes.smoothstep(thread, 0.0, 0.7, 0.9, 0.0), color, _rgba(floor, 1))
    wear = nodes.noise(point, 5.0, 4)
    color = nodes.mix(nodes.math("MULTIPLY", wear, 0.35), color, _rgba(floor, 1))
    return color, floor.roughness, nodes.math("MULTIPLY", thread, floor.relief_m)


def _terrazzo(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    bent = nodes.shift(point, _noise_vector(nodes, point, 1.0 / floor.size_m, floor.size_m * 0.5))
    color = nodes.mix(nodes.math("MULTIPLY", nodes.noise(point, 3.0, 4), 0.2), _rgba(floor, 0), _rgba(floor, 2))
    for scale, shares in ((1.0, ((0.62, 1), (0.8, 2))), (2.7, ((0.7, 2), (0.85, 1)))):
        chips = nodes.cells(bent, scale / floor.size_m)
        edge = nodes.cells(bent, scale / floor.size_m, "DISTANCE_TO_EDGE").outputs["Distance"]
        inside = nodes.math("GREATER_THAN", edge, 0.08)
        pick, shade, _ = nodes.separate(chips.outputs["Color"])
        for threshold, i in shares:
            chip = nodes.math("MULTIPLY", inside, nodes.math("GREATER_THAN", pick, threshold))
            tint = nodes.mix(nodes.math("MULTIPLY", shade, 0.5), _rgba(floor, i), (0.6, 0.58, 0.54, 1.0))
            color = nodes.mix(nodes.math("MULTIPLY", chip, 0.5 + floor.contrast / 2), color, tint)
    return color, floor.roughness, 0.0


def _cork(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    grains = nodes.cells(point, 1.0 / floor.size_m)
    shade, dark, _ = nodes.separate(grains.outputs["Color"])
    fine = nodes.noise(point, 3.0 / floor.size_m, 4, 0.7)
    color = nodes.mix(nodes.math("MULTIPLY", shade, floor.contrast), _rgba(floor, 0), _rgba(floor, 2))
    color = nodes.mix(nodes.smoothstep(dark, 0.72, 0.95, 0.0, floor.contrast), color, _rgba(floor, 1))
    color = nodes.mix(nodes.smoothstep(fine, 0.4, 0.7, 0.0, 0.6), color, _rgba(floor, 1))
    height = nodes.math("ADD", grains.outputs["Distance"], fine)
    return color, floor.roughness, nodes.math("MULTIPLY", height, -floor.relief_m)


def _brushed_metal(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    scratches = nodes.noise(nodes.scale(point, (0.012, 1.0, 1.0)), 1.0 / floor.size_m, 5, 0.75)
    color = nodes.mix(nodes.smoothstep(scratches, 0.3, 0.7, 0.0, floor.contrast), _rgba(floor, 0), _rgba(floor, 1))
    smudges = nodes.noise(point, 3.0, 5)
    color = nodes.mix(nodes.smoothstep(smudges, 0.35, 0.75, 0.0, 0.5), color, _rgba(floor, 2))
    return color, _varied(nodes, floor, scratches, 0.25), nodes.math("MULTIPLY", scratches, floor.relief_m)


def _leather(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    bent = nodes.shift(point, _noise_vector(nodes, point, 0.5 / floor.size_m, floor.size_m * 0.5))
    edge = nodes.cells(bent, 1.0 / floor.size_m, "DISTANCE_TO_EDGE").outputs["Distance"]
    pebble = nodes.smoothstep(edge, 0.0, 0.25)
    patina = nodes.noise(point, 3.5, 5, 0.6)
    color = nodes.mix(nodes.smoothstep(patina, 0.3, 0.75, 0.0, floor.contrast), _rgba(floor, 0), _rgba(floor, 2))
    color = nodes.mix(nodes.smoothstep(pebble, 0.0, 0.8, 0.8, 0.0), color, _rgba(floor, 1))
    return color, _varied(nodes, floor, patina), nodes.math("MULTIPLY", pebble, floor.relief_m)


def _cardboard(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    fibres = nodes.noise(nodes.scale(point, (1.0, 4.0, 1.0)), 90.0, 4, 0.7)
    blotches = nodes.noise(point, 6.0, 5)
    _, y, _ = nodes.separate(nodes.scale(point, (2 * np.pi / floor.size_m,) * 3))
    flutes = nodes.math("SINE", y)
    color = nodes.mix(nodes.smoothstep(blotches, 0.3, 0.7, 0.0, 0.6), _rgba(floor, 0), _rgba(floor, 2))
    color = nodes.mix(nodes.smoothstep(fibres, 0.45, 0.75, 0.0, 0.8 * floor.contrast), color, _rgba(floor, 1))
    shaded = nodes.smoothstep(flutes, -1.0, 1.0, 0.0, 0.35 * floor.contrast)
    height = nodes.math("ADD", nodes.math("MULTIPLY", flutes, 0.5), nodes.math("MULTIPLY", fibres, 0.3))
    return nodes.mix(shaded, color, _rgba(floor, 1)), floor.roughness, nodes.math("MULTIPLY", height, floor.relief_m)


def _carpet(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    tufts = nodes.cells(point, 1.0 / floor.size_m)
    fluff = nodes.noise(point, 4.0 / floor.size_m, 4, 0.7)
    shade, _, _ = nodes.separate(tufts.outputs["Color"])
    color = nodes.mix(nodes.math("MULTIPLY", shade, floor.contrast), _rgba(floor, 0), _rgba(floor, 2))
    color = nodes.mix(nodes.smoothstep(fluff, 0.35, 0.75, 0.0, 0.8), color, _rgba(floor, 1))
    color = nodes.mix(nodes.smoothstep(nodes.noise(point, 2.5, 4), 0.35, 0.7, 0.0, 0.4), color, _rgba(floor, 1))
    height = nodes.math("SUBTRACT", fluff, tufts.outputs["Distance"])
    return color, floor.roughness, nodes.math("MULTIPLY", height, floor.relief_m)


def _paper(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    waves = nodes.noise(point, 1.0 / floor.size_m, 2)
    fibres = nodes.noise(point, 220.0, 2)
    color = nodes.mix(nodes.math("MULTIPLY", waves, floor.contrast), _rgba(floor, 0), _rgba(floor, 1))
    color = nodes.mix(nodes.smoothstep(fibres, 0.4, 0.7, 0.0, 0.3), color, _rgba(floor, 2))
    return color, floor.roughness, nodes.math("MULTIPLY", fibres, floor.relief_m)


def _granite(nodes: Nodes, point: Socket, floor: Floor) -> Surface:
    color: Value = _rgba(floor, 0)
    for scale, threshold, i in ((1.0, 0.6, 2), (1.7, 0.68, 1), (3.5, 0.75, 2), (4.3, 0.7, 1)):
        pick, _, _ = nodes.separate(nodes.cells(point, scale / floor.size_m).outputs["Color"])
        grain = nodes.smoothstep(pick, threshold, threshold + 0.1, 0.0, 0.4 + 0.6 * floor.contrast)
        color = nodes.mix(grain, color, _rgba(floor, i))
    return color, floor.roughness, 0.0


def _bricks(
    nodes: Nodes, point: Socket, length_m: float, width_m: float, gap_m: float, stagger: float
) -> tuple[Socket, Socket]:
    """A random number in [0, 1] for each brick, and a mask that is 1 in the gaps between bricks."""
    inputs = {
        "Vector": point, "Color1": (0.0, 0.0, 0.0, 1.0), "Color2": (1.0, 1.0, 1.0, 1.0), "Scale": 1.0,
        "Mortar Size": gap_m / 2, "Mortar Smooth": 0.3, "Bias": 0.0, "Brick Width": length_m, "Row Height": width_m,
    }  # fmt: skip
    bricks = nodes.add("TexBrick", inputs, offset=stagger, offset_frequency=2 if stagger else 1)
    return nodes.separate(bricks.outputs["Color"])[0], bricks.outputs["Fac"]


def _noise_vector(nodes: Nodes, point: Socket, scale: float, amount_m: float) -> Socket:
    """A random displacement along each axis, of at most about amount_m / 2."""
    color = nodes.add("TexNoise", {"Vector": point, "Scale": scale, "Detail": 3.0}).outputs["Color"]
    return nodes.scale(nodes.shift(color, (-0.5, -0.5, -0.5)), (amount_m,) * 3)


def _varied(nodes: Nodes, floor: Floor, noise: Socket, amount: float = 0.15) -> Socket:
    """The planned roughness, varied by the noise within +/- amount."""
    return nodes.smoothstep(noise, 0.25, 0.75, max(floor.roughness - amount, 0.05), min(floor.roughness + amount, 1.0))


FLOORS: dict[str, Callable[[Nodes, Socket, Floor], Surface]] = {
    "marble": _marble, "planks": _planks, "tiles": _tiles, "concrete": _concrete, "fabric": _fabric,
    "terrazzo": _terrazzo, "cork": _cork, "brushed_metal": _brushed_metal, "leather": _leather,
    "cardboard": _cardboard, "carpet": _carpet, "paper": _paper, "granite": _granite,
}  # fmt: skip
