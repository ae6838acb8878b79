"""Turned bodies: smooth profiles for a lathe, cavities, and parts that are fixed to a round wall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odd_bench.shapes.sdf import Field, chain, extrude, grown, half_space, intersection, lathe, placed
from odd_bench.shapes.toys.curves import smooth_path

Profile = Sequence[tuple[float, float]]  # (radius, z) from the bottom to the top


def curve(points: Profile, per_span: int = 5) -> list[tuple[float, float]]:
    """A smooth profile through the given points, with `per_span` points from one to the next."""
    return [(max(float(r), 0.0), float(z)) for r, z in smooth_path(points, per_span * (len(points) - 1) + 1)]


def solid(profile: Profile, rounding: float = 0.0) -> Field:
    """The solid of revolution of a profile, closed by flat ends."""
    return lathe([(0.0, profile[0][1]), *profile, (0.0, profile[-1][1])], rounding)


def cavity(profile: Profile, wall: float, floor: float, above: float = 0.5) -> Field:
    """The space inside a vessel with that outer profile: narrower by `wall`, from height `floor` to `above` over the rim."""
    inner = [(r - wall, z) for r, z in profile if z > floor and r - wall > 0.02]
    low = max(float(np.interp(floor, [z for _, z in profile], [r for r, _ in profile])) - wall, 0.02)
    return lathe(
        [(0.0, floor), (0.8 * low, floor), *inner, (inner[-1][0], inner[-1][1] + above), (0.0, inner[-1][1] + above)]
    )


def filling(room: Field, level: float) -> Field:
    """The filling of a cavity up to a level; it reaches slightly into the wall."""
    return intersection(grown(room, 0.03), half_space((0, 0, level), (0, 0, 1)))


def radius_at(profile: Profile, z: float) -> float:
    """The radius of a profile at height z; the heights of the profile must ascend."""
    return float(np.interp(z, [p[1] for p in profile], [p[0] for p in profile]))


def loop_handle(
    profile: Profile, low: float, high: float, reach: float, thickness: float, square: float = 1.0, lift: float = 0.0
) -> Field:
    """A handle on the -y side from height `low` to `high`. A `square` below 1 makes it boxy; `lift` raises its outer middle."""
    t = np.linspace(-np.pi / 2, np.pi / 2, 17)
    out = np.abs(np.cos(t)) ** square
    z = (low + high) / 2 + (high - low) / 2 * np.sign(np.sin(t)) * np.abs(np.sin(t)) ** square + lift * out
    wall = np.array([radius_at(profile, min(max(h, low), high)) for h in z]) - 0.02
    points = np.stack([0 * t, -(1 - out) * wall - out * (wall.max() + reach), z], axis=1)
    return chain(points, [thickness * (1.25 - 0.25 * o) for o in out])


def on_wall(field: Field, azimuth_deg: float, radius: float, height: float) -> Field:
    """A flat motif (in the x-y plane, thick along z around 0) turned upright and placed on a round wall, facing outwards."""
    a = np.radians(azimuth_deg)
    out, side = np.array([np.cos(a), np.sin(a), 0]), np.array([-np.sin(a), np.cos(a), 0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack([side, [0, 0, 1], out], axis=1)
    pose[:3, 3] = radius * out + [0, 0, height]
    return placed(field, pose)


def relief(
    wall: Field, motif: Sequence[tuple[float, float]], azimuth_deg: float, radius: float, height: float, proud: float
) -> Field:
    """A polygon (k, 2) raised by `proud` above a wall that is about `radius` away from the axis."""
    return intersection(grown(wall, proud), on_wall(extrude(motif, -0.15, 0.2), azimuth_deg, radius, height))
