"""The scores of a submission's anomaly maps, which are added to its score document. They need the masks of the data set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from odd_bench.counted import counted
from odd_bench.errors import OddBenchError
from odd_bench.extras import install_command
from odd_bench.plain_file import open_plain
from odd_bench.scoring.bootstrap import draw_resamples
from odd_bench.scoring.document import estimate_json, rounded, signed_document
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.locate import maps_given
from odd_bench.scoring.map_counts import DOMAINS, MapCounts, SceneObjects, View, empty_counts
from odd_bench.scoring.map_metrics import domain_part, map_metrics
from odd_bench.scoring.score import Scored, by_truth_scene

if TYPE_CHECKING:
    from odd_bench.data.anomaly_maps import AnomalyMaps
    from odd_bench.data.reader import Dataset


@dataclass
class Coverage:
    """Counts of scored and missing maps. views: of all scenes together; fewest, most: of one scene. absent: views without a map,
    scored as a map of zeros. foreign: scenes of the file that are not in this split. unknown: scenes whose changes are unknown in
    the data set; they do not count.
    """

    scenes: int = 0
    views: int = 0
    fewest: int = 0
    most: int = 0
    absent: int = 0
    unknown: int = 0
    foreign: int = 0


def with_maps_of(scored: Scored, path: Path | None = None) -> Scored:
    """The score with the scores of its maps: those in `path`, or those next to the predictions, if there are any."""
    path = maps_given(scored.checked.path) if path is None else path
    return scored if path is None else with_maps(scored, path)


def with_maps(scored: Scored, path: Path) -> Scored:
    """The score whose document contains the scores of the maps in `path`, or the reason why there are none.

    Raises DataError if the maps file is damaged, does not fit the pictures or holds no scene of the split.
    """
    try:
        from odd_bench.data.anomaly_maps import open_maps
        from odd_bench.data.reader import open_dataset
    except ImportError as error:
        return with_part(scored, {"reason": f"{error.name} is not installed ({install_command('view')})"})
    with open_maps(path) as maps:
        check_of_split(path, maps, scored)
        try:
            dataset = open_dataset(scored.checked.truth_path.parent)
        except OddBenchError as error:
            return with_part(
                scored, {"reason": f"maps need the folder of a data set with masks: {str(error).splitlines()[0]}"}
            )
        absent = set(scored.checked.table.scene_names) - set(dataset.scene_names())
        if absent:
            return with_part(
                scored,
                {"reason": f"{counted(len(absent), 'scene')} of the split missing in the folder of the data set"},
            )
        counts, coverage = count_maps(scored, maps, dataset)
    if not coverage.scenes:
        return with_part(scored, {"reason": "the data set has no masks of the changes in its pictures"})
    resamples = draw_resamples(counts.patches.shape[1], scored.document["result"]["resamples"])
    metrics = map_metrics(counts, resamples)
    domains = {name: domain_part(counts, place, metrics[name], estimate_json) for place, name in enumerate(DOMAINS)}
    with open_plain(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return replace(with_part(scored, {"sha256": digest, **vars(coverage), "domains": domains}), maps_path=path)


def check_of_split(path: Path, maps: AnomalyMaps, scored: Scored) -> None:
    """Raise DataError if all maps are of other scenes: all views would count as maps of zeros."""
    from odd_bench.data.errors import DataError

    if maps.scenes.isdisjoint(scored.checked.table.scene_names):
        dataset = scored.checked.predictions.dataset
        found = (
            f"maps of {counted(len(maps.scenes), 'scene')}, none of which is in this split"
            if maps.scenes
            else "no scene"
        )
        raise DataError(
            path, found, f"maps of scenes of {dataset.name}, {dataset.split}", "Check that they are of this split"
        )


def with_part(scored: Scored, part: dict[str, Any]) -> Scored:
    """The score with `part` under `maps` in its document."""
    return replace(scored, document=signed_document({**scored.document["result"], "maps": rounded(part)}))


def count_maps(
    scored: Scored, maps: AnomalyMaps, dataset: Dataset, track: Any = lambda names: names
) -> tuple[MapCounts, Coverage]:
    """Counts over every scene of the split whose changes are known. track: shows progress over the scenes' names."""
    judged = next(iter(scored.judged.values()))
    truth = judged.truth
    declared, _ = by_truth_scene(scored.checked.predictions, truth)
    counts, coverage = empty_counts(truth.clusters), Coverage(foreign=len(maps.scenes - set(truth.scene_names)))
    for place, name in track(list(enumerate(truth.scene_names))):
        objects = scene_objects(judged, place)
        if objects is None:
            coverage.unknown += 1
            continue
        views = declared[place] or tuple(range(len(dataset.scene(name).cameras)))
        counts.add_scene(int(truth.cluster[place]), objects, list(scene_views(maps, dataset, name, views, coverage)))
        coverage.fewest = min(coverage.fewest, len(views)) if coverage.scenes else len(views)
        coverage.most = max(coverage.most, len(views))
        coverage.scenes += 1
        coverage.views += len(views)
    return counts, coverage


def scene_objects(judged: Judged, scene: int) -> SceneObjects | None:
    """The odd and the found objects of a scene; None if its changes are unknown."""
    truth = judged.truth
    rows = np.flatnonzero(truth.scene == scene)
    odd = rows[truth.label[rows] == 1]
    if not truth.changed_pixels.shape[1] or not np.isfinite(truth.changed_pixels[odd]).all():
        return None
    found = truth.object_id[rows[judged.matched[rows]]]
    return SceneObjects(tuple(truth.object_id[odd].tolist()), frozenset(found.tolist()))


def scene_views(
    maps: AnomalyMaps, dataset: Dataset, name: str, views: Iterable[int], coverage: Coverage
) -> Iterator[View]:
    """The views with their maps and masks."""
    views = tuple(views)
    instance, change = dataset.masks(name, views)
    found = maps.maps(name, views, instance.shape[1:])
    for place, view in enumerate(views):
        coverage.absent += view not in found
        yield View(found.get(view, np.zeros(instance.shape[1:], np.uint8)), instance[place], change[place])
