"""The trunk and legs of four-legged toys, standing or sitting like a dog. They face +x and stand on the floor z = 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Pattern
from odd_bench.shapes.poses import rotation_about
from odd_bench.shapes.sdf import Field, capsule, chain, ellipsoid, frustum, placed, scaled, smooth_union, sphere
from odd_bench.shapes.toy import Part


@dataclass(frozen=True)
class Build:
    """The measures of an animal, in design units.

    length: from hip to shoulder. height: of the spine above the floor. chest, hips, belly: radii of the trunk, seen from the side.
    width: ratio of the trunk's width to its height. sag: how far the belly hangs below the spine. leg: radius of the shank.
    thigh: radius of the upper leg. bend: how far knees and hocks deviate from a straight leg. stride_deg: angle by which the legs
    swing, alternately forwards and backwards. neck: length of the neck, from the shoulder. neck_deg: its angle above horizontal.
    neck_thick, neck_thin: its radii at the shoulder and at the head.
    """

    length: float
    height: float
    chest: float
    hips: float
    belly: float
    width: float = 0.9
    sag: float = 0.0
    leg: float = 0.11
    thigh: float = 0.2
    bend: float = 0.0
    stride_deg: float = 0.0
    neck: float = 0.4
    neck_deg: float = 50.0
    neck_thick: float = 0.25
    neck_thin: float = 0.18


@dataclass(frozen=True)
class Leg:
    """One limb. name: for example `leg_front_left`. limb, foot: fields that overlap."""

    name: str
    limb: Field
    foot: Field


@dataclass(frozen=True)
class Figure:
    """An animal without its head and tail. trunk: body and neck. head, rump: (3,) where the neck ends and the tail begins."""

    trunk: Field
    legs: tuple[Leg, ...]
    head: np.ndarray
    rump: np.ndarray

    def parts(self, coat: Pattern, feet: Pattern, material: Material) -> list[Part]:
        body = Part("body", self.trunk, coat, material)
        limbs = [
            part
            for leg in self.legs
            for part in (
                Part(leg.name, leg.limb, coat, material, blend=0.07, movable=True),
                Part(leg.name, leg.foot, feet, material, blend=0.02, movable=True),
            )
        ]
        return [body, *limbs]


Foot = Callable[[np.ndarray, float], Field]


def paw(ankle: np.ndarray, radius: float) -> Field:
    """A paw. ankle: (3,) the point on the floor below the shank. radius: of the shank. All feet take these arguments."""
    return ellipsoid(ankle + [0.4 * radius, 0, 0.65 * radius], (1.6 * radius, 1.25 * radius, 0.75 * radius))


def hoof(ankle: np.ndarray, radius: float) -> Field:
    return frustum(ankle, ankle + [-0.1 * radius, 0, 1.5 * radius], 1.35 * radius, 1.05 * radius, 0.02)


def pad(ankle: np.ndarray, radius: float) -> Field:
    return frustum(ankle, ankle + [0, 0, 1.2 * radius], 1.15 * radius, 1.0 * radius, 0.04)


def nails(build: Build, size: float = 0.065) -> list[Field]:
    """Balls of radius `size` that mark three nails on each foot of a standing animal."""
    balls = []
    for x, radius in ((build.length / 2, build.chest), (-build.length / 2, build.hips)):
        for side in (1, -1):
            y = side * (build.width * radius - 0.55 * build.thigh + 0.1 * build.leg)
            for angle in (-0.8, 0.0, 0.8):
                balls.append(
                    sphere((x + 1.15 * build.leg * np.cos(angle), y + 1.15 * build.leg * np.sin(angle), 0.0), size)
                )
    return balls


def standing(build: Build, foot: Foot) -> Figure:
    hip, shoulder = np.array([-build.length / 2, 0, build.height]), np.array([build.length / 2, 0, build.height])
    middle = (hip + shoulder) / 2 - [0, 0, build.sag]
    return _figure(build, hip, middle, shoulder, _standing_legs(build, foot))


def sitting(build: Build, foot: Foot, slope_deg: float = 50.0) -> Figure:
    """An animal that sits on its haunches with straight front legs; its back rises at `slope_deg`."""
    slope = np.radians(slope_deg)
    hip = np.array([-0.45 * build.length, 0, 0.92 * build.hips])
    shoulder = hip + build.length * np.array([np.cos(slope), 0, np.sin(slope)])
    middle = (hip + shoulder) / 2 + build.sag * np.array([np.sin(slope), 0, -np.cos(slope)])
    return _figure(build, hip, middle, shoulder, _sitting_legs(build, foot, hip, shoulder))


def _figure(build: Build, hip, middle, shoulder, legs: list[Leg]) -> Figure:
    angle = np.radians(build.neck_deg)
    direction = np.array([np.cos(angle), 0, np.sin(angle)])
    base = shoulder + 0.35 * build.chest * direction
    head = base + build.neck * direction
    trunk = smooth_union(
        0.2, capsule(hip, middle, build.hips, build.belly), capsule(middle, shoulder, build.belly, build.chest)
    )
    neck = capsule(base, head, build.neck_thick, build.neck_thin)
    body = smooth_union(0.15, scaled(trunk, (1, build.width, 1)), neck)
    back = (hip - middle) / np.linalg.norm(hip - middle)
    rump = hip + build.hips * (0.75 * back + [0, 0, 0.45]) / np.linalg.norm(0.75 * back + [0, 0, 0.45]) * 0.9
    return Figure(body, tuple(legs), head, rump)


def _standing_legs(build: Build, foot: Foot) -> list[Leg]:
    legs = []
    for end, x, radius, bend in (
        ("front", 0.5 * build.length, build.chest, 0.35 * build.bend),
        ("rear", -0.5 * build.length, build.hips, -build.bend),
    ):
        for side_name, side in (("left", 1), ("right", -1)):
            y = side * (build.width * radius - 0.55 * build.thigh)
            swing = build.stride_deg * side * (1 if end == "front" else -1)
            turn = rotation_about((0, 1, 0), swing, (x, 0, build.height))
            limb, sole = _straight_leg(build, foot, x, y, bend)
            legs.append(Leg(f"leg_{end}_{side_name}", placed(limb, turn), placed(sole, turn)))
    return legs


def _straight_leg(build: Build, foot: Foot, x: float, y: float, bend: float) -> tuple[Field, Field]:
    height, lean = build.height, np.sign(y) * 0.1 * build.leg
    top, knee = np.array([x, 0.92 * y, 0.95 * height]), np.array([x - bend * 0.4, y, 0.62 * height])
    hock, ankle = np.array([x + bend, y + lean, 0.34 * height]), np.array([x + 0.4 * bend, y + lean, 0.0])
    shin = ankle + [0, 0, 1.1 * build.leg]
    limb = chain([top, knee, hock, shin], [1.12 * build.thigh, 0.85 * build.thigh, 1.1 * build.leg, build.leg])
    return limb, foot(ankle, build.leg)


def _sitting_legs(build: Build, foot: Foot, hip, shoulder) -> list[Leg]:
    legs = []
    for side_name, side in (("left", 1), ("right", -1)):
        y = side * (build.width * build.chest - 0.6 * build.thigh)
        ankle = np.array([shoulder[0] + 0.15 * build.chest, y, 0.0])
        top = shoulder + [0.0, 0.9 * y, -0.1 * build.chest]
        middle, shin = (top + ankle) / 2, ankle + [0, 0, build.leg]
        limb = chain([top, middle, shin], [1.05 * build.thigh, 1.1 * build.leg, build.leg])
        legs.append(Leg(f"leg_front_{side_name}", limb, foot(ankle, build.leg)))
    for side_name, side in (("left", 1), ("right", -1)):
        y = side * (build.width * build.hips - 0.1 * build.thigh)
        reach = 1.15 * build.hips
        haunch = hip + [0.35 * build.hips, 0.92 * y, -0.05 * build.hips]
        ankle = np.array([hip[0] + reach, 1.12 * y, 0.0])
        thigh = ellipsoid(haunch, (0.8 * build.hips, 0.62 * build.hips, 0.82 * build.hips))
        shank = capsule(haunch + [0, 0, -0.4 * build.hips], ankle + [0, 0, build.leg], 1.2 * build.leg, build.leg)
        legs.append(Leg(f"leg_rear_{side_name}", smooth_union(0.1, thigh, shank), foot(ankle, build.leg)))
    return legs
