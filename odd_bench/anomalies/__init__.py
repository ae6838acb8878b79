"""Ways of being odd: `make_variant` turns an intact shape into an odd one, or refuses with a reason.

- `config`, `variant`: the ranges that anomalies are drawn from, and the result of one;
- `bump`, `bend`, `twist`, `hinge`, `warp`: changes of the whole mesh;
- `parts`, `part_choice`, `joint`: parts moved, turned or missing;
- `crack`, `fracture`, `gap`, `displaced_piece`, `fragment_region`, `broken_look`: broken objects;
- `material`, `finishes`: the wrong material;
- `similar`: a near twin in place of the intact shape;
- `changed`, `alignment`: where the odd shape differs;
- `quality`, `visible`, `patches`: whether the odd shape is good enough and its difference can be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from odd_bench.anomalies.bend import bend
from odd_bench.anomalies.bump import bump
from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.material import material_mismatch, recolor_region
from odd_bench.anomalies.parts import missing_part, part_rotation, part_translation
from odd_bench.anomalies.quality import SIMILAR, assess
from odd_bench.anomalies.similar import similar_shape
from odd_bench.anomalies.twist import twist
from odd_bench.anomalies.variant import Variant
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import Model, Shape

if TYPE_CHECKING:
    from odd_bench.geometry.fracture.modes import FractureModes

__all__ = ["AnomalyConfig", "Refusal", "Variant", "make_variant"]

DEFORMATIONS = {"bump": bump, "bend": bend, "twist": twist}  # of the mesh
EDITS = {
    "part_translation": part_translation,
    "part_rotation": part_rotation,
    "missing_part": missing_part,
    "material_mismatch": material_mismatch,
}  # of the model's parts
BREAKS = ("crack", "fracture")  # along fracture modes


def make_variant(
    type: str,
    model: Model,
    intact: Shape,
    rng: np.random.Generator,
    config: AnomalyConfig | None = None,
    modes: FractureModes | None = None,
) -> Variant:
    """An odd variant of `intact`, which is `model.shape()`; equal generators give equal variants.

    type: one of scene.ANOMALY_TYPES. modes: the fracture modes of the intact shape, see compute_modes. crack and fracture need
    them; if they are given, material_mismatch repaints a fragment instead of a part. Raises ValueError for an unknown type or
    missing modes, and Refusal with a short fixed reason if the draw gives no usable variant: try again with other random numbers.
    """
    config, motions = config or AnomalyConfig(), None
    if type == "material_mismatch" and modes is not None:
        odd = _repainted_fragment(intact, modes, rng, config)
    elif type in DEFORMATIONS:
        odd = DEFORMATIONS[type](intact, rng, config)
    elif type in EDITS:
        odd = EDITS[type](model, intact, rng, config)
    elif type == SIMILAR:
        odd, motions = similar_shape(model, intact, rng, config)
    elif type in BREAKS:
        return _broken(type, intact, modes, rng, config)
    else:
        known = ", ".join((*DEFORMATIONS, *EDITS, SIMILAR, *BREAKS))
        raise ValueError(f"make_variant: no anomaly {type!r}; known: {known}")
    return assess(intact, odd, type, config, motions)


def _repainted_fragment(intact: Shape, modes: FractureModes, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    from odd_bench.anomalies.fragment_region import fragment_region

    return recolor_region(intact, fragment_region(intact, modes, rng), rng, config)


def _broken(
    type: str, intact: Shape, modes: FractureModes | None, rng: np.random.Generator, config: AnomalyConfig
) -> Variant:
    from odd_bench.anomalies.crack import crack
    from odd_bench.anomalies.fracture import fracture

    if modes is None:
        raise ValueError(
            f"make_variant: {type} needs the fracture modes of {intact.name}; found none; see compute_modes"
        )
    return (crack if type == "crack" else fracture)(intact, modes, rng, config)
