"""A drawn box: its position, its state, and the colours and explanations of states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

# palette of Okabe and Ito, which most colour-blind people can distinguish; every box also shows its state in words
COLORS = {
    "normal": (154, 160, 166),
    "odd": (230, 159, 0),
    "found": (0, 158, 115),
    "missed": (214, 36, 138),
    "false": (213, 60, 0),
    "passed": (86, 180, 233),
    "flagged": (213, 60, 0),
}
MEANINGS = {
    "normal": "a true object that is normal",
    "odd": "a true object that is odd",
    "found": "a predicted box on an odd object, called odd",
    "missed": "a true object that has no box, or an odd one whose box is not called odd",
    "false": "a predicted box on a normal object that is called odd, or a box on no object",
    "passed": "a predicted box on an object, not called odd",
    "flagged": "a predicted box called odd; the truth is not known",
}
TRUE_STATES = ("normal", "odd", "missed")  # those of boxes that come from the ground truth


@dataclass(frozen=True)
class ShownBox:
    """One box. box: (6,) or (7,) metres, world. state: a key of COLORS. text: its label. score: of a predicted box, NaN for a true
    one. object_id: of the true object that it belongs to, -1 for none. label: of that object, 1 if odd, -1 if unknown.
    """

    box: np.ndarray
    state: str
    text: str
    score: float = float("nan")
    object_id: int = -1
    label: int = -1

    @property
    def is_true(self) -> bool:
        return self.state in TRUE_STATES


def count_states(boxes: Iterable[ShownBox]) -> Counter[str]:
    """Number of boxes of each state."""
    return Counter(one.state for one in boxes)
