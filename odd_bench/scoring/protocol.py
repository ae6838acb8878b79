"""Protocols: the rules by which predicted boxes answer for objects. Each is one JSON file in protocols/."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

METRICS_VERSION = 2


@dataclass(frozen=True)
class Protocol:
    """One rule. boxes: `predicted` or `given`. match: `one-to-one`, `arg-max` or `object id`. iou_above: the gate, strict.

    missed: what an unmatched object is. false_boxes: what a box without an object is, `wrong` (a normal object called anomalous and
    ranked first) or `none`. empty_scenes: what happens to scenes without a box. rule, use: sentences for the report.
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
    """One of PROTOCOLS."""
    return Protocol(**json.loads((Path(__file__).parent / "protocols" / f"{name}.json").read_text()))


def protocols_for(given_boxes: bool) -> list[Protocol]:
    """The protocols that apply to a method, the headline first."""
    return [load_protocol(name) for name in (("classify",) if given_boxes else ("detect", "upstream"))]
