"""Trunks and limbs of toys that sit upright like a teddy bear or crouch like a mouse. They face +x, on the floor z = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.shapes.poses import Vector
from odd_bench.shapes.sdf import capsule, chain, ellipsoid, placed, smooth_union, sphere
from odd_bench.shapes.toys.anatomy import pose_at
from odd_bench.shapes.toys.quadruped import Figure, Leg

ARMS = {
    "down": (0.34, 0.6, 0.42),
    "lap": (0.5, 0.26, 0.42),
    "up": (0.12, 0.82, 1.18),
    "wave": (0.3, 0.85, 0.95),
}  # positions of the left hand


@dataclass(frozen=True)
class Teddy:
    """The measures of a sitting figure, in design units.

    belly, chest: radii of the trunk at its bottom and its top. tall: height of the chest. arm, leg: radii. reach: how far the feet
    lie in front of the trunk. spread_deg: angle of each leg to its side. foot: size of the soles. left_hand, right_hand: positions
    of the hands, both given as for the left one, as in ARMS.
    """

    belly: float
    chest: float
    tall: float
    arm: float
    leg: float
    reach: float
    spread_deg: float
    foot: float
    left_hand: Vector
    right_hand: Vector


def seated(build: Teddy) -> Figure:
    """A sitting figure with its legs stretched forwards. Its limbs are arm_left, arm_right, leg_left and leg_right."""
    trunk = chain([(0, 0, 0.95 * build.belly), (0, 0, build.tall)], [build.belly, build.chest])
    limbs = []
    for name, side, hand in (("left", 1, build.left_hand), ("right", -1, build.right_hand)):
        shoulder = np.array([0.02, side * 0.72 * build.chest, build.tall + 0.1 * build.chest])
        palm = np.array([hand[0], side * hand[1], hand[2]])
        elbow = (shoulder + palm) / 2 + [-0.05, side * 0.1, -0.04]
        arm = chain([shoulder, elbow, palm], [1.1 * build.arm, build.arm, 0.95 * build.arm])
        limbs.append(Leg(f"arm_{name}", arm, sphere(palm, 1.08 * build.arm)))
    for name, side in (("left", 1), ("right", -1)):
        turn = pose_at((0.1, side * 0.5 * build.belly, 0), 0, side * build.spread_deg)
        leg = capsule((0, 0, 1.25 * build.leg), (build.reach, 0, 1.02 * build.leg), 1.25 * build.leg, build.leg)
        sole = ellipsoid((build.reach + 0.07, 0, 0.95 * build.foot), (0.55 * build.foot, 0.8 * build.foot, build.foot))
        limbs.append(Leg(f"leg_{name}", placed(leg, turn), placed(sole, turn)))
    head = np.array([0.02, 0, build.tall + 0.8 * build.chest])
    return Figure(trunk, tuple(limbs), head, np.array([-0.92 * build.belly, 0, 0.55 * build.belly]))


def soles(build: Teddy, size: float = 0.55) -> list:
    """Fields that mark a round pad on each sole. size: of the pad, as a fraction of the sole."""
    pads = []
    for side in (1, -1):
        turn = pose_at((0.1, side * 0.5 * build.belly, 0), 0, side * build.spread_deg)
        at = (build.reach + 0.1 + 0.55 * build.foot, 0, 0.95 * build.foot)
        pads.append(placed(ellipsoid(at, (0.12, size * 0.8 * build.foot, size * build.foot)), turn))
    return pads


@dataclass(frozen=True)
class Loaf:
    """The measures of a crouching animal, in design units: radii of rump, shoulders and paws, trunk length, size of the feet."""

    rump: float
    shoulder: float
    length: float
    paw: float
    foot: float


def crouched(build: Loaf) -> Figure:
    """An egg-shaped trunk on folded legs. Its limbs are leg_front_left ... leg_rear_right."""
    back, front = (
        np.array([-build.length / 2, 0, 0.95 * build.rump]),
        np.array([build.length / 2, 0, 1.05 * build.shoulder]),
    )
    limbs = []
    for name, side in (("left", 1), ("right", -1)):
        hand = front * [1, 1, 0] + [0.55 * build.shoulder, side * 0.5 * build.shoulder, build.paw]
        arm = capsule(front + np.multiply(build.shoulder, (0, 0.55 * side, -0.2)), hand, 1.5 * build.paw, build.paw)
        palm = ellipsoid(hand + [0.04, 0, -0.1 * build.paw], np.multiply(build.paw, (1.5, 1.1, 0.9)))
        limbs.append(Leg(f"leg_front_{name}", arm, palm))
    for name, side in (("left", 1), ("right", -1)):
        hip = back + np.multiply(build.rump, (0.25, 0.62 * side, -0.3))
        haunch = ellipsoid(hip, np.multiply(build.rump, (0.7, 0.42, 0.62)))
        sole = back * [1, 1, 0] + [0.75 * build.rump, side * 0.82 * build.rump, 0.5 * build.foot]
        limbs.append(Leg(f"leg_rear_{name}", haunch, ellipsoid(sole, np.multiply(build.foot, (1.5, 0.7, 0.52)))))
    trunk = smooth_union(0.15, capsule(back, front, build.rump, build.shoulder))
    rump = back + build.rump * np.array([-0.9, 0, 0.1])
    return Figure(trunk, tuple(limbs), front + build.shoulder * np.array([0.55, 0, 0.65]), rump)
