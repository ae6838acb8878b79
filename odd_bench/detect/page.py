"""The HTML page of a detection: the objects, their positions and their suspicion; it loads nothing from elsewhere."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image

from odd_bench.captures.capture import Capture
from odd_bench.captures.placing import Placement
from odd_bench.html_page import html_page
from odd_bench.view.suspicion import Found, color_of


@dataclass(frozen=True)
class Shown:
    """The pictures of a page. views: photograph names and pictures of the scene. close_ups: of each object. plan: from above."""

    views: list[tuple[str, Image.Image]]
    close_ups: list[list[Image.Image]]
    plan: Image.Image


def detection_page(
    name: str,
    capture: Capture,
    placement: Placement,
    found: Found,
    chosen: list[int],
    notes: tuple[str, ...],
    shown: Shown,
    tries: tuple[str, ...] = (),
) -> str:
    """The page as text. tries: what to try if no object was found."""
    style = (Path(__file__).parent / "page.css").read_text()
    seen = ", ".join(capture.photographs[number].name for number in chosen)
    views = "".join(
        f'<figure><img src="{embedded(image)}" alt="view {escape(label)} with boxes">'
        f"<figcaption>{escape(label)}</figcaption></figure>"
        for label, image in shown.views
    )
    listed = f"<h2>Objects, the most suspicious first</h2>{object_rows(found, placement, shown)}"
    if tries:
        listed = f"<h2>What to try</h2>{bullets(tries)}"
    body = (
        f"<h1>{escape(name)}</h1><p class='said'>{escape(summary(found))}</p>"
        f"<p class='soft'>{len(capture.photographs)} photographs, cameras from {escape(capture.source)}. "
        f"The model used {len(chosen)} of them: {escape(seen)}.</p>"
        f"<h2>Views</h2><div class='views'>{views}</div>"
        f"{listed}<h2>From above</h2><p class='soft'>Coordinates are in units of the capture. The frame is the region "
        "(<code>--region x0,y0,x1,y1</code>). Blue marks are the cameras whose photographs the model used; "
        "blue-grey areas stand out from the floor.</p>"
        f'<img class="plan" src="{embedded(shown.plan, "PNG")}" alt="floor plan">'
        f"<h2>Notes</h2>{bullets(notes)}"
    )
    return html_page(f"{name}: odd one out", style, body)


def bullets(sentences: tuple[str, ...]) -> str:
    """A list of sentences."""
    return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in sentences)}</ul>"


def summary(found: Found) -> str:
    """One sentence about what was found."""
    if not len(found):
        return "No object was found."
    odd = [number for number in found.order if found.scores[number] > found.threshold]
    objects = "1 object" if len(found) == 1 else f"{len(found)} objects"
    if not odd:
        highest = found.order[0]
        score = found.scores[highest]
        return f"{objects}, none is odd (above {found.threshold:g}); the most suspicious is object {highest + 1} with {score:.2f}."
    named = ", ".join(f"{number + 1} ({found.scores[number]:.2f})" for number in odd)
    return f"{objects}; odd (above {found.threshold:g}): {named}."


def object_rows(found: Found, placement: Placement, shown: Shown) -> str:
    """One row an object: number, suspicion, size, close-ups."""
    rows = []
    for number in found.order:
        score, box = float(found.scores[number]), found.boxes[number]
        color = "#{:02x}{:02x}{:02x}".format(*color_of(score, found.threshold))
        size = " x ".join(f"{value:.2f}" for value in box[3:6])
        real = ""
        if placement.real_metres is not None:
            real = (
                "<br>"
                + " x ".join(f"{100 * placement.real_metres * value:.1f}" for value in box[3:6])
                + " cm in reality"
            )
        crops = "".join(f'<img src="{embedded(crop)}" alt="object {number + 1}">' for crop in shown.close_ups[number])
        rows.append(
            f"<tr><td class='number'>{number + 1}</td>"
            f"<td><div class='bar'><div style='width:{100 * min(max(score, 0), 1):.0f}%;background:{color}'></div></div>"
            f"<b>{score:.3f}</b>{' odd' if score > found.threshold else ''}</td>"
            f"<td class='soft'>at {box[0]:.2f}, {box[1]:.2f} m<br>{size} m of the scene{real}</td>"
            f"<td class='crops'>{crops}</td></tr>"
        )
    return f"<table><tr><th></th><th>suspicion</th><th>box</th><th>close-ups</th></tr>{''.join(rows)}</table>"


def embedded(image: Image.Image, kind: str = "JPEG") -> str:
    """The picture as a data URL."""
    content = io.BytesIO()
    image.save(content, kind, **({"quality": 88} if kind == "JPEG" else {"optimize": True}))
    return f"data:image/{kind.lower()};base64,{base64.b64encode(content.getvalue()).decode()}"
