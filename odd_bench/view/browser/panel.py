"""The control panel: search, order, previous and next scene, threshold, what is drawn, and the legend."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from html import escape

import viser

from odd_bench.counted import counted
from odd_bench.errors import OddBenchError
from odd_bench.view.browser.collection import BY_NAME, WORST_FIRST, Collection
from odd_bench.view.browser.drawing import MAPS, NONE, PICTURE, SUSPICION, TRUTH
from odd_bench.view.browser.shown_box import COLORS, MEANINGS, count_states
from odd_bench.view.browser.stage import Stage, first_look

LISTED = 200  # scenes in the list at a time; the search finds the others
PREVIOUS, NEXT = "Previous (P)", "Next (N)"
STEPS = 400  # of the threshold
NOTHING = "no scenes found"


class Panel:
    """The controls and the chosen scene. Every change holds the lock, because viser calls from several threads."""

    def __init__(self, server: viser.ViserServer, collection: Collection, first: str | None = None):
        self.server, self.collection, self.stage = server, collection, Stage(server, collection)
        self.lock, self.look = threading.RLock(), first_look(collection)
        self.order = WORST_FIRST if collection.answers.wrong(None) else BY_NAME
        self.names = collection.found("", self.order, None)
        self.name = ""
        self._build(server.gui)
        self.show(first or self.names[0])

    def show(self, name: str) -> None:
        """Draw a scene and describe it. If it cannot be read, the panel shows the error."""
        with self.lock:
            if name == self.name:
                return
            self.name = name
            try:
                self.stage.draw(name, self.look)
                self._tell()
            except OddBenchError as error:
                self.server.scene.reset()
                self.verdict.content = f'<div style="{TEXT}"><b>{escape(str(error))}</b></div>'
            if name not in self.list.options:
                self._list_around(name)
            self.list.value = name

    def step(self, by: int) -> None:
        """Show the scene that is `by` places further in the list, which is cyclic."""
        with self.lock:
            if self.names:
                place = self.names.index(self.name) if self.name in self.names else -max(by, 0)
                self.show(self.names[(place + by) % len(self.names)])

    def search(self) -> None:
        """List the scenes that the search finds, in the chosen order, and show the first."""
        with self.lock:
            self.names = self.collection.found(self.words.value, self.ordering.value, self.look.threshold)
            if not self.names:
                self.list.options = (NOTHING,)
                self.place.content = NOTHING
                return
            self._list_around(self.names[0])
            self.show(self.names[0])
            self._tell()

    def change(self, **changes: object) -> None:
        """Draw the same scene with other settings."""
        with self.lock:
            look = replace(self.look, **changes)
            if look != self.look:
                self.look = look
                self.stage.change(look)
                self._tell()

    def _list_around(self, name: str) -> None:
        """List LISTED names around the given one."""
        start = max(min(self.names.index(name) - LISTED // 2, len(self.names) - LISTED), 0) if name in self.names else 0
        listed = self.names[start : start + LISTED]
        self.list.options = tuple(listed if name in listed else [name, *listed])

    def _tell(self) -> None:
        """Show the position in the list and the states of the boxes."""
        place = f"{self.names.index(self.name) + 1:,} of " if self.name in self.names else ""
        self.place.content = f"{place}{counted(len(self.names), 'scene')}"
        self.verdict.content = verdict_html(self.name, self.stage.boxes, self.collection.words.get(self.name, ""))

    def _build(self, gui: viser.GuiApi) -> None:
        gui.configure_theme(show_logo=False, show_share_button=False, control_width="large")
        gui.add_html(heading_html(self.collection))
        self._build_list(gui)
        self.verdict = gui.add_html("")
        if self.collection.has_scores:
            self._build_threshold(gui)
        self._build_looks(gui)
        gui.add_html(legend_html(self.collection) + points_html(self.collection))

    def _build_list(self, gui: viser.GuiApi) -> None:
        self.words = gui.add_text("Search", "", hint="Words in the name, split, category or anomaly type")
        orders = [WORST_FIRST, BY_NAME] if self.order == WORST_FIRST else [BY_NAME]
        self.ordering = gui.add_dropdown("Order", orders, initial_value=self.order)
        self.list = gui.add_dropdown("Scene", self.names[:LISTED])
        self.place = gui.add_markdown("")
        steps = gui.add_button_group("", [PREVIOUS, NEXT])
        self.words.on_update(lambda _: self.search())
        self.ordering.on_update(lambda _: self.search())
        self.list.on_update(lambda _: self.list.value == NOTHING or self.show(self.list.value))
        steps.on_click(lambda _: self.step(1 if steps.value == NEXT else -1))
        gui.add_command("Next scene", hotkey="N").on_trigger(lambda _: self.step(1))
        gui.add_command("Previous scene", hotkey="P").on_trigger(lambda _: self.step(-1))

    def _build_threshold(self, gui: viser.GuiApi) -> None:
        answers = self.collection.answers
        low, high = float(answers.scores.min()), float(answers.scores.max())
        margin = (high - low) / STEPS or 0.5
        low, high = round_bounds(low - margin, high + margin)
        own = (low + high) / 2 if answers.threshold is None else min(max(answers.threshold, low), high)
        slider = gui.add_slider(
            "Threshold", low, high, (high - low) / STEPS, own, hint="Scores above it are called odd"
        )
        back = gui.add_button("Threshold of the file")
        set_back = threading.Event()

        def moved(_: object) -> None:
            if set_back.is_set():
                set_back.clear()
            else:
                self.change(threshold=float(slider.value))

        def as_in_the_file(_: object) -> None:
            if slider.value != own:
                set_back.set()
                slider.value = own
            self.change(threshold=None)

        slider.on_update(moved)
        back.on_click(as_in_the_file)

    def _build_looks(self, gui: viser.GuiApi) -> None:
        if self.collection.views is not None:
            ways = [
                *([SUSPICION] if self.collection.has_scores else []),
                *([MAPS] if self.collection.has_maps else []),
                *([TRUTH] if self.collection.has_truth else []),
                PICTURE,
                NONE,
            ]
            points = gui.add_dropdown("Points", ways, initial_value=self.look.points)
            points.on_update(lambda _: self.change(points=points.value))
            cameras = gui.add_checkbox("Cameras", True, hint="Click a picture to look through its camera")
            cameras.on_update(lambda _: self.change(cameras=cameras.value))
        labels = gui.add_checkbox("Labels", True)
        labels.on_update(lambda _: self.change(labels=labels.value))
        if self.collection.has_scores and self.collection.has_truth:
            truth = gui.add_checkbox("True boxes", True)
            truth.on_update(lambda _: self.change(truth=truth.value))


TEXT = "padding:0 0.75em 0.5em;font-size:0.85em;line-height:1.4"


def round_bounds(low: float, high: float) -> tuple[float, float]:
    """Two numbers around these, in three digits of their distance: 0.0209 and 0.6128 become 0.02 and 0.613."""
    digits = 2 - math.floor(math.log10(high - low))
    unit = 10.0**-digits
    return round(math.floor(low / unit) * unit, digits), round(math.ceil(high / unit) * unit, digits)


def heading_html(collection: Collection) -> str:
    """Title and notes."""
    notes = "".join(f'<div style="color:#5f6368">{escape(note)}</div>' for note in collection.notes)
    return f'<div style="{TEXT}"><b>{escape(collection.title)}</b>{notes}</div>'


def verdict_html(name: str, boxes: list, words: str) -> str:
    """The name of the scene and the number of boxes in each state."""
    counts = count_states(boxes)
    states = " · ".join(f"{_spot(state)}{counts[state]} {state}" for state in COLORS if counts[state])
    return f'<div id="verdict" style="{TEXT}"><b>{escape(name)}</b><br>{escape(words)}<br>{states or "no boxes"}</div>'


def legend_html(collection: Collection) -> str:
    """The legend of the states that can occur."""
    rows = "".join(f"<div>{_spot(state)}<b>{state}</b> {MEANINGS[state]}</div>" for state in collection.answers.states)
    return f'<div style="{TEXT}">{rows}</div>'


def points_html(collection: Collection) -> str:
    """The legend of the colours of points."""
    if collection.views is None:
        return ""
    scored = "Points by suspicion: blue below the threshold, white at it, red above, grey without a box. "
    maps = "Points by anomaly maps: from white to red. " if collection.has_maps else ""
    changed = "Points by truth: yellow on changed surface." if collection.has_truth else ""
    return f'<div style="{TEXT}">{scored if collection.has_scores else ""}{maps}{changed}</div>'


def _spot(state: str) -> str:
    return f'<span style="color:rgb{COLORS[state]}">&#9632;</span> '
