"""Rigid motions of a whole toy in its design frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from odd_bench.shapes.patterns import Placed, Plain
from odd_bench.shapes.sdf import placed
from odd_bench.shapes.toy import Part


def carried(parts: Sequence[Part], pose: np.ndarray) -> list[Part]:
    """The parts moved by a (4, 4) rigid motion, together with their patterns."""
    return [
        replace(
            part,
            field=placed(part.field, pose),
            pattern=part.pattern if isinstance(part.pattern, Plain) else Placed(part.pattern, pose),
        )
        for part in parts
    ]


def lowered(parts: Sequence[Part], by: float) -> list[Part]:
    """The parts moved down by `by`, so that toys that stand on z = 0 fill the cube from -2 to 2 better."""
    pose = np.eye(4)
    pose[2, 3] = -by
    return carried(parts, pose)
