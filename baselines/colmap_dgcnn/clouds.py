"""Clouds of different sizes to what the network reads: as many points each, in a frame of their own."""

from __future__ import annotations

import numpy as np


def sampled(cloud: np.ndarray, count: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """(p, 3) to (count, 3) points: drawn by `rng`, or else evenly spread over the order of the cloud; repeated if too few."""
    if rng is None:
        return cloud[np.arange(count) * len(cloud) // count]
    return cloud[rng.choice(len(cloud), count, replace=len(cloud) < count)]


def centred(clouds: list[np.ndarray]) -> np.ndarray:
    """n clouds (count, 3) of one scene, each about its own centre, in units of the scene's median radius: (n, count, 3) float32.

    Radius is the root mean square distance from the centre. One unit a scene keeps differences of size between its objects.
    """
    stacked = np.stack(clouds).astype(float)
    stacked -= stacked.mean(axis=1, keepdims=True)
    radii = np.sqrt((stacked**2).sum(axis=2).mean(axis=1))
    return (stacked / max(float(np.median(radii)), 1e-9)).astype(np.float32)


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """(3, 3) a rotation drawn evenly from all, from a random unit quaternion (Shoemake, 1992)."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def turned(clouds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, count, 3) clouds, each turned at random about its centre: how an object lies says nothing about it."""
    return np.stack([cloud @ random_rotation(rng).T for cloud in clouds]).astype(np.float32)
