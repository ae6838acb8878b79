"""Preparing clouds for the network: the same number of points in each, in a normalised frame."""

from __future__ import annotations

import numpy as np


def sampled(cloud: np.ndarray, count: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Sample (count, 3) points of a cloud (p, 3): at random with `rng`, else evenly along its order. Points repeat if p < count."""
    if rng is None:
        return cloud[np.arange(count) * len(cloud) // count]
    return cloud[rng.choice(len(cloud), count, replace=len(cloud) < count)]


def centred(clouds: list[np.ndarray]) -> np.ndarray:
    """The n clouds (count, 3) of a scene as (n, count, 3) float32, each centred, in units of the median radius in the scene.

    The radius is the root mean square distance from the centre. One unit per scene preserves differences in size between objects.
    """
    stacked = np.stack(clouds).astype(float)
    stacked -= stacked.mean(axis=1, keepdims=True)
    radii = np.sqrt((stacked**2).sum(axis=2).mean(axis=1))
    return (stacked / max(float(np.median(radii)), 1e-9)).astype(np.float32)


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """A uniformly distributed rotation (3, 3), computed from a random unit quaternion (Shoemake, 1992)."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def turned(clouds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Clouds (n, count, 3), each rotated at random about the origin: the pose of an object does not matter."""
    return np.stack([cloud @ random_rotation(rng).T for cloud in clouds]).astype(np.float32)
