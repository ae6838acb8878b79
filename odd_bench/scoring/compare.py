"""Comparing two files on the same objects: paired differences, McNemar's test, and scenes that only one gets right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.scoring.document import PAIRED_METRICS, rounded, signed_document, unpacked
from odd_bench.scoring.interval import FEWEST, difference_test, too_few
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.problems import Problem, ScoringError
from odd_bench.scoring.score import Scored

LISTED_SCENES = 20


def compare(first: Scored, second: Scored) -> dict[str, Any]:
    """Compare the first file with the second, under every protocol that both have.

    Differences are first minus second. Raises ScoringError if the files belong to different ground truths or splits, or if no
    protocol applies to both.
    """
    check_comparable(first, second)
    shared = [name for name in first.judged if name in second.judged]
    parts = {name: compare_protocol(first, second, name) for name in shared}
    results = [scored.document["result"] for scored in (first, second)]
    names = [result["method"]["name"] for result in results]
    if names[0] == names[1]:
        ends = told_apart(first.checked.path, second.checked.path)
        names = [f"{name} ({end})" for name, end in zip(names, ends, strict=True)]
    return rounded({"first": names[0], "second": names[1], "protocols": parts})


def told_apart(one: Path, other: Path) -> tuple[str, str]:
    """The shortest trailing parts in which two paths differ: `first/test.json` and `second/test.json`; the file names if
    the paths are equal.
    """
    parts = one.resolve().parts, other.resolve().parts
    for length in range(1, max(map(len, parts)) + 1):
        ends = ["/".join(each[-length:]) for each in parts]
        if ends[0] != ends[1]:
            return ends[0], ends[1]
    return one.name, other.name


def check_comparable(first: Scored, second: Scored) -> None:
    """Raise ScoringError if the files belong to different ground truths or splits, or if no protocol applies to both."""
    digests = [scored.document["result"]["dataset"] for scored in (first, second)]
    problems = []
    for key in ("digest", "split"):
        if digests[0][key] != digests[1][key]:
            hint = "Only predictions for the same scenes can be compared pair by pair"
            problems.append(Problem("comparison", f"dataset.{key}", digests[1][key], digests[0][key], hint))
    if not problems and not first.judged.keys() & second.judged.keys():
        hint = "One method is given the boxes, the other is not: no protocol applies to both"
        problems.append(Problem("comparison", "method.gt_boxes", "different", "equal in both files", hint))
    if problems:
        raise ScoringError(problems)


def compare_protocol(first: Scored, second: Scored, name: str) -> dict[str, Any]:
    """All comparisons under one protocol."""
    metrics = [scored.document["result"]["protocols"][name] for scored in (first, second)]
    a, b = first.judged[name], second.judged[name]
    return {
        "differences": {metric: paired_difference(*metrics, metric) for metric in PAIRED_METRICS},
        "mcnemar": mcnemar(a, b),
        "false_boxes": [int(one.false_boxes.sum()) for one in (a, b)],
        "scenes": changed_sides(a, b),
    }


def paired_difference(first: dict[str, Any], second: dict[str, Any], metric: str) -> dict[str, Any]:
    """The difference of one metric with its test, from two protocol parts of score documents; see `difference_test`.

    With fewer than FEWEST base shapes there is no interval and no p-value, but a reason.
    """
    found = [part["metrics"][metric] for part in (first, second)]
    packs = [part["replicates"][metric] for part in (first, second)]
    if None in (found[0]["value"], found[1]["value"]):
        return {"value": None, "reason": "undefined in one of the files"}
    difference, shapes = found[0]["value"] - found[1]["value"], min(one["shapes"] for one in found)
    if None in packs:
        return {"value": difference, "reason": too_few(shapes)}
    return difference_test(difference, unpacked(packs[0]) - unpacked(packs[1]), shapes)


def mcnemar(a: Judged, b: Judged) -> dict[str, Any]:
    """Exact two-sided test on the objects that only one of the files gets right (McNemar, 1947).

    With fewer than FEWEST base shapes there is a reason instead of a p-value. False boxes have no counterpart in the other file
    and are ignored.
    """
    from scipy.special import bdtr

    counted = a.counted & b.counted
    only_first = int((counted & a.correct & ~b.correct).sum())
    only_second = int((counted & b.correct & ~a.correct).sum())
    sides = {"only_first_right": only_first, "only_second_right": only_second}
    shapes = len(np.unique(a.truth.object_cluster[counted]))
    if shapes < FEWEST:
        return {**sides, "p": None, "reason": too_few(shapes)}
    discordant = only_first + only_second
    p = 1.0 if not discordant else min(1.0, 2 * float(bdtr(min(only_first, only_second), discordant, 0.5)))
    return {**sides, "p": p}


def changed_sides(a: Judged, b: Judged) -> dict[str, Any]:
    """Scenes that one file gets entirely right, without false boxes, and the other does not."""
    both = a.truth.count_by_scene(a.counted & b.counted) > 0
    right = [judged.truth.count_by_scene(~judged.correct) + judged.false_boxes == 0 for judged in (a, b)]
    won, lost = (np.flatnonzero(both & one & ~other) for one, other in (right, right[::-1]))
    names = a.truth.scene_names
    return {
        "only_first_right": len(won),
        "only_second_right": len(lost),
        "first_examples": [names[scene] for scene in won[:LISTED_SCENES]],
        "second_examples": [names[scene] for scene in lost[:LISTED_SCENES]],
    }


def with_comparison(first: Scored, second: Scored) -> Scored:
    """The first score with the comparison added to its document, which gets a new digest."""
    result = {**first.document["result"], "against": compare(first, second)}
    return replace(first, document=signed_document(result))
