"""The summary of a score document for the terminal. Every number has the protocol in its name."""

from __future__ import annotations

from typing import Any

from odd_bench.counted import counted
from odd_bench.scoring.map_text import MAP_METRICS, coverage_text, domain_text
from odd_bench.scoring.text import visible

METRIC_NAMES = {
    "auc": "AUC",
    "balanced_accuracy": "balanced accuracy",
    "auc_within_scene": "AUC within scene",
    "accuracy": "accuracy",
    "boxes_per_object": "boxes an object",
    "box_recall": "recall of objects",
    "box_precision": "precision of boxes",
    "ap50": "AP50 of anomalies",
    "mean_iou": "mean IoU",
    "count_accuracy": "object-count accuracy",
    "aupr": "AUPR",
    "f1": "F1",
    "precision": "precision",
    "recall": "recall",
    "fpr_at_95_tpr": "FPR at 95 % TPR",
    "scene_exact_match": "scene exact match",
    "top1_hit": "top-1 hit",
    "scene_auroc": "scene AUROC",
    "seconds_per_scene": "seconds a scene",
}
NAME_WIDTH, VALUE_WIDTH = 24, 28
DIGITS = 8  # of a digest
SHOWN_SCENES = 3


def summary(document: dict[str, Any]) -> str:
    """The summary as text. document: a score document."""
    result = document["result"]
    blocks = [heading(result), metric_columns(result["protocols"])]
    blocks += [protocol_lines(name, part) for name, part in result["protocols"].items()]
    if "maps" in result:
        blocks.append(map_lines(result["maps"]))
    if "against" in result:
        blocks.append(against_block(result["against"]))
    if result["warnings"]:
        blocks.append("\n".join(f"warning: {visible(text)}" for text in result["warnings"]))
    return "\n\n".join(blocks)


def heading(result: dict[str, Any]) -> str:
    """What was scored: method, data set, boxes and intervals."""
    dataset, answered = result["dataset"], result["predictions"]
    missing = answered["missing_scenes"]
    lines = [
        f"{visible(result['method']['name'])} on {dataset_text(dataset)}, {visible(dataset['split'])}: "
        f"{counted(dataset['scenes'], 'scene')}, {counted(dataset['objects'], 'object')}, {dataset['anomalous']:,} anomalous",
        f"{answered['boxes']:,} boxes in the file; gate: {result['gate']}"
        + (f"; {counted(missing, 'scene')} missing, counted as undetected" if missing else ""),
        *overlap_lines(answered["overlapping"]),
        f"metrics version {result['metrics_version']}; {result['interval']}",
    ]
    return "\n".join(lines)


def dataset_text(dataset: dict[str, Any]) -> str:
    """Name, version and first digits of the digest, as in `toys-mini 1.0.0 (b03b1d4a)`. The digits tell namesakes apart."""
    digits = dataset["digest"].removeprefix("sha256:")[:DIGITS]
    return f"{visible(dataset['name'])} {visible(dataset['version'])} ({visible(digits)})"


def overlap_lines(overlapping: dict[str, Any]) -> list[str]:
    """A line about boxes that overlap another box of their scene, if there are any: all but one box per object are false."""
    if not overlapping["boxes"]:
        return []
    scenes = ", ".join(visible(name) for name in overlapping["examples"])
    more = ", ..." if overlapping["scenes"] > len(overlapping["examples"]) else ""
    scene_word = "scene" if overlapping["scenes"] == 1 else "scenes"
    return [
        f"{overlapping['boxes']:,} boxes in {overlapping['scenes']:,} {scene_word} overlap another box of their scene by more "
        f"than IoU 0.5: {scenes}{more}"
    ]


def metric_columns(protocols: dict[str, Any]) -> str:
    """One row per metric and one column per protocol; notes below say what a value is computed from or why it is missing."""
    lines = ["".ljust(NAME_WIDTH) + "".join(name.ljust(VALUE_WIDTH) for name in protocols)]
    notes: dict[str, list[str]] = {}
    for key, title in METRIC_NAMES.items():
        estimates = {name: part["metrics"][key] for name, part in protocols.items()}
        lines.append(title.ljust(NAME_WIDTH) + "".join(metric_text(e).ljust(VALUE_WIDTH) for e in estimates.values()))
        for name, found in estimates.items():
            for kind in {"basis", "reason"} & found.keys():
                notes.setdefault(found[kind], []).append(f"{title} ({name})")
    remarks = (f"  {which(numbers)}: {note}" for note, numbers in sorted(notes.items()))
    return "\n".join([*(line.rstrip() for line in lines), *remarks])


def interval_notes(found: dict[str, dict[str, Any]]) -> list[str]:
    """The reasons why estimates have no interval, each once with their names, as in `9 base shapes, an interval needs 10: AUC
    (detect)`. found: estimates by name.
    """
    names: dict[str, list[str]] = {}
    for name, estimate in found.items():
        if estimate["low"] is None and estimate.get("reason"):
            names.setdefault(estimate["reason"], []).append(name)
    return [note_line(*note).strip() for note in names.items()]


def note_line(note: str, numbers: list[str]) -> str:
    """A note with the names of the numbers that it applies to."""
    return f"  {note}: {which(numbers)}"


def which(numbers: list[str]) -> str:
    """The names of up to four numbers, or how many they are."""
    return ", ".join(numbers) if len(numbers) <= 4 else f"{len(numbers)} of the numbers"


