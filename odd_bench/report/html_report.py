"""One HTML page with every score of a score document, its plots and the worst scenes; it loads nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from odd_bench.counted import counted
from odd_bench.html_page import html_page
from odd_bench.report.html_table import table
from odd_bench.report.map_section import map_section
from odd_bench.report.svg import histogram_plot, interval_plot, map_plot, roc_plot
from odd_bench.scoring.breakdown import GREY_BELOW
from odd_bench.scoring.interval import FEWEST
from odd_bench.scoring.summary import (
    METRIC_NAMES,
    difference_text,
    explained_text,
    mcnemar_text,
    number,
    overlap_lines,
    weakest_group,
)
from odd_bench.scoring.text import html_text as escape

RESOLVES = (
    'p is the probability of a difference at least this large if the two files were equally good. "The split resolves" is the '
    "smallest true difference that a comparison on scenes like these would show, with p below 0.05, 8 times out of 10. A smaller "
    "difference may be real, but this split cannot show it."
)
CARD_METRICS = ("auc", "balanced_accuracy", "boxes_per_object", "box_recall", "box_precision", "ap50")


def html_report(document: dict[str, Any], pictures: str = "", mistakes: str = "") -> str:
    """The page as text. pictures: HTML of the worst scenes, empty if there are no pictures. mistakes: HTML of the worst false
    alarms and misses.
    """
    result = document["result"]
    style = (Path(__file__).parent / "report.css").read_text()
    title = f"{result['method']['name']} on {result['dataset']['name']}, {result['dataset']['split']}"
    body = [heading(result), *(warning(text) for text in result["warnings"])]
    parts = result["protocols"].items()
    body += [protocol_section(name, part, folded=place > 0) for place, (name, part) in enumerate(parts)]
    if "maps" in result:
        body.append(map_section(result["maps"]))
    if "against" in result:
        body.append(against_section(result["against"]))
    body += [failure_section(result, pictures), mistakes, definitions(document)]
    return html_page(title, style, f"<main>{''.join(body)}</main>")


def heading(result: dict[str, Any]) -> str:
    """Title, data set and the main numbers of the first protocol."""
    dataset, method, answered = result["dataset"], result["method"], result["predictions"]
    name, part = next(iter(result["protocols"].items()))
    cards = "".join(card(f"{METRIC_NAMES[key]} ({name})", part["metrics"][key]) for key in CARD_METRICS)
    given = [
        what
        for key, what in (("gt_boxes", "ground-truth boxes"), ("gt_count", "the number of objects"))
        if method.get(key)
    ]
    missing = (
        f"; {counted(answered['missing_scenes'], 'scene')} missing, counted as undetected"
        if answered["missing_scenes"]
        else ""
    )
    overlaps = "".join(warning(line) for line in overlap_lines(answered["overlapping"]))
    weakest = weakest_group(part["breakdowns"])
    weak_text = (
        f"<p>Weakest group: <b>{escape(weakest['breakdown'])} = {escape(weakest['name'])}</b>, "
        f"{counted(weakest['objects'], 'object')}, AUC_{name} {escape(explained_text(weakest['auc']))}.</p>"
        if weakest
        else ""
    )
    return (
        f"<h1>{escape(method['name'])}</h1>"
        f'<p class="soft">{escape(dataset["name"])} {escape(dataset["version"])}, split {escape(dataset["split"])}: '
        f"{counted(dataset['scenes'], 'scene')}, {counted(dataset['objects'], 'object')}, {dataset['anomalous']:,} anomalous. "
        f"{answered['boxes']:,} boxes in the file{missing}. Given to the method: {' and '.join(given) or 'nothing'}. "
        f'Matching of boxes: {escape(result["gate"])}.</p>{overlaps}<div class="cards">{cards}</div>{weak_text}'
    )


def card(name: str, estimate: dict[str, Any]) -> str:
    interval = f"{number(estimate['low'])} to {number(estimate['high'])}" if estimate["low"] is not None else ""
    note = escape(estimate.get("reason", interval))
    return f'<div class="card"><span>{escape(name)}</span><b>{number(estimate["value"])}</b><span>{note}</span></div>'


def warning(text: str) -> str:
    return f'<div class="warning">{escape(text)}</div>'


def protocol_section(name: str, part: dict[str, Any], folded: bool) -> str:
    """One protocol: rule, metrics, plots, reference rows and groups (collapsed if `folded`)."""
    missed = f"{part['missed_anomalous']:,} anomalous and {part['missed_normal']:,} normal objects are not matched."
    histogram, groups = part["histogram"], group_section(name, part)
    if folded:
        groups = f"<details><summary>Groups ({name})</summary>{groups}</details>"
    plots = roc_plot({name: part["roc"]})
    if "factors" in part:
        missed += f" {part['false_boxes']:,} boxes match no object."
        if part["missed_anomalous"] + part["missed_normal"] + part["false_boxes"]:
            missed += " They are the steps at the two ends of the ROC curve."
    if histogram["edges"]:
        plots += histogram_plot(histogram["edges"], histogram["normal"], histogram["anomalous"])
    return (
        f"<h2>Protocol <code>{name}</code></h2><p>{escape(part['rule'])} <span class='soft'>{escape(part['use'])}</span></p>"
        f"<p>{counted(part['objects'], 'object')} in {counted(part['scenes'], 'scene')} count. {missed}</p>"
        f"{factor_text(name, part)}{metric_table(name, part)}"
        f'<h3>Ranking and scores ({name})</h3><div class="side">{plots}</div>'
        f"{reference_table(name, part['reference'])}{groups}"
    )


def factor_text(name: str, part: dict[str, Any]) -> str:
    """The three factors of the AUC, and its value under the other convention."""
    if "factors" not in part:
        return ""
    factor, normal = part["factors"], part["missed_as_normal"]
    return (
        f"<p>AUC_{name} = recall(anomalous) <b>{number(factor['recall_anomalous'])}</b> x matched normals / "
        f"(normals + false boxes) <b>{number(factor['normal_share'])}</b> x AUC(matched) "
        f"<b>{number(factor['auc_matched'])}</b>. "
        f"If missed objects were called normal instead, AUC would be {number(normal['auc'])} and accuracy "
        f"{number(normal['accuracy'])}.</p>"
    )


def metric_table(name: str, part: dict[str, Any]) -> str:
    rows = []
    for key, estimate in part["metrics"].items():
        low_high = f"{number(estimate['low'])} to {number(estimate['high'])}" if estimate["low"] is not None else ""
        note = "; ".join(text for text in (estimate.get("basis"), estimate.get("reason")) if text)
        rows.append([f"{METRIC_NAMES[key]} ({name})", number(estimate["value"]), low_high, note])
    return table(f"Metrics ({name})", ["metric", "value", "95 % interval", "note"], rows)


def reference_table(name: str, reference: dict[str, Any]) -> str:
    keys = ("auc", "balanced_accuracy", "auc_within_scene", "accuracy")
    rows = [[row, *(number(values[key]) for key in keys)] for row, values in reference.items()]
    head = ["trivial method", *(METRIC_NAMES[key] for key in keys)]
    return f"<h3>Reference ({name})</h3>" + table(f"Scores of trivial methods ({name})", head, rows)


def group_section(name: str, part: dict[str, Any]) -> str:
    """Groups as bars with intervals, then the map of anomaly type and visibility."""
    kinds = list(dict.fromkeys(row["breakdown"] for row in part["breakdowns"]))
    blocks = [group_plot(kind, [row for row in part["breakdowns"] if row["breakdown"] == kind]) for kind in kinds]
    note = (
        f"Lines on the bars are 95 % intervals. With fewer than {FEWEST} base shapes there is no interval, and the number of "
        f"shapes is shown instead. Groups of fewer than {GREY_BELOW} objects are grey. A group of "
        "anomalies (type, visibility, magnitude) is compared with all normal objects of the same scenes, and its recall "
        "is given; for other groups, the accuracy is given."
    )
    visible = (
        "The visibility is the number of pixels of the changed region summed over the views used, as a share of the number if "
        "every view showed it as well as the best one."
    )
    return (
        f'<h3>AUC_{name} by group</h3><p class="soft">{note}</p><div class="groups">{"".join(blocks)}</div>'
        f'<h3>AUC_{name} by anomaly type and visibility of the change</h3><p class="soft">{visible}</p>'
        f'<div class="scroll">{visibility_map(part["type_by_visibility"])}</div>'
    )


def group_plot(kind: str, rows: list[dict[str, Any]]) -> str:
    shown = []
    for row in rows:
        rate = "recall" if "recall" in row else "accuracy"
        short = {"recall": "recall", "accuracy": "acc."}[rate]
        notes = (f"n = {row['objects']:,}", f"{short} {row[rate]['value']:.2f}")
        reason = short_reason(row["auc"]) if row["auc"]["low"] is None else ""
        shown.append({**row["auc"], "name": row["name"], "notes": notes, "grey": row["grey"], "short": reason})
    return f'<div class="scroll"><h4>{escape(kind)}</h4>{interval_plot(shown)}</div>'


def short_reason(estimate: dict[str, Any]) -> str:
    """Why a bar has no interval, in one or two words."""
    shapes = estimate["shapes"]
    return counted(shapes, "shape") if shapes < FEWEST else "constant"


def visibility_map(cells: list[dict[str, Any]]) -> str:
    rows, columns = (list(dict.fromkeys(cell[key] for cell in cells)) for key in ("type", "visible"))
    return map_plot(rows, columns, {(c["type"], c["visible"]): (c["auc"], c["objects"]) for c in cells})


def against_section(against: dict[str, Any]) -> str:
    """Paired differences of the two files."""
    rows, notes = [], []
    for name, part in against["protocols"].items():
        rows += [
            [f"{METRIC_NAMES[key]} ({name})", difference_text(found)] for key, found in part["differences"].items()
        ]
        test, scenes = part["mcnemar"], part["scenes"]
        notes.append(
            f"<p>{name}: correct only in the first file: {counted(test['only_first_right'], 'object')}, "
            f"only in the second: {test['only_second_right']:,}; {escape(mcnemar_text(test))}. Scenes entirely correct only in the "
            f"first: {scenes['only_first_right']:,}, only in the second: {scenes['only_second_right']:,}.</p>"
        )
        for key in ("first", "second"):
            examples = "".join(f"<li>{escape(scene)}</li>" for scene in scenes[f"{key}_examples"])
            if examples:
                notes.append(
                    f"<details><summary>correct only in the {key} ({name})</summary><ul>{examples}</ul></details>"
                )
    title = f"{escape(against['first'])} minus {escape(against['second'])}"
    compared = table("Paired differences", ["metric", "difference, paired 95 % interval"], rows, "wrap")
    return f'<h2>{title}</h2>{compared}<p class="soft">{RESOLVES}</p>{"".join(notes)}'


def failure_section(result: dict[str, Any], pictures: str) -> str:
    """The worst scenes of the first protocol, with pictures or as a list."""
    name, part = next(iter(result["protocols"].items()))
    worst = part["worst_scenes"]
    if not worst:
        return "<h2>Failures</h2><p>Every object is correct.</p>"
    legend = legend_html("maps" in result and "reason" not in result["maps"])
    if not pictures:
        legend = '<p class="soft">There are no pictures, because the shards of the data set were not found.</p>'
        pictures = "".join(figure(scene) for scene in worst)
    count = "scene" if len(worst) == 1 else counted(len(worst), "scene")
    return f"<h2>Failures ({name}): the worst {count}</h2>{legend}{pictures}"


def legend_html(maps: bool) -> str:
    """The legend of the lines, with a switch for anomaly maps if there are any."""
    samples = {
        "odd": "anomalous object",
        "usual": "normal object",
        "usual wrong": "dashed: the prediction is wrong",
        "said": "predicted box that matches an object",
        "stray": "predicted box that matches no object",
    }
    lines = "".join(
        f'<li><svg viewBox="0 0 30 10" aria-hidden="true"><path class="{style}" d="M1 5L29 5"/></svg>{text}</li>'
        for style, text in samples.items()
    )
    switch = (
        '<li><label><input type="checkbox" id="show-maps" checked> anomaly map: deep pink is suspicious</label></li>'
    )
    return f'<ul class="legend">{lines}{switch if maps else ""}</ul>'


def mistake_section(title: str, note: str, pictures: str) -> str:
    """Cut-outs of single mistakes; empty if there are none."""
    if not pictures:
        return ""
    return f'<h2>{escape(title)}</h2><p class="soft">{escape(note)}</p><div class="views small">{pictures}</div>'


def definitions(document: dict[str, Any]) -> str:
    result = document["result"]
    rows = [
        ["intervals", result["interval"]],
        ["metrics version", str(result["metrics_version"])],
        ["ground truth", result["dataset"]["digest"]],
        ["predictions", f"sha256:{result['predictions']['sha256']}, threshold {result['predictions']['threshold']}"],
        ["this score", document["digest"]],
        ["method", ", ".join(f"{key} = {value}" for key, value in result["method"].items())],
    ]
    return "<h2>What was scored</h2>" + table("Versions and digests", [], rows, "wrap")


def figure(scene: dict[str, Any], pictures: str = "") -> str:
    """One scene: its pictures side by side, if there are any, and a line for each object."""
    answers = "".join(f"<li>{escape(answer_text(item))}</li>" for item in scene["objects"])
    false = scene.get("false_boxes", 0)
    beside = f", and {false:,} box{'es' * (false != 1)} without an object" if false else ""
    count = f"{scene['wrong']} of {len(scene['objects'])} wrong{beside}"
    return (
        f"<figure><figcaption>{escape(scene['name'])}: {count}</figcaption>"
        f'<div class="views">{pictures}</div><ul class="answers">{answers}</ul></figure>'
    )


def answer_text(item: dict[str, Any]) -> str:
    """`2, anomalous (crack): called normal, wrong; score 0.31, IoU 0.78`."""
    truth = f"anomalous ({item['type']})" if item["label"] else "normal"
    if item["answer"] is None:
        return f"{item['id']}, {truth}: not found"
    verdict = "right" if item["answer"] == item["label"] else "wrong"
    said = "anomalous" if item["answer"] else "normal"
    return f"{item['id']}, {truth}: called {said}, {verdict}; score {item['score']:.4g}, IoU {item['iou']:.2f}"
