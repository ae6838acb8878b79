"""Rendering: compositing in closed form, an analytic box, and features through fixed weights."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.blocks.volume_rendering import (
    RenderConfig,
    composite_weights,
    feature_weights,
    pixel_rays,
    ray_samples,
    render,
    step_alpha,
    trilinear_taps,
)
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.geometry.boxes import box_corners
from odd_bench.geometry.cameras import project
from tests.detector.worlds import ring_cameras, stacked

GRID = VoxelGrid((32, 32, 16), 0.03, (-0.48, -0.48, 0.0))
CONFIG = RenderConfig(samples=96, pixels=32, feature_pixels=16)
alphas = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def rays(pixels=32, views=3, image=64):
    K, camera_from_world = stacked(ring_cameras(views, image))
    return pixel_rays(K, camera_from_world, (image, image), pixels)


@given(alphas)
def test_compositing_equals_its_closed_form(values):
    alpha = torch.tensor(values, dtype=torch.float64)
    expected = [values[i] * np.prod([1 - a for a in values[:i]]) for i in range(len(values))]
    weights = composite_weights(alpha)
    assert np.allclose(weights.numpy(), expected, atol=1e-12)
    assert np.isclose(weights.sum().item(), 1 - np.prod([1 - a for a in values]), atol=1e-12)


@given(st.floats(0, 0.999), st.integers(1, 20))
def test_a_voxel_is_as_opaque_in_many_steps_as_in_one(alpha, steps):
    small = step_alpha(torch.full((steps,), alpha, dtype=torch.float64), torch.tensor(1 / steps, dtype=torch.float64))
    assert np.isclose(composite_weights(small).sum().item(), alpha, atol=1e-9)


def test_rays_pass_through_their_pixels():
    cameras = ring_cameras(2, 64)
    found = rays(pixels=32, views=2)
    for view, camera in enumerate(cameras):
        points = found.origins[view] + 1.3 * found.directions[view]
        pixels, depth = project(camera, points.numpy())
        centres = (np.arange(32) + 0.5) * 2
        assert np.allclose(pixels.reshape(32, 32, 2)[..., 0], centres[None], atol=1e-3)
        assert np.allclose(pixels.reshape(32, 32, 2)[..., 1], centres[:, None], atol=1e-3)
        assert np.allclose(depth, 1.3, atol=1e-5)


def test_samples_stay_in_the_grid_and_rays_that_miss_it_are_empty():
    points, steps = ray_samples(rays(), GRID, CONFIG)
    hit = steps > 0
    low = torch.tensor(GRID.low_m)
    inside = (points >= low - 1e-4) & (points <= low + torch.tensor(GRID.size_m) + 1e-4)
    assert hit.any() and not hit.all()
    assert inside[hit].all()
    color, mask = render(torch.ones(4, *GRID.shape_zyx), rays(), GRID, CONFIG)
    assert (mask[~hit] == 0).all() and (color[~hit] == 0).all()
    assert (mask[hit & (steps > 0.1)] > 0.99).all()


def test_an_opaque_box_renders_as_its_silhouette():
    box = np.array([0.0, 0.03, 0.18, 0.36, 0.24, 0.24])  # its faces lie on voxel borders
    centres = GRID.centres().numpy()
    inside = (np.abs(centres - box[:3]) < box[3:] / 2).all(axis=-1)
    color_alpha = torch.cat([torch.full((3, *GRID.shape_zyx), 0.5), torch.from_numpy(inside)[None].float()])
    _, mask = render(color_alpha, rays(pixels=64), GRID, RenderConfig(samples=192))
    for view, camera in enumerate(ring_cameras(3, 64)):
        corners, _ = project(camera, box_corners(box))
        expected = inside_hull(corners, 64)
        found = mask[view].reshape(64, 64).numpy() > 0.5
        border = band(expected)  # half a voxel is 0.5 to 1 pixel here
        assert (found == expected)[~border].all()
        assert (found & expected).sum() / (found | expected).sum() > 0.9


def test_gradients_reach_colour_and_alpha():
    volume = torch.full((4, *GRID.shape_zyx), 0.1, requires_grad=True)
    color, mask = render(volume, rays(), GRID, CONFIG)
    (color.sum() + mask.sum()).backward()
    assert torch.isfinite(volume.grad).all()
    assert (volume.grad[:3] > 0).any() and (volume.grad[3] != 0).any()


def test_features_through_fixed_weights_equal_dense_rendering():
    alpha, field = torch.rand(GRID.shape_zyx) * 0.3, torch.randn(5, *GRID.shape_zyx)
    found = rays(pixels=12)
    chosen = torch.rand(3, 144) < 0.5
    weights = feature_weights(alpha, found, chosen, GRID, CONFIG)
    sparse = weights.render(field.flatten(1).T[weights.voxels])
    points, steps = ray_samples(found, GRID, CONFIG)
    flat = points.reshape(1, -1, 3)
    opacity = GRID.sample(alpha[None, None], flat).reshape(points.shape[:3])
    shares = composite_weights(step_alpha(opacity, steps))
    values = GRID.sample(field[None], flat).reshape(*points.shape[:3], 5)
    dense = (shares[..., None] * values).sum(dim=-2)[chosen]
    assert (sparse - dense).abs().max() < 0.05  # the sum of the smallest contributions
    assert not weights.matrix.requires_grad


def test_eight_taps_interpolate_like_sampling():
    field = torch.randn(1, 1, *GRID.shape_zyx)
    points = torch.rand(300, 3) * 1.2 - torch.tensor([0.6, 0.6, 0.1])  # some lie outside
    voxels, shares = trilinear_taps(GRID, points)
    found = (field.flatten()[voxels] * shares).sum(dim=-1)
    assert torch.allclose(found, GRID.sample(field, points[None])[0, :, 0], atol=1e-5)


def inside_hull(corners: np.ndarray, pixels: int) -> np.ndarray:
    """(pixels, pixels) bool: pixel centres inside the convex hull of (n, 2) points."""
    from scipy.spatial import Delaunay

    u, v = np.meshgrid(np.arange(pixels) + 0.5, np.arange(pixels) + 0.5)
    return (Delaunay(corners).find_simplex(np.stack([u, v], axis=-1).reshape(-1, 2)) >= 0).reshape(pixels, pixels)


def band(mask: np.ndarray) -> np.ndarray:
    """The pixels within two pixels of a border of the mask."""
    from scipy.ndimage import binary_dilation, binary_erosion

    return binary_dilation(mask, iterations=2) & ~binary_erosion(mask, iterations=2)
