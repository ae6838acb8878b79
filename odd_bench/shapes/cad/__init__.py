"""The procedural mechanical parts: families, each a function from random draws to the steps that make a part."""

from __future__ import annotations

from odd_bench.shapes.cad import (
    bearings,
    brackets,
    clamps,
    couplings,
    fasteners,
    gears,
    handles,
    housings,
    hydraulics,
    linkage,
    pipework,
    pulleys,
    rotors,
    shafts,
    springs,
    washers,
)
from odd_bench.shapes.cad.machined import Machined

MODULES = (
    fasteners,
    washers,
    gears,
    pulleys,
    bearings,
    pipework,
    hydraulics,
    clamps,
    brackets,
    housings,
    shafts,
    couplings,
    handles,
    linkage,
    springs,
    rotors,
)
FAMILIES = {family.__name__: family for module in MODULES for family in module.FAMILIES}


def make_part(family: str, seed: int) -> Machined:
    """Instance `seed` of a family. Raises KeyError for an unknown family; the message names the known ones."""
    if family not in FAMILIES:
        raise KeyError(f"parts: no family {family!r}; known: {', '.join(sorted(FAMILIES))}")
    return Machined(f"{family}-{seed:04d}", family, FAMILIES[family], seed)
