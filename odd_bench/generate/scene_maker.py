"""Making one scene from its plan line: shape, rest poses, odd variants, arrangement, labels and pictures."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from odd_bench.anomalies.variant import Variant
from odd_bench.data.record import SceneRecord
from odd_bench.generate.arrange import arranged, lowered, require_level
from odd_bench.generate.config import GenerateConfig
from odd_bench.generate.label import Labels, Posed, Sight, cast_labels
from odd_bench.generate.orbit import orbit_cameras
from odd_bench.generate.pictures import take_pictures
from odd_bench.generate.seen import is_seen
from odd_bench.generate.source import Source, Sources
from odd_bench.geometry import boxes
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import Shape
from odd_bench.plan_line import PlanLine, Try
from odd_bench.scene import Camera, Scene, SceneObject
from odd_bench.shapes.catalogue import BaseShape

SIMILAR = "similar_shape"  # another shape, which stands on the floor at its own height


@dataclass
class Report:
    """A report on making one scene. seconds: time by stage. refusals: number of refused anomalies by `type: reason`."""

    seconds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict:
        """The report as plain JSON values. Times are rounded to milliseconds."""
        return {"seconds": {k: round(v, 3) for k, v in self.seconds.items()}, "refusals": dict(self.refusals)}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent in the context to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


@dataclass(frozen=True)
class Arrangement:
    """All instances in the world, the cameras around them, and the labels of all views."""

    posed: list[Posed]
    cameras: tuple[Camera, ...]
    labels: Labels


class SceneRefused(Exception):
    """A scene cannot be made from its plan line. The message names the object and the reason; `report` lists the refusals."""

    def __init__(self, message: str, report: Report):
        super().__init__(message)
        self.report = report


def make_scene(line: PlanLine, plan_sha256: str, sources: Sources) -> tuple[SceneRecord, Report]:
    """Make one scene. Raises SceneRefused if all tries of an odd object are refused, or if the shape has no rest pose."""
    report, config = Report(), sources.config
    with report.stage("shape"):
        source = sources.of(BaseShape(line.shape, line.category, line.shape_seed))
        source.intact  # noqa: B018  compute the mesh now, so that its time counts for this stage
    with report.stage("settle"):
        rests = _rests(source, line, report)
    arrangement = _arrange(line, source, rests, report)
    with report.stage("render"):
        images = take_pictures(line, config, arrangement.posed, arrangement.cameras, arrangement.labels.hits)
    return _record(line, plan_sha256, config, arrangement, images), report


def _rests(source: Source, line: PlanLine, report: Report) -> list[np.ndarray]:
    """The rest rotation (3, 3) of each object. It is that of the intact shape, for odd objects, too."""
    try:
        return [source.rests.pose(line.rest, item.rest) for item in line.objects]
    except Refusal as refusal:
        raise SceneRefused(str(refusal), report) from refusal


def _arrange(line: PlanLine, source: Source, rests: list[np.ndarray], report: Report) -> Arrangement:
    """Arrange the scene with the first tries of each odd object whose changes can be seen.

    With `scene.odd_alike`, all odd objects proceed to their next try together, so that they stay the same.
    """
    remaining = {i: iter(item.tries) for i, item in enumerate(line.objects) if item.label}
    variants = {i: _next_variant(i, tries, line, source, rests, report) for i, tries in remaining.items()}
    while True:
        with report.stage("label"):
            sight = _arranged(line, source.config, source.intact, rests, variants)
            hidden = [i for i in variants if not is_seen(sight, i, source.config)]
            if not hidden:
                return Arrangement(sight.posed, sight.cameras, cast_labels(sight))
        for i in variants if source.config.scene.odd_alike else hidden:
            report.refusals[f"{variants[i].type}: change hidden in the scene"] += 1
            variants[i] = _next_variant(i, remaining[i], line, source, rests, report)


def _next_variant(
    index: int, tries: Iterator[Try], line: PlanLine, source: Source, rests: list[np.ndarray], report: Report
) -> Variant:
    with report.stage("anomaly"):
        for attempt in tries:
            try:
                variant = source.variant(attempt)
                if variant.type != SIMILAR:
                    require_level(variant.shape.outline, source.intact.outline, rests[index], line.size_m)
                return variant
            except Refusal as refusal:
                report.refusals[f"{attempt.type}: {refusal.reason}"] += 1
    raise SceneRefused(f"object {index}: all its tries were refused: {dict(report.refusals)}", report)


def _arranged(
    line: PlanLine, config: GenerateConfig, intact: Shape, rests: list, variants: dict[int, Variant]
) -> Sight:
    shapes = [variants[i].shape if i in variants else intact for i in range(len(line.objects))]
    odd = [variant.shape.outline for variant in variants.values()]
    poses = arranged(line, intact.outline, odd, rests)
    for i, variant in variants.items():
        if variant.type == SIMILAR:
            poses[i] = lowered(variant.shape.outline, poses[i])
    posed = [
        Posed(shape, pose, variants.get(i), intact if i in variants else None)
        for i, (shape, pose) in enumerate(zip(shapes, poses, strict=True))
    ]
    outline = np.concatenate([item.world_outline() for item in posed])
    cameras = orbit_cameras(config.orbit, line.orbit, outline)
    return Sight(posed, cameras)


def _record(line: PlanLine, plan_sha256: str, config: GenerateConfig, arrangement: Arrangement, images) -> SceneRecord:
    labels = arrangement.labels
    objects = tuple(_scene_object(i, posed, labels) for i, posed in enumerate(arrangement.posed))
    scene = Scene(line.scene, line.split, line.category, line.shape, arrangement.cameras, objects)
    depth_m = labels.depth_m if config.depth else None
    return SceneRecord(scene, images, labels.instance, labels.change, depth_m, plan_sha256)


def _scene_object(index: int, posed: Posed, labels: Labels) -> SceneObject:
    vertices = posed.world_vertices()
    return SceneObject(
        id=index,
        label=int(posed.variant is not None),
        type=posed.variant.type if posed.variant else None,
        magnitude=posed.variant.magnitude if posed.variant else 0.0,
        world_from_object=posed.world_from_object,
        aabb=boxes.aabb_from_points(vertices),
        obb=boxes.obb_from_points(vertices),
        visible_pixels=labels.visible[index],
        amodal_pixels=labels.amodal[index],
        changed_pixels=labels.changed[index],
    )
