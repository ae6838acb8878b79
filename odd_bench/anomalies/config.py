"""The ranges from which anomalies are drawn, and the bounds that a finished one must keep."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class AnomalyConfig:
    """Every pair is (low, high). Lengths are fractions of the intact shape's largest side, areas fractions of its surface.

    Drawn from
    bend_deg, twist_deg: turn of the far end. hinge: where the bent or twisted side begins, as a share of the way along it.
    ramp: the length over which the turn grows, as a share of that side. bump_radius. bump_height, dent_depth: as fractions of
    that radius. dent_share: of bumps that go inwards. shift: of a part, as a fraction of its own largest side or of
    `least_side`, whichever is longer. turn_deg: of a part about its joint. part_area: of parts that are moved, turned or left out.
    repaint_area: of recoloured parts or regions. least_part: area of a part in squares of the largest side; smaller ones are edited
    in runs.
    color_distance: of the new colour from the old, CIELAB. edge: faces in a deformed region are divided to this length.

    Bounds on the result
    tolerance: a face further than this from the other surface is changed. distance: the largest between the two surfaces.
    move: the same for a part that is moved or turned. changed_area. contrast: CIELAB difference by which a pixel looks different
    from all pixels of the other picture within `slide` of its place, a share of the object's side there. patch: share of the
    object's picture that the largest connected patch of such pixels takes at least, in `min_views` of the 8 views of visible.py
    and in the scene. crack_patch: the same for cracks, whose dark lines are found at once. stretch: largest growth of an edge.
    volume: over that of the intact shape. chamfer: mean distance between the surfaces of a shape and its near twin. twin: the
    largest between them. joint: length of the seam of a moved part over what it was. showing: the same for its area.
    """

    bend_deg: Range = (35.0, 60.0)
    twist_deg: Range = (40.0, 80.0)
    hinge: Range = (0.05, 0.5)
    ramp: Range = (0.5, 1.0)
    bump_radius: Range = (0.18, 0.32)
    bump_height: Range = (0.65, 1.0)
    dent_depth: Range = (0.45, 0.56)
    dent_share: float = 0.3
    shift: Range = (0.15, 0.5)
    least_side: float = 0.0
    turn_deg: Range = (30.0, 75.0)
    part_area: Range = (0.012, 0.5)
    repaint_area: Range = (0.02, 0.5)
    least_part: float = 0.0
    color_distance: Range = (40.0, 110.0)
    edge: float = 0.03

    tolerance: float = 0.004
    distance: Range = (0.02, 0.6)
    move: Range = (0.1, 0.6)
    changed_area: Range = (0.004, 0.9)
    contrast: float = 20.0
    slide: float = 0.04
    patch: float = 0.04
    crack_patch: float = 0.016
    min_views: int = 2
    stretch: float = 3.0
    volume: Range = (0.5, 1.5)
    chamfer: Range = (0.0002, 0.05)
    twin: Range = (0.06, 0.6)
    joint: float = 0.3
    showing: Range = (0.5, 2.0)

    def least_patch(self, type: str) -> float:
        """The share of an object's picture that a change of this type takes at least."""
        return self.crack_patch if type == "crack" else self.patch

    def patch_factor(self, type: str) -> float:
        """The same over that of most types."""
        return self.least_patch(type) / self.patch if self.patch > 0 else 1.0
