"""Figure 4: the pixels of the objects of a scene, coloured by the corresponding point on the shape after registration."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from odd_bench.atomic import write_atomically
from odd_bench.data.batch import SceneBatch
from odd_bench.data.dataset import TestScenes
from odd_bench.data.folder import read_description
from odd_bench.detector.comparison.aligned_references import owners, seen_places
from odd_bench.detector.comparison.consensus import agreed_shapes
from odd_bench.detector.comparison.registered import Registered, RegisteredComparison
from odd_bench.detector.object_pixels import shown_objects
from odd_bench.detector.volumes import Volumes
from odd_bench.errors import WrongUse
from odd_bench.reproduce.predicted import Source

SHOWN = 3  # views side by side
LEAST_SIDE = 320  # pixels of a view in the picture
GAP = 6
TITLE = "Correspondences"
EXTREMES = (0.02, 0.98)  # quantiles of the points between which the colours span
DARKEST, BRIGHTEST = 0.08, 1.0
GREY = 0.35  # brightness of pixels that belong to no object
LABEL = 14  # pixels above the views


@dataclass(frozen=True)
class Laid:
    """A scene with registered objects. found: result of the registration. boxes: (n, 6). accuracy: PCK, NaN if unknown."""

    batch: SceneBatch
    volumes: Volumes
    boxes: np.ndarray
    found: Registered
    accuracy: float


def correspondences_figure(source: Source, folder: Path, scene: str | None = None) -> tuple[str, list[Path]]:
    """Write the picture and its caption. scene: by name, None for the first. Returns the caption and the files, the page first."""
    compare = registered_comparison(source)
    laid = laid_scene(source, compare, chosen_scene(source, scene))
    name = laid.batch.names[0]
    picture = folder / f"{name}.png"
    content = io.BytesIO()
    views = spread_few(len(laid.batch.views[0]))
    drawn(laid, views).save(content, format="PNG")
    write_atomically(picture, content.getvalue())
    text = caption(source, laid, views, picture)
    page = picture.with_suffix(".md")
    write_atomically(page, text.encode())
    return text, [page, picture]


def registered_comparison(source: Source) -> RegisteredComparison:
    """The comparison of the weights. Raises WrongUse if it does not register objects."""
    weights = source.weights
    compare = getattr(weights.run.method, "compare", None)
    if isinstance(compare, RegisteredComparison):
        return compare
    kind = getattr(getattr(weights.run.config.model, "attention", None), "kind", "none")
    found = weights.run.spec.name if compare is None else f"{weights.run.spec.name} with model.attention.kind={kind}"
    raise WrongUse(
        f"{weights.option} {weights.where}: found {found}, which does not register objects; expected relations or aligned. "
        "Give such weights, for example --weights both"
    )


def chosen_scene(source: Source, scene: str | None) -> str:
    """The named scene, or the first. Raises WrongUse if the split has no scene of this name."""
    names = source.dataset.scene_names(source.split)
    if scene is not None and scene not in names:
        raise WrongUse(
            f"--scene: found {scene!r}; expected one of the {len(names):,} scenes of {source.split}, for example {names[0]}"
        )
    return scene or names[0]


@torch.no_grad()
def laid_scene(source: Source, compare: RegisteredComparison, scene: str) -> Laid:
    """The scene as in `predict`, with registered objects. Raises WrongUse if fewer than two objects are found."""
    run = source.weights.run
    device = "cuda" if torch.cuda.is_available() else "cpu"
    method = run.method.to(device)
    batch = TestScenes(source.dataset, [scene], run.config.train.views, run.config.train.pixels)[0].to(device)
    volumes = method.reconstruct(batch)
    boxes = compare.boxes(volumes, 0)
    if len(boxes) < 2:
        found = f"{len(boxes)} object{'s' * (len(boxes) != 1)}"
        raise WrongUse(f"{scene}: found {found}; expected at least two to register. Name another scene with --scene")
    return Laid(batch, volumes, boxes, compare.registered(volumes, 0, boxes), compare.accuracy(volumes, 0))


def spread_few(views: int) -> list[int]:
    """The indices of up to SHOWN views, evenly spread."""
    count = min(SHOWN, views)
    return [int(i * views / count) for i in range(count)]


@torch.no_grad()
def placed_pixels(laid: Laid) -> tuple[Tensor, Tensor]:
    """(v, h, w) bool, the pixels of objects, and (v, h, w, 3), the point that each shows, in the cube of the least
    suspicious object."""
    batch, hulls, placements = laid.batch, laid.found.hulls, laid.found.placements
    views, masks = (batch.K[0], batch.camera_from_world[0]), laid.volumes.masks[0]
    owned = owners(shown_objects(hulls, masks.shape[1:], *views), masks)
    view, row, column = (owned >= 0).nonzero(as_tuple=True)
    owner = owned[view, row, column]
    pixels = torch.stack([column + 0.5, row + 0.5], dim=-1)
    seen = seen_places(view, owner, pixels, hulls, agreed_shapes(hulls, placements), *views)
    usual = int(laid.found.logits.argmin())
    rotation, shift = placements.rotation[owner, usual], placements.shift[owner, usual]  # (k, 3, 3), (k, 3)
    places = owned.new_zeros(*owned.shape, 3, dtype=seen.position.dtype)
    places[view, row, column] = (rotation @ seen.position[..., None])[..., 0] + shift
    return owned >= 0, places


def place_colors(shown: Tensor, places: Tensor) -> Tensor:
    """(v, h, w, 3) in [0, 1]: x, y and z of the points as red, green and blue, over the range of the shown pixels (v, h, w)."""
    known = places[shown]
    low, high = (known.quantile(known.new_tensor(share), dim=0) for share in EXTREMES)
    share = ((places - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
    return DARKEST + (BRIGHTEST - DARKEST) * share


def drawn(laid: Laid, views: list[int]) -> Image.Image:
    """The views side by side: pictures above, and below them the coloured objects on grey."""
    shown, places = placed_pixels(laid)
    photographs = laid.batch.images[0].permute(0, 2, 3, 1).float() / 255  # (v, h, w, 3)
    grey = GREY * photographs.mean(dim=-1, keepdim=True).expand_as(photographs)
    colored = torch.where(shown[..., None], place_colors(shown, places), grey)
    factor = -(-LEAST_SIDE // photographs.shape[1])
    height, width = (factor * side for side in photographs.shape[1:3])
    canvas = Image.new("RGB", (len(views) * (width + GAP) - GAP, LABEL + 2 * height + GAP), "white")
    for place, view in enumerate(views):
        left = place * (width + GAP)
        ImageDraw.Draw(canvas).text((left, 1), f"view {laid.batch.views[0][view]}", fill="black")
        for top, picture in ((LABEL, photographs[view]), (LABEL + height + GAP, colored[view])):
            pixels = (255 * picture).round().byte().cpu().numpy()
            large = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)
            canvas.paste(large, (left, top))
    return canvas


def caption(source: Source, laid: Laid, views: list[int], picture: Path) -> str:
    """The page: what the picture shows, and how accurate the correspondences are."""
    batch, name = laid.batch, read_description(source.data).name
    numbers = ", ".join(str(batch.views[0][view]) for view in views)
    right = "" if np.isnan(laid.accuracy) else (
        f" {laid.accuracy:.0%} of the points of true objects are registered within a tenth of the diagonal of their true position "
        "(PCK; for a symmetric shape, only one pose counts as correct)."
    )  # fmt: skip
    below = (
        f"{name}, {source.split}, scene {batch.names[0]}, weights {source.weights.name}: {len(laid.boxes)} objects found in "
        f"{len(batch.views[0])} views, of which {numbers} are shown. The upper row shows the pictures. In the lower row, "
        "every pixel of an object has the colour of the point on the shape that it shows, after all objects are registered to the "
        "least suspicious one: equal colours mark corresponding points. Red, green and blue are the three coordinates of a point."
        f"{right}"
    )
    return f"# {TITLE}\n\n{below}\n\n![{TITLE}]({picture.name})\n"
