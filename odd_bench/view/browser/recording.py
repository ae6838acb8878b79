"""One HTML page that shows scenes without a server: viser's page with the drawn scenes embedded."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

import viser

from odd_bench.atomic import prove_file, write_atomically
from odd_bench.view.browser.collection import Collection
from odd_bench.view.browser.drawing import place_camera
from odd_bench.view.browser.panel import legend_html
from odd_bench.view.browser.serving import PORT, started
from odd_bench.view.browser.stage import draw_scene, first_look

SECONDS_A_SCENE = 4.0
LABEL_ABOVE_M = 0.35


def record(collection: Collection, names: Sequence[str], path: Path) -> Path:
    """Write the named scenes to one page; several are played one after the other, with a time bar to move between them.

    Raises StorageError if the file cannot be written, DataError if a scene cannot be read.
    """
    prove_file(path)
    with started(PORT) as server:
        roots = [_draw_below(server, f"/{number}", name, collection) for number, name in enumerate(names)]
        roots[0].visible = True
        serializer = server.get_scene_serializer()
        for before, root in pairwise(roots):
            serializer.insert_sleep(SECONDS_A_SCENE)
            before.visible, root.visible = False, True
        if len(roots) > 1:
            serializer.insert_sleep(SECONDS_A_SCENE)
        html = serializer.as_html()
    write_atomically(path, with_legend(html, collection).encode())
    return path


def _draw_below(server: viser.ViserServer, root: str, name: str, collection: Collection) -> viser.FrameHandle:
    """Draw a scene below a separate hidden node, with its name above it, since a page without a server has no panel."""
    frame = server.scene.add_frame(root, show_axes=False, visible=False)
    drawn = draw_scene(server.scene, collection, name, first_look(collection), root)
    boxes = drawn.boxes
    top = max((one.box[2] + one.box[5] / 2 for one in boxes), default=0.0)
    text = f"{name}  {collection.words.get(name, '')}".strip()
    server.scene.add_label(f"{root}/title", text, position=(0.0, 0.0, top + LABEL_ABOVE_M), anchor="bottom-center")
    if root == "/0":
        place_camera(server, boxes, drawn.placed_cameras)
    return frame


def with_legend(html: str, collection: Collection) -> str:
    """The page with the legend in its lower left corner, above the time bar of viser."""
    style = (
        "position:fixed;left:8px;bottom:56px;max-width:22em;background:rgba(255,255,255,0.85);font-family:sans-serif;"
        "font-size:0.8em;z-index:5"
    )
    box = f'<div style="{style}"><div style="padding:0.75em">{escape(collection.title)}</div>{legend_html(collection)}</div>'
    head, closing, tail = html.rpartition("</body>")
    return f"{head}{box}{closing}{tail}"
