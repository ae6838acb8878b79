"""Protocols: the rules by which predicted boxes are matched to objects. Each rule is one JSON file in protocols/."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

METRICS_VERSION = 2


@dataclass(frozen=True)
class Protocol:
    """One rule.

    boxes: `predicted` or `given`. match: `one-to-one`, `arg-max` or `object id`. iou_above: a pair matches only if its IoU is
    above this value; None = any IoU. missed: how an unmatched object counts: `wrong`, `none` or `error`. false_boxes: how a box
    without an object counts: `wrong` (as a normal object that is called anomalous and ranked first) or `none` (not at all).
    empty_scenes: how scenes without a box count: `missed`, `left out` or `error`. rule, use: sentences for the report.
    """

    name: str
    metrics_version: int
    boxes: str
    match: str
    iou_above: float | None
    missed: str
    false_boxes: str
    empty_scenes: str
    rule: str
    use: str


PROTOCOLS = ("detect", "classify", "upstream")


def load_protocol(name: str) -> Protocol:
    """Read a protocol. name: one of PROTOCOLS."""
    return Protocol(**json.loads((Path(__file__).parent / "protocols" / f"{name}.json").read_text()))


def protocols_for(given_boxes: bool) -> list[Protocol]:
    """The protocols that apply to a method, the main one first. given_boxes: whether the method is given the true boxes."""
    return [load_protocol(name) for name in (("classify",) if given_boxes else ("detect", "upstream"))]
