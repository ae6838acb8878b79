"""Where the pixels of one object lie on the other objects."""

from __future__ import annotations

import torch

from odd_bench.detector.comparison.aligned_references import (
    crops_around,
    owners,
    references,
    seen_places,
    silhouettes_of,
    values_at,
)
from odd_bench.detector.comparison.consensus import agreed_shapes
from odd_bench.detector.hulls import at, signed_pixels
from odd_bench.detector.object_pixels import shown_objects
from tests.detector.aligned.scenes import Staged, staged
from tests.detector.shapes import boxes_of


def looked_at(scene: Staged):
    """The places that every third pixel of the objects shows, the owners of the pixels (v, h, w), and the pixels (k, 2)."""
    owned = owners(shown_objects(scene.hulls, tuple(scene.masks.shape[1:]), *scene.views), scene.masks)
    view, row, column = (owned >= 0).nonzero(as_tuple=True)
    view, row, column = view[::3], row[::3], column[::3]
    pixels = torch.stack([column, row], dim=-1) + 0.5
    agreed = agreed_shapes(scene.hulls, scene.placements)
    return seen_places(view, owned[view, row, column], pixels, scene.hulls, agreed, *scene.views), owned, pixels


def test_pixels_belong_to_the_object_that_they_show():
    scene = staged()
    owned = owners(shown_objects(scene.hulls, tuple(scene.masks.shape[1:]), *scene.views), scene.masks)
    true = scene.instance.long() - 1
    assert ((owned >= 0) == scene.masks).float().mean() > 0.995
    both = (owned >= 0) & scene.masks
    assert (owned == true)[both].float().mean() > 0.97


def test_a_place_lies_on_the_surface_and_on_its_ray():
    scene = staged()
    seen, _, _ = looked_at(scene)
    cell = 2 / scene.hulls.signed.shape[1]
    depth = torch.cat(
        [at(scene.hulls.signed[n : n + 1], seen.position[seen.owner == n][None])[0] for n in range(len(scene.hulls))]
    )
    assert (depth.abs() < cell).float().mean() > 0.9
    assert torch.allclose(seen.direction.norm(dim=-1), torch.ones(len(seen.direction)), atol=1e-5)


def test_references_show_the_same_place_of_another_object():
    scene = staged()
    seen, owned, _ = looked_at(scene)
    found = references(seen, scene.hulls, scene.placements, owned, signed_pixels(scene.masks), *scene.views)
    assert (found.other != seen.owner[found.pixel]).all() and (found.cosine <= 1 + 1e-5).all()
    column, row = found.spot.floor().long().unbind(-1)
    assert (owned[found.view, row, column] == found.other).all()
    placed = scene.placements.rotation[seen.owner[found.pixel], found.other] @ seen.position[found.pixel][..., None]
    placed = placed[..., 0] + scene.placements.shift[seen.owner[found.pixel], found.other]
    for number in range(len(scene.hulls)):  # with true placements, surfaces coincide
        mine = found.other == number
        assert at(scene.hulls.signed[number : number + 1], placed[mine][None])[0].abs().median() < 0.08


def test_values_are_read_in_their_own_view():
    maps = torch.arange(3.0)[:, None, None, None].expand(3, 2, 8, 8)
    view = torch.tensor([0, 1, 2, 1])
    edge = torch.tensor([[0.0, 0.0], [32.0, 32.0], [16.0, 0.1], [31.9, 31.9]])
    assert torch.allclose(values_at(maps, view, edge, (32, 32)), view[:, None].float().expand(-1, 2))


def test_values_are_interpolated_bilinearly():
    rows, columns = torch.meshgrid(torch.arange(16) + 0.5, torch.arange(16) + 0.5, indexing="ij")
    maps = torch.stack([rows, columns])[None].expand(2, -1, -1, -1)
    pixels = torch.rand(50, 2) * 12 + 2
    found = values_at(maps, torch.randint(2, (50,)), pixels, (16, 16))
    assert torch.allclose(found, pixels.flip(1), atol=1e-4)


def test_windows_contain_their_boxes_and_show_the_same_pixels():
    scene = staged()
    crops = crops_around(boxes_of(scene.solids), *scene.views, cells=24)
    positions = torch.stack(torch.meshgrid(torch.arange(128) + 0.5, torch.arange(128) + 0.5, indexing="ij"))
    cut = crops.cut(positions[None].expand(len(scene.cameras), -1, -1, -1))  # (v, n, 2, s, s), rows and columns
    inside = ((crops.pixels > 1) & (crops.pixels < 127)).all(dim=-1)
    assert torch.allclose(cut.permute(0, 1, 3, 4, 2).flip(-1)[inside], crops.pixels[inside], atol=1e-3)
    for number in range(4):
        shown = (scene.instance == number + 1).nonzero()
        low = crops.low[shown[:, 0], number]
        side = crops.side[shown[:, 0], number]
        pixel = shown[:, [2, 1]] + 0.5
        assert ((pixel >= low) & (pixel <= low + side[:, None])).all()


def test_shapes_are_seen_where_their_silhouettes_are():
    scene = staged()
    crops = crops_around(boxes_of(scene.solids), *scene.views, cells=32)
    dipped = silhouettes_of(scene.hulls.signed.flatten(1), scene.hulls, crops, *scene.views) > 0
    true = crops.cut((scene.instance > 0)[:, None].float(), "nearest")[:, :, 0] > 0
    alone = crops.cut(scene.instance[:, None].float(), "nearest")[:, :, 0]
    mine = alone == torch.arange(1, 5)[:, None, None]
    assert (dipped | ~mine).float().mean() > 0.98  # the hull covers what is seen of the object
    assert (true | ~dipped).float().mean() > 0.9  # and hardly anything else