def protocol_lines(name: str, part: dict[str, Any]) -> str:
    """The counted objects under one protocol, the factors of its AUC, the reference rows, and the weakest group."""
    missed = part["missed_anomalous"] + part["missed_normal"]
    false = f", and {part['false_boxes']:,} false boxes" if "factors" in part else ""
    lines = [
        f"{name}: {counted(part['objects'], 'object')} in {counted(part['scenes'], 'scene')} count, {missed:,} of them not matched"
        + false
    ]
    if "factors" in part:
        lines += factor_lines(name, part)
    for row, values in part["reference"].items():
        numbers = (
            f"AUC_{name} {number(values['auc'])}, balanced accuracy {number(values['balanced_accuracy'])}, "
            f"accuracy {number(values['accuracy'])}"
        )
        lines.append(f"  reference: {row}".ljust(56) + numbers)
    weakest = weakest_group(part["breakdowns"])
    if weakest:
        lines.append(
            f"  weakest group: {weakest['breakdown']} = {visible(weakest['name'])}, "
            f"AUC_{name} {explained_text(weakest['auc'])}"
        )
    return "\n".join(lines)


def factor_lines(name: str, part: dict[str, Any]) -> list[str]:
    """The factors of the AUC, and the metrics if missed objects were called normal."""
    factor, normal = part["factors"], part["missed_as_normal"]
    parts = [number(factor[key]) for key in ("recall_anomalous", "normal_share", "auc_matched")]
    return [
        f"  AUC_{name} = recall(anomalous) {parts[0]} x matched normals / (normals + false boxes) {parts[1]} "
        f"x AUC(matched) {parts[2]}",
        f"  if missed objects were called normal: AUC {number(normal['auc'])}, accuracy {number(normal['accuracy'])}",
    ]


def against_block(against: dict[str, Any]) -> str:
    """The comparison of two files."""
    lines = [f"{visible(against['first'])} minus {visible(against['second'])}, paired"]
    for name, part in against["protocols"].items():
        for metric, found in part["differences"].items():
            lines.append(f"  {METRIC_NAMES[metric]} ({name})".ljust(34) + difference_text(found))
        test, scenes = part["mcnemar"], part["scenes"]
        lines.append(
            f"  objects only the first gets right {test['only_first_right']:,}, only the second "
            f"{test['only_second_right']:,}; {mcnemar_text(test)} ({name})"
        )
        lines.append(f"  scenes that changed sides ({name}): {sides_text(against, scenes)}")
    return "\n".join(lines)


def mcnemar_text(test: dict[str, Any]) -> str:
    return f"no McNemar p ({test['reason']})" if test["p"] is None else f"exact McNemar p {p_text(test['p'])}"


def sides_text(against: dict[str, Any], scenes: dict[str, Any]) -> str:
    parts = []
    for key, side in (("first", against["first"]), ("second", against["second"])):
        count, examples = scenes[f"only_{key}_right"], scenes[f"{key}_examples"][:SHOWN_SCENES]
        listed = ", ".join(map(visible, examples)) + (", ..." if count > len(examples) else "")
        parts.append(f"{count:,} right only in {visible(side)}" + (f" ({listed})" if examples else ""))
    return "; ".join(parts)


def difference_text(found: dict[str, Any]) -> str:
    if found["value"] is None or "p" not in found:
        return f"{signed(found['value'])} ({found['reason']})"
    interval = f"[{signed(found['low'])}, {signed(found['high'])}]"
    return (
        f"{signed(found['value'])} {interval}, p {p_text(found['p'])}; the split resolves {number(found['resolves'])}"
    )


def map_lines(part: dict[str, Any]) -> str:
    """The metrics of the anomaly maps next to those of a constant map, or the reason why the maps were not scored."""
    if "reason" in part:
        return f"anomaly maps: not scored; {visible(part['reason'])}"
    lines = [f"anomaly maps: {coverage_text(part)}"]
    for name, domain in part["domains"].items():
        lines.append(f"  {domain_text(name, domain)}")
        for key, title in MAP_METRICS.items():
            text, constant = metric_text(domain["metrics"][key]), number(domain["constant_map"][key])
            lines.append(f"    {title}".ljust(NAME_WIDTH + 4) + text.ljust(VALUE_WIDTH) + f"constant map {constant}")
            if "reason" in domain["metrics"][key]:
                lines[-1] += f" ({domain['metrics'][key]['reason']})"
    return "\n".join(lines)


def weakest_group(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The breakdown row with the lowest AUC, among groups that have enough objects and are not the whole split."""
    eligible = [row for row in rows if not row["grey"] and not row["whole"] and row["auc"]["value"] is not None]
    return min(eligible, key=lambda row: row["auc"]["value"], default=None)


def metric_text(estimate: dict[str, Any]) -> str:
    """A value with its interval, as in `0.8915 [0.8812, 0.9011]`; `-` if undefined."""
    text = number(estimate["value"])
    return text if estimate["low"] is None else f"{text} [{number(estimate['low'])}, {number(estimate['high'])}]"


def explained_text(estimate: dict[str, Any]) -> str:
    """A value with its interval or, if there is none, with the reason."""
    reason = f" ({estimate['reason']})" if estimate.get("reason") else ""
    return metric_text(estimate) + reason


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"


def p_text(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 else "< 0.0001"
