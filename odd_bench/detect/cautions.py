"""What may spoil a detection, in sentences, and what to try where nothing was found."""

from __future__ import annotations

import numpy as np

from odd_bench.captures.capture import Capture
from odd_bench.captures.placing import Placement
from odd_bench.captures.views import aimed_camera, scene_eyes, shown_share
from odd_bench.view.suspicion import Found

WIDEST_GAP_DEG = 150.0  # of the turn around the objects, without a photograph
LEAST_SHOWN = 0.9  # of the objects, in a photograph that counts as whole
LEAST_FINENESS = (
    0.6  # pixels of a photograph for one of the model's: pictures of 128 pixels for a model of 192 still do
)
ENOUGH = 12  # photographs: with fewer, more of them are worth a try
OBJECT_M = 0.32  # largest side of an object once the scene is placed


def cautions(
    capture: Capture, placement: Placement, chosen: list[int], wanted: int, found: Found, pixels: int
) -> list[str]:
    """Sentences about what may spoil the result. chosen: of the photographs. wanted: how many the model asks for.

    pixels: side of the model's pictures.
    """
    said = []
    if len(chosen) < wanted:
        said.append(f"{len(chosen)} photographs for a model of {wanted} views")
    gap = widest_gap_deg(capture, placement, chosen)
    if gap > WIDEST_GAP_DEG:
        said.append(f"photographs from one side alone: none within {gap:.0f} degrees of the turn")
    cut = [capture.photographs[i].name for i in chosen if shown_share(capture, placement, i) < LEAST_SHOWN]
    if cut:
        said.append(f"objects are cut off in {', '.join(cut)}")
    fine = fineness(capture, placement, chosen, pixels)
    if fine < LEAST_FINENESS:
        wide = object_px(capture, placement, chosen)
        said.append(
            f"objects are small in the photographs, about {wide:.0f} pixels, and the model looks at {wide / fine:.0f}: "
            "use larger photographs, or take them from nearer"
        )
    clusters = len(placement.plan.clusters.inside(placement.region))
    if clusters and len(found) != clusters:
        said.append(f"objects that the model found: {len(found)}; that stand out from the floor: {clusters}")
    return said


def advice(capture: Capture, placement: Placement, chosen: list[int], found: Found, pixels: int) -> list[str]:
    """What to try where no object was found, the likeliest cause first; nothing where one was."""
    if len(found):
        return []
    region = ",".join(f"{value:.3g}" for value in placement.region)
    tries = [
        f"frame the objects and little else: --region, here {region}, in the units of from-above.png",
        f"say how large an object is, here {OBJECT_M / placement.scale:.3g} units of the capture: --object-size-m "
        "in metres, with --scale, metres per unit",
    ]
    if fineness(capture, placement, chosen, pixels) < LEAST_FINENESS:
        sizes = "{0.width} x {0.height}".format(capture.photographs[chosen[0]].lens)
        tries.insert(0, f"use larger photographs than {sizes} pixels, or take them from nearer")
    if len(capture.photographs) < ENOUGH or widest_gap_deg(capture, placement, chosen) > WIDEST_GAP_DEG:
        tries.append(f"take more than {len(capture.photographs)} photographs, best about 25, evenly around the objects")
    tries.append("say where the floor is, if it lies elsewhere in from-above.png than below the objects: --floor")
    return tries


def widest_gap_deg(capture: Capture, placement: Placement, chosen: list[int]) -> float:
    """The widest part of the turn around the objects without one of the chosen photographs."""
    eyes = scene_eyes(capture, placement)[chosen]
    azimuths = np.sort(np.arctan2(eyes[:, 1], eyes[:, 0]))
    return float(np.degrees(np.diff(np.append(azimuths, azimuths[0] + 2 * np.pi)).max()))


def fineness(capture: Capture, placement: Placement, chosen: list[int], pixels: int) -> float:
    """Pixels that the photographs have for one of the model's pictures, along a side, median of the chosen."""
    eyes = scene_eyes(capture, placement)
    wanted = [aimed_camera(eyes[i], placement.outline, pixels).K[0, 0] for i in chosen]
    return float(
        np.median([capture.photographs[i].lens.K[0, 0] / focal for i, focal in zip(chosen, wanted, strict=True)])
    )


def object_px(capture: Capture, placement: Placement, chosen: list[int]) -> float:
    """How many pixels of the photographs the largest side of an object spans, median of the chosen."""
    away = np.linalg.norm(scene_eyes(capture, placement)[chosen], axis=1)
    focal = np.array([capture.photographs[i].lens.K[0, 0] for i in chosen])
    return float(np.median(OBJECT_M * focal / away))
