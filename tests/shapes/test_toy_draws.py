"""A seed always draws the same toy: its parts, materials and paint, to the last draw."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np

from odd_bench.shapes.toys import BUILDERS

DIGESTS = json.loads((Path(__file__).parent / "toy_digests.json").read_text())
SEEDS = 6


def test_every_category_draws_the_recorded_toys():
    """Toys change only on purpose, together with the version of every data set: then write the digests again."""
    assert {name: digest(name) for name in BUILDERS} == DIGESTS


def digest(category: str) -> str:
    """The digest of the toys of a few seeds; the state of the generator counts the draws, including those of shapes."""
    toys = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        toys.append([_plain(BUILDERS[category](rng)), rng.bit_generator.state["state"]])
    return hashlib.sha256(json.dumps(toys).encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    """The numbers, texts and flags in a value, without fields and arrays, whose last digits differ between processors."""
    if is_dataclass(value):
        return [type(value).__name__, *(_plain(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return round(float(value), 6)
    return value if isinstance(value, bool | int | str) else None
