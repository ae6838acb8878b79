"""A second scorer of the protocol `detect`, written only from docs/reference/protocol.md, without code of odd_bench.

It consists of plain loops and is slow.

objects: (scene, shape, label, box). boxes: (scene, box, score, label). A box is (x, y, z, size x, size y, size z, yaw).
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np

ODD, NORMAL = 1, 0


def corners(box):
    x, y, _, w, d, _, yaw = box
    turn = complex(math.cos(yaw), math.sin(yaw))
    signs = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return [complex(x, y) + turn * complex(a * w / 2, b * d / 2) for a, b in signs]


def side(a, b, p):
    return ((b - a).conjugate() * (p - a)).imag


def cut(polygon, a, b):
    """The part of a polygon to the left of the line from a to b (Sutherland and Hodgman)."""
    kept = []
    for p, q in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        s, t = side(a, b, p), side(a, b, q)
        if s >= 0:
            kept.append(p)
        if s * t < 0:
            kept.append(p + (q - p) * s / (s - t))
    return kept


def iou(one, other):
    floor, edge = corners(one), corners(other)
    for a, b in zip(edge, edge[1:] + edge[:1], strict=True):
        floor = cut(floor, a, b)
    area = (
        sum((p.conjugate() * q).imag for p, q in zip(floor, floor[1:] + floor[:1], strict=True)) / 2 if floor else 0.0
    )
    top = min(one[2] + one[5] / 2, other[2] + other[5] / 2)
    bottom = max(one[2] - one[5] / 2, other[2] - other[5] / 2)
    both = area * max(0.0, top - bottom)
    return both / (math.prod(one[3:6]) + math.prod(other[3:6]) - both)


def best_assignment(worth, objects, used=frozenset()):
    """The largest total and {object: box}, by trying everything. worth: {(object, box): value}."""
    if not objects:
        return 0.0, {}
    first, rest = objects[0], objects[1:]
    best = best_assignment(worth, rest, used)
    for (item, box), value in worth.items():
        if item == first and box not in used:
            total, chosen = best_assignment(worth, rest, used | {box})
            if total + value > best[0]:
                best = (total + value, {**chosen, item: box})
    return best


def match(objects, boxes):
    """{object: (box, IoU)} over all scenes."""
    found = {}
    for scene in {item[0] for item in objects}:
        items = [i for i, item in enumerate(objects) if item[0] == scene]
        rows = [j for j, box in enumerate(boxes) if box[0] == scene]
        overlap = {(i, j): iou(objects[i][3], boxes[j][1]) for i, j in product(items, rows)}
        overlap = {pair: value for pair, value in overlap.items() if value > 0.5 + 1e-9}
        order = sorted({boxes[j][2:] for _, j in overlap})
        worth = {(i, j): v + 1e-9 * order.index(boxes[j][2:]) / len(order) for (i, j), v in overlap.items()}
        found |= {i: (j, overlap[i, j]) for i, j in best_assignment(worth, items)[1].items()}
    return found


def rows_of(objects, boxes, found):
    """The ranked and judged rows (shape, scene, label, rank, right): every object, then every false box."""
    rows = []
    for i, (scene, shape, label, _) in enumerate(objects):
        if i in found:
            score, said = boxes[found[i][0]][2:]
            rows.append((shape, scene, label, score, said == label))
        else:
            rows.append((shape, scene, label, -math.inf if label == ODD else math.inf, False))
    shapes = {item[0]: item[1] for item in objects}
    served = {box for box, _ in found.values()}
    for j, (scene, *_) in enumerate(boxes):
        if j not in served:
            rows.append((shapes[scene], scene, NORMAL, math.inf, False))
    return rows


def auc(rows):
    odd = [row[3] for row in rows if row[2] == ODD]
    normal = [row[3] for row in rows if row[2] == NORMAL]
    if not odd or not normal:
        return math.nan
    right = sum((a > b) + (a == b) / 2 for a in odd for b in normal)
    return right / (len(odd) * len(normal))


def average_precision(ranked, wanted):
    """Average precision of ranked pairs (score, right). wanted: the number of items to find. Tied items form one step."""
    total = found = seen = 0.0
    for score in sorted({score for score, _ in ranked}, reverse=True):
        hits = sum(right for other, right in ranked if other == score)
        found, seen = found + hits, seen + sum(other == score for other, _ in ranked)
        total += hits * found / seen
    return total / wanted if wanted else math.nan


def share(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def balanced_accuracy(rows):
    return (share(row[4] for row in rows if row[2] == ODD) + share(row[4] for row in rows if row[2] == NORMAL)) / 2


def false_positive_rate(rows):
    odd = sorted((row[3] for row in rows if row[2] == ODD), reverse=True)
    normal = [row[3] for row in rows if row[2] == NORMAL]
    if not odd or not normal:
        return math.nan
    at = next(score for n, score in enumerate(odd, start=1) if n >= 0.95 * len(odd) - 1e-12)
    return share(score >= at for score in normal)


def score(objects, boxes):
    """Every number of the table in docs/reference/protocol.md, by the names of score.json."""
    found = match(objects, boxes)
    rows = rows_of(objects, boxes, found)
    scenes = sorted({item[0] for item in objects})
    inside, exact, top, counted, tops = [], [], [], [], []
    for scene in scenes:
        mine = [row for row in rows if row[1] == scene]
        items = [item for item in objects if item[0] == scene]
        drawn = [box for box in boxes if box[0] == scene]
        labels = {item[2] for item in items}
        if labels == {ODD, NORMAL}:
            inside.append(auc(mine))
        exact.append(all(row[4] for row in mine))
        counted.append(len(drawn) == len(items))
        if ODD in labels:
            highest = max(row[3] for row in mine)
            first = [row for row in mine if row[3] == highest]
            top.append(share(row[2] == ODD and row[3] > -math.inf for row in first))
        worst = -math.inf if ODD in labels else math.inf
        tops.append(("", "", int(ODD in labels), max((box[2] for box in drawn), default=worst), True))
    odd, normal = ([row for row in rows if row[2] == label] for label in (ODD, NORMAL))
    said = sum(row[4] for row in odd) + sum(not row[4] for row in normal)
    hits = sum(row[4] for row in odd)
    hit_boxes = {found[i][0] for i, item in enumerate(objects) if item[2] == ODD and i in found}
    ranking = [(row[3], row[2]) for row in rows if row[3] > -math.inf]
    return {
        "auc": auc(rows),
        "balanced_accuracy": balanced_accuracy(rows),
        "auc_within_scene": share(inside),
        "accuracy": share(row[4] for row in rows),
        "boxes_per_object": len(boxes) / len(objects),
        "box_recall": len(found) / len(objects),
        "box_precision": len(found) / len(boxes) if boxes else math.nan,
        "ap50": average_precision([(box[2], j in hit_boxes) for j, box in enumerate(boxes)], len(odd)),
        "mean_iou": share(value for _, value in found.values()),
        "count_accuracy": share(counted),
        "aupr": average_precision(ranking, len(odd)),
        "precision": hits / said if said else math.nan,
        "recall": share(row[4] for row in odd),
        "f1": 2 * hits / (len(odd) + said) if odd or said else math.nan,
        "fpr_at_95_tpr": false_positive_rate(rows),
        "scene_exact_match": share(exact),
        "top1_hit": share(top),
        "scene_auroc": auc(tops),
    }


def log_odds(share_of):
    return math.log(share_of) - math.log1p(-share_of) if 0 < share_of < 1 else math.copysign(math.inf, share_of - 0.5)


def interval(metric, rows, resamples):
    """The 95 % interval of a function of rows over resamples of base shapes; None where the protocol gives none."""
    from scipy.stats import t

    shapes = sorted({row[0] for row in rows})
    groups = [[row for row in rows if row[0] == shape] for shape in shapes]
    drawn = np.random.default_rng(20240).integers(0, len(shapes), (resamples, len(shapes)))
    values = [metric([row for place in line for row in groups[place]]) for line in drawn]
    value = metric(rows)
    if len(shapes) < 10 or value in (0, 1) or len(set(values)) == 1:
        return None
    middle = log_odds(value)
    near = [min(max(log_odds(v), middle - math.log(10)), middle + math.log(10)) for v in values if not math.isnan(v)]
    m = len(shapes)
    reach = t.ppf(0.975, m - 1) * np.std(near, ddof=1) * math.sqrt(m / (m - 1))
    return tuple(1 / (1 + math.exp(-(middle + step))) for step in (-reach, reach))
