"""Warnings about conditions that may spoil a detection, and advice if nothing was found."""

from __future__ import annotations

import numpy as np

from odd_bench.captures.capture import Capture
from odd_bench.captures.placing import Placement
from odd_bench.captures.views import aimed_camera, scene_eyes, shown_share
from odd_bench.counted import counted
from odd_bench.view.suspicion import Found

WIDEST_GAP_DEG = 150.0  # angle around the objects without a photograph
LEAST_SHOWN = 0.9  # share of the objects that a photograph must show completely
LEAST_FINENESS = 0.6  # pixels of a photograph for one of the model's: 128 pixels for a model of 192 are still enough
ENOUGH = 12  # photographs; with fewer, it is worth taking more
OBJECT_M = 0.32  # largest side of an object once the scene is placed


def cautions(
    capture: Capture, placement: Placement, chosen: list[int], wanted: int, found: Found, pixels: int
) -> list[str]:
    """Sentences about conditions that may spoil the result. chosen: indices of photographs. wanted: views that the model expects.

    pixels: side of the model's pictures.
    """
    said = []
    if len(chosen) < wanted:
        said.append(f"there are only {len(chosen)} photographs for a model of {wanted} views")
    gap = widest_gap_deg(capture, placement, chosen)
    if gap > WIDEST_GAP_DEG:
        said.append(f"photographs are only from one side: there is none within {gap:.0f} degrees around the objects")
    cut = [capture.photographs[i].name for i in chosen if shown_share(capture, placement, i) < LEAST_SHOWN]
    if cut:
        said.append(f"objects are cut off in {', '.join(cut)}")
    fine = fineness(capture, placement, chosen, pixels)
    if fine < LEAST_FINENESS:
        wide = object_px(capture, placement, chosen)
        said.append(
            f"objects are only about {wide:.0f} pixels wide in the photographs, and the model uses {wide / fine:.0f}: "
            "use larger photographs, or take them from nearer"
        )
    clusters = len(placement.plan.clusters.inside(placement.region))
    if clusters and len(found) != clusters:
        stand = "stands" if clusters == 1 else "stand"
        said.append(f"the model found {counted(len(found), 'object')}, but {clusters} {stand} out from the floor")
    return said


def advice(capture: Capture, placement: Placement, chosen: list[int], found: Found, pixels: int) -> list[str]:
    """What to try if no object was found, the most likely cause first; empty if one was found."""
    if len(found):
        return []
    region = ",".join(f"{value:.3g}" for value in placement.region)
    tries = [
        f"choose a region with the objects and little else: --region, now {region}, in the units of from-above.png",
        f"give the size of an object, now {OBJECT_M / placement.scale:.3g} units of the capture: --object-size-m "
        "in metres, together with --scale in metres per unit",
    ]
    if fineness(capture, placement, chosen, pixels) < LEAST_FINENESS:
        sizes = "{0.width} x {0.height}".format(capture.photographs[chosen[0]].lens)
        tries.insert(0, f"use larger photographs than {sizes} pixels, or take them from nearer")
    if len(capture.photographs) < ENOUGH or widest_gap_deg(capture, placement, chosen) > WIDEST_GAP_DEG:
        tries.append(
            f"take more than {len(capture.photographs)} photographs, better about 25, evenly around the objects"
        )
    tries.append("give the height of the floor with --floor, if the floor is not below the objects in from-above.png")
    return tries


def widest_gap_deg(capture: Capture, placement: Placement, chosen: list[int]) -> float:
    """The largest angle around the objects without one of the chosen photographs."""
    eyes = scene_eyes(capture, placement)[chosen]
    azimuths = np.sort(np.arctan2(eyes[:, 1], eyes[:, 0]))
    return float(np.degrees(np.diff(np.append(azimuths, azimuths[0] + 2 * np.pi)).max()))


def fineness(capture: Capture, placement: Placement, chosen: list[int], pixels: int) -> float:
    """Resolution of the photographs relative to the model's pictures, along a side; the median of the chosen photographs."""
    eyes = scene_eyes(capture, placement)
    wanted = [aimed_camera(eyes[i], placement.outline, pixels).K[0, 0] for i in chosen]
    return float(
        np.median([capture.photographs[i].lens.K[0, 0] / focal for i, focal in zip(chosen, wanted, strict=True)])
    )


def object_px(capture: Capture, placement: Placement, chosen: list[int]) -> float:
    """Pixels that the largest side of an object spans in the photographs; the median of the chosen photographs."""
    away = np.linalg.norm(scene_eyes(capture, placement)[chosen], axis=1)
    focal = np.array([capture.photographs[i].lens.K[0, 0] for i in chosen])
    return float(np.median(OBJECT_M * focal / away))
