"""Pictures of the worst mistakes of a method for the report: whole scenes, and single false alarms and misses."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.errors import OddBenchError
from odd_bench.extras import install_command
from odd_bench.report.drawing import Outline, box_area, view_html, window_around
from odd_bench.report.html_report import figure
from odd_bench.report.worst import (
    Mistake,
    best_view,
    false_alarms,
    misses,
    predicted_boxes,
    true_box,
)
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.score import Scored, by_truth_scene

VIEWS_A_SCENE = 3


class NoPictures(Exception):
    """The pictures of the data set cannot be read; the message says why, in one line."""


@dataclass(frozen=True)
class Pictures:
    """HTML of the worst scenes, false alarms and misses; empty if there are none."""

    scenes: str = ""
    alarms: str = ""
    misses: str = ""


@dataclass(frozen=True)
class Gallery:
    """The sources of the pictures. declared: (s,) views of each scene, None for all. maps: anomaly maps, None without."""

    dataset: Any
    judged: Judged
    declared: Sequence[tuple[int, ...] | None]
    maps: Any | None

    @property
    def turned(self) -> bool:
        """Whether predicted boxes have a yaw; true boxes are then drawn with theirs."""
        return bool(np.isfinite(self.judged.submission.boxes.yaw_rad).any())

    def views(self, scene: int) -> Sequence[int]:
        """The views that the method was given."""
        cameras = self.dataset.scene(self.name(scene)).cameras
        return range(len(cameras)) if self.declared[scene] is None else self.declared[scene]

    def name(self, scene: int) -> str:
        return self.judged.truth.scene_names[scene]

    def view(self, scene: int, view: int, caption: str, mistake: Mistake | None = None) -> str:
        """One view with its boxes. mistake: show only this one and its surroundings."""
        camera, image = self.dataset.scene(self.name(scene)).cameras[view], self.dataset.image(self.name(scene), view)
        suspicion = self.suspicion(scene, view, image)
        if mistake is None:
            return view_html(image, camera, self.outlines(scene), caption, suspicion)
        outlines = [Outline(mistake.box, mistake.style)]
        return view_html(image, camera, outlines, caption, suspicion, window_around(mistake.box, camera))

    def suspicion(self, scene: int, view: int, image: np.ndarray) -> np.ndarray | None:
        if self.maps is None:
            return None
        return self.maps.maps(self.name(scene), (view,), image.shape[:2]).get(view)

    def outlines(self, scene: int) -> list[Outline]:
        """True boxes with their numbers, and predicted ones."""
        judged = self.judged
        rows = np.flatnonzero(judged.truth.scene == scene)
        true = [
            Outline(
                true_box(judged, row, self.turned),
                ("odd" if judged.truth.label[row] else "usual") + ("" if judged.correct[row] else " wrong"),
                str(judged.truth.object_id[row]),
            )
            for row in rows.tolist()
        ]
        drawn = predicted_boxes(judged, scene)
        return [*(Outline(one.box, "said" if one.matched else "stray") for one in drawn), *true]

    def scene_figures(self, scenes: Sequence[dict[str, Any]]) -> str:
        """The scenes in the given order, each in some of its views."""
        place = {name: number for number, name in enumerate(self.judged.truth.scene_names)}
        return "".join(figure(one, self.some_views(place[one["name"]])) for one in scenes)

    def some_views(self, scene: int) -> str:
        return "".join(self.view(scene, view, f"view {view}") for view in spread(self.views(scene)))

    def cut_outs(self, mistakes: Sequence[Mistake]) -> str:
        """Each mistake in the view that shows it best."""
        return "".join(self.cut_out(one) for one in mistakes)

    def cut_out(self, mistake: Mistake) -> str:
        cameras, views = self.dataset.scene(self.name(mistake.scene)).cameras, self.views(mistake.scene)
        areas = [box_area(mistake.box, cameras[view]) for view in views]
        caption = f"{mistake.text}; {self.name(mistake.scene)}"
        if not max(areas):
            return ""
        view = best_view(mistake, views, areas)
        return self.view(mistake.scene, view, f"{caption}, view {view}", mistake)


def draw_pictures(scored: Scored) -> Pictures:
    """Pictures of the worst scenes and mistakes under the first protocol. Raises NoPictures if the pictures cannot be read."""
    name, judged = next(iter(scored.judged.items()))
    scenes = scored.document["result"]["protocols"][name]["worst_scenes"]
    alarms, missed = false_alarms(judged), misses(judged)
    names = judged.truth.scene_names
    wanted = {scene["name"] for scene in scenes} | {names[one.scene] for one in (*alarms, *missed)}
    declared, _ = by_truth_scene(scored.checked.predictions, judged.truth)
    with ExitStack() as held:
        dataset = open_pictures(scored.checked.truth_path.parent, sorted(wanted))
        try:
            maps = None if scored.maps_path is None else held.enter_context(opened_maps(scored.maps_path))
            gallery = Gallery(dataset, judged, declared, maps)
            return Pictures(gallery.scene_figures(scenes), gallery.cut_outs(alarms), gallery.cut_outs(missed))
        except (OddBenchError, OSError, KeyError, ValueError) as error:
            raise NoPictures(f"a shard cannot be read ({str(error).splitlines()[0]})") from error


def opened_maps(path: Path) -> Any:
    from odd_bench.data.anomaly_maps import open_maps

    return open_maps(path)


def open_pictures(folder: Path, scenes: Sequence[str]) -> Any:
    """The data set of `folder`, if it holds the pictures of all `scenes`. Raises NoPictures."""
    try:
        from PIL import Image  # noqa: F401 - pictures are written with it

        from odd_bench.data.reader import open_dataset

        dataset = open_dataset(folder)
        absent = sorted(set(scenes) - set(dataset.scene_names()))
    except ImportError as error:
        raise NoPictures(f"{error.name} is not installed ({install_command('view')})") from error
    except (OddBenchError, OSError) as error:
        raise NoPictures(str(error).splitlines()[0]) from error
    if absent:
        raise NoPictures(f"{len(absent)} of the scenes have no pictures in {folder}")
    return dataset


def spread(views: Sequence[int]) -> list[int]:
    """At most VIEWS_A_SCENE of the views, evenly spread."""
    places = np.linspace(0, len(views), VIEWS_A_SCENE, endpoint=False).astype(int)
    return [int(views[place]) for place in np.unique(places) if place < len(views)]
