"""The transform from the capture to the scene: floor at z = 0, objects around the origin, of the size of the training data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.clusters import Clusters
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.floor import Floor, find_floor
from odd_bench.captures.objects import find_objects
from odd_bench.captures.small import Size, hint_if_small, sizes_of, told_if_small
from odd_bench.geometry.boxes import box_corners
from odd_bench.geometry.cameras import eye

Region = tuple[float, float, float, float]


@dataclass(frozen=True)
class Wishes:
    """What the user states about a scene. floor: its height along up. object_size_m: largest side of the objects, metres.

    metres_per_unit: of the capture's world. region: x0, y0, x1, y1 on the floor plan, units of the capture.
    """

    floor: float | None = None
    object_size_m: float | None = None
    metres_per_unit: float | None = None
    region: Region | None = None


@dataclass(frozen=True)
class FloorPlan:
    """The capture seen from above: units of the capture, z above the floor, x along the first camera's right.

    plan_from_capture: (4, 4) rigid motion; its origin is on the floor, below the point that the cameras look at. points: (n, 3).
    clusters: everything that stands on the floor.
    """

    plan_from_capture: np.ndarray
    floor: Floor
    points: np.ndarray
    clusters: Clusters


@dataclass(frozen=True)
class Placement:
    """The pose and scale of the scene. scene_from_capture: (4, 4) similarity; objects have the size of the training data.

    outline: (k, 3) points around the objects, scene. real_metres: true metres per metre of the scene, None if unknown.
    region: on the floor plan. notes: sentences about what was assumed.
    """

    plan: FloorPlan
    scene_from_capture: np.ndarray
    outline: np.ndarray
    region: Region
    real_metres: float | None
    notes: tuple[str, ...]

    @property
    def scale(self) -> float:
        """Metres of the scene per unit of the capture."""
        return float(np.cbrt(np.linalg.det(self.scene_from_capture[:3, :3])))

    def camera_from_scene(self, photograph: Photograph) -> np.ndarray:
        """(4, 4) rigid motion."""
        turn = self.scene_from_capture[:3, :3] / self.scale
        position = self.scene_from_capture[:3, :3] @ eye(photograph) + self.scene_from_capture[:3, 3]
        moved = np.eye(4)
        moved[:3, :3] = photograph.camera_from_world[:3, :3] @ turn.T
        moved[:3, 3] = -moved[:3, :3] @ position
        return moved


def floor_plan(capture: Capture, wishes: Wishes) -> FloorPlan:
    """The floor plan of a capture. Raises CaptureError if no floor is found."""
    floor = find_floor(capture, wishes.floor)
    right = capture.rotations[0, 0] - (capture.rotations[0, 0] @ floor.normal) * floor.normal
    if np.linalg.norm(right) < 0.1:  # the right axis of the first camera is vertical
        right = capture.rotations[0, 1] - (capture.rotations[0, 1] @ floor.normal) * floor.normal
    right /= np.linalg.norm(right)
    plan_from_capture = np.eye(4)
    plan_from_capture[:3, :3] = [right, np.cross(floor.normal, right), floor.normal]
    plan_from_capture[:3, 3] = -plan_from_capture[:3, :3] @ floor.centre
    points = capture.points @ plan_from_capture[:3, :3].T + plan_from_capture[:3, 3]
    return FloorPlan(plan_from_capture, floor, points, find_objects(capture, plan_from_capture, floor.distance))


def place(
    capture: Capture, plan: FloorPlan, wishes: Wishes, size_m: tuple[float, float], room_m: tuple[float, float]
) -> Placement:
    """Centre and scale the scene. size_m: smallest and largest side of objects in the training data. room_m: half-extents of the
    method's volume along x and y. Raises CaptureError if the size of the objects cannot be determined.
    """
    metres_per_unit = wishes.metres_per_unit if wishes.metres_per_unit is not None else capture.metres_per_unit
    clusters, notes = plan.clusters, []
    told_m = None if metres_per_unit is None else wishes.object_size_m
    if wishes.region is not None:
        if told_m is None:
            _check_holds_some(wishes.region, clusters)
        clusters = clusters.inside(wishes.region)
    size, how = _object_size(clusters, wishes, metres_per_unit, sizes_of(capture))
    known_m = float(np.sqrt(size_m[0] * size_m[1]))
    scale = known_m / size
    region = wishes.region if wishes.region is not None else _around(clusters, plan, size)
    centre = np.array([(region[0] + region[2]) / 2, (region[1] + region[3]) / 2])
    scene_from_plan = np.diag([scale, scale, scale, 1.0])
    scene_from_plan[:2, 3] = -scale * centre
    outline = scale * (_outline(clusters, region, size) - [*centre, 0.0])
    notes.append(f"objects are {size:.3g} units large ({how}) and are scaled to {known_m:.2f} m")
    reach = np.abs(outline[:, :2]).max(axis=0)
    if (reach > 1.02 * np.array(room_m)).any():
        notes.append(
            f"objects reach {reach.max():.2f} m from the centre, but the model sees only {min(room_m):.2f} m: "
            "choose some of them with --region (see from-above.png)"
        )
    if wishes.object_size_m is not None:
        real = wishes.object_size_m / known_m
    else:
        real = None if metres_per_unit is None else metres_per_unit / scale
    return Placement(plan, scene_from_plan @ plan.plan_from_capture, outline, region, real, tuple(notes))


def _check_holds_some(region: Region, clusters: Clusters) -> None:
    """Raise CaptureError if objects stand out from the floor, but none of them is in the region."""
    if len(clusters) and not len(clusters.inside(region)):
        boxes = clusters.boxes
        low, high = (boxes[:, :2] - boxes[:, 3:5] / 2).min(axis=0), (boxes[:, :2] + boxes[:, 3:5] / 2).max(axis=0)
        around = ",".join(f"{value:.2f}" for value in (*low, *high))
        raise CaptureError(
            "--region", f"{','.join(f'{value:g}' for value in region)}, which holds none of the {len(clusters)} objects",
            f"a part of {around}, where the objects are", "Leave out --region to use all objects",
        )  # fmt: skip


def _object_size(
    clusters: Clusters, wishes: Wishes, metres_per_unit: float | None, sizes: list[Size]
) -> tuple[float, str]:
    """Largest side of an object in units of the capture, and how it was determined. sizes: of the photographs, for messages."""
    if wishes.object_size_m is not None and metres_per_unit is not None:
        return wishes.object_size_m / metres_per_unit, "as given"
    if not len(clusters):
        raise CaptureError(
            "objects" if wishes.floor is None else f"objects above --floor {wishes.floor:g}",
            f"nothing that stands out from the floor in most photographs{told_if_small(sizes)}",
            "objects whose colour differs from the floor, seen from several sides",
            hint_if_small(
                sizes, "Give their size with --object-size-m (and --scale, if the capture has no scale) and their position "
                "with --region" if wishes.floor is None else "Leave out --floor, so that the floor is searched for",
            ),
        )  # fmt: skip
    return float(np.median(clusters.sizes)), f"median of {len(clusters)} objects"


def _around(clusters: Clusters, plan: FloorPlan, size: float) -> Region:
    """The rectangle around all clusters, or a square below the point that the cameras look at if there are none."""
    if not len(clusters):
        half = 2 * size
        return (-half, -half, half, half)
    boxes = clusters.boxes
    low, high = (boxes[:, :2] - boxes[:, 3:5] / 2).min(axis=0), (boxes[:, :2] + boxes[:, 3:5] / 2).max(axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _outline(clusters: Clusters, region: Region, size: float) -> np.ndarray:
    """(k, 3) corners of the clusters' boxes, or of one box on the region with the height of an object; floor plan."""
    boxes = clusters.boxes
    if not len(boxes):
        x0, y0, x1, y1 = region
        boxes = np.array([[(x0 + x1) / 2, (y0 + y1) / 2, size / 2, x1 - x0, y1 - y0, size]])
    return box_corners(boxes).reshape(-1, 3)
