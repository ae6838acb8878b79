"""Files of odd variants, or of the reasons why there is none, in the work folder of a run."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from odd_bench.anomalies.variant import Variant
from odd_bench.atomic import write_atomically
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import ARRAYS, Material, Shape
from odd_bench.plain_file import open_plain

VARIANT_ARRAYS = ("changed_faces", "lost_faces", "alignments")


def write_variant(path: Path, outcome: Variant | Refusal) -> None:
    """Write an uncompressed .npz file, completely or not at all."""
    content = io.BytesIO()
    np.savez(content, about=np.frombuffer(json.dumps(_about(outcome)).encode(), np.uint8), **_arrays(outcome))
    write_atomically(path, content.getvalue())


def read_variant(path: Path) -> Variant | Refusal:
    """Read a file written by `write_variant`. The result equals what was written, bit for bit."""
    with open_plain(path) as file, np.load(file, allow_pickle=False) as stored:
        about = json.loads(stored["about"].tobytes())
        if "reason" in about:
            return Refusal(about["reason"], about["detail"])
        shape = Shape(
            about["name"],
            about["category"],
            *(stored[name] for name in ARRAYS),
            tuple(about["part_names"]),
            tuple(Material(**material) for material in about["materials"]),
        )
        arrays = {name: stored[name] for name in VARIANT_ARRAYS}
        return Variant(shape, about["type"], magnitude=about["magnitude"], **arrays)


def _about(outcome: Variant | Refusal) -> dict:
    if isinstance(outcome, Refusal):
        return {"reason": outcome.reason, "detail": str(outcome).removeprefix(outcome.reason).removeprefix(": ")}
    shape = outcome.shape
    return {
        "type": outcome.type,
        "magnitude": float(outcome.magnitude),
        "name": shape.name,
        "category": shape.category,
        "part_names": shape.part_names,
        "materials": [asdict(material) for material in shape.materials],
    }


def _arrays(outcome: Variant | Refusal) -> dict[str, np.ndarray]:
    if isinstance(outcome, Refusal):
        return {}
    return {name: getattr(outcome.shape, name) for name in ARRAYS} | {
        name: getattr(outcome, name) for name in VARIANT_ARRAYS
    }
