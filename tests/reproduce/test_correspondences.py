"""The colour of a pixel encodes the place that lies behind it, and equal places have equal colours."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from odd_bench.blocks.backprojection import project_points
from odd_bench.errors import WrongUse
from odd_bench.reproduce.figures.correspondences import (
    GAP,
    LABEL,
    Laid,
    chosen_scene,
    drawn,
    place_colors,
    placed_pixels,
    registered_comparison,
)
from tests.detector.test_pictures import detector, seen_by
from tests.detector.worlds import noise_batch
from tests.reproduce.figure_worlds import World, write_scenes


@pytest.fixture(scope="module")
def laid() -> Laid:
    torch.manual_seed(0)
    model, batch = detector("relations"), noise_batch(1, objects=3, pixels=48)
    with torch.no_grad():
        volumes = seen_by(model, batch)
        boxes = batch.boxes[0].numpy()
        return Laid(batch, volumes, boxes, model.compare.registered(volumes, 0, boxes), float("nan"))


def test_the_place_that_a_pixel_shows_lies_behind_it(laid):
    """It is carried back from the least suspected object to the cube of each object, and from there into the picture."""
    shown, places = placed_pixels(laid)
    assert shown.any()
    found, usual = laid.found, int(laid.found.logits.argmin())
    batch, reached = laid.batch, torch.full(shown.shape, torch.inf)
    for owner in range(len(found.hulls)):
        rotation, shift = found.placements.rotation[owner, usual], found.placements.shift[owner, usual]
        own = (places - shift) @ rotation  # a rotation is inverted by its transpose
        world = found.hulls.centres[owner] + found.hulls.half_m * own
        for view in range(len(shown)):
            pixels, _ = project_points(batch.K[0, view], batch.camera_from_world[0, view], world[view].flatten(0, 1))
            rows, columns = torch.meshgrid(*(torch.arange(side) + 0.5 for side in shown.shape[1:]), indexing="ij")
            away = (
                (pixels - torch.stack([columns, rows], dim=-1).flatten(0, 1)).norm(dim=-1).unflatten(0, shown.shape[1:])
            )
            reached[view] = torch.minimum(reached[view], away)
    assert reached[shown].max() < 0.05


def test_equal_places_have_equal_colors_and_colors_span_the_places():
    places = torch.rand(1, 8, 8, 3) * 2 - 1
    places[0, 0, 0] = places[0, 7, 7]
    shown = torch.ones(1, 8, 8, dtype=torch.bool)
    colors = place_colors(shown, places)
    assert (colors[0, 0, 0] == colors[0, 7, 7]).all() and colors.min() >= 0 and colors.max() <= 1
    order = places[0, ..., 0].flatten().argsort()
    assert (colors[0, ..., 0].flatten()[order].diff() >= 0).all() and colors[..., 0].std() > 0.1


def test_the_picture_has_photographs_above_and_colors_below(laid):
    picture = drawn(laid, [0, 2])
    side = 7 * 48  # the smallest sufficient multiple of the pictures' side
    assert picture.size == (2 * side + GAP, LABEL + 2 * side + GAP)
    seen = torch.tensor(picture.getpixel((3, LABEL + 3)))
    assert (seen == laid.batch.images[0, 0, :, 0, 0]).all()


def test_weights_without_registration_and_missing_scenes_are_refused(tmp_path):
    source = World(write_scenes(tmp_path, (3,))).source()
    with pytest.raises(
        WrongUse, match="--weights known: found knowing, which does not register objects; expected relations or"
    ):
        registered_comparison(source)
    model = SimpleNamespace(attention=SimpleNamespace(kind="sparse"))
    run = replace(source.weights.run, method=detector("sparse"), config=SimpleNamespace(model=model))
    with pytest.raises(WrongUse, match=r"with model\.attention\.kind=sparse, which does not register objects"):
        registered_comparison(replace(source, weights=replace(source.weights, run=run)))
    assert registered_comparison(
        replace(source, weights=replace(source.weights, run=replace(run, method=detector("relations"))))
    )
    with pytest.raises(
        WrongUse, match="--scene: found 'toys-none'; expected one of the 1 scenes of test-seen, for example toys-banana"
    ):
        chosen_scene(source, "toys-none")
    assert chosen_scene(source, None) == source.dataset.scene_names("test-seen")[0]
