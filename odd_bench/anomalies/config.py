"""The ranges from which anomalies are drawn, and the bounds that a finished one must keep."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class AnomalyConfig:
    """Ranges and bounds of every way of being odd. Every pair is (low, high). Lengths are fractions of the intact
    shape's largest side, areas fractions of its surface.
    """

    bend_deg: Range = (35.0, 60.0)
    """Turn of the far end of a bend, degrees."""
    twist_deg: Range = (40.0, 80.0)
    """Turn of the far end of a twist, degrees."""
    hinge: Range = (0.05, 0.5)
    """Where the bent or twisted side begins, as a share of the way along it."""
    ramp: Range = (0.5, 1.0)
    """The length over which the turn grows, as a share of that side."""
    bump_radius: Range = (0.18, 0.32)
    """Radius of a bump."""
    bump_height: Range = (0.65, 1.0)
    """Height of a bump over its radius."""
    dent_depth: Range = (0.45, 0.56)
    """Depth of a dent over its radius."""
    dent_share: float = 0.3
    """Share of bumps that go inwards."""
    shift: Range = (0.15, 0.5)
    """How far a part is moved, over its own largest side or `least_side`, whichever is longer."""
    least_side: float = 0.0
    """Least side that counts when a part is moved."""
    turn_deg: Range = (30.0, 75.0)
    """How far a part is turned about its joint, degrees."""
    part_area: Range = (0.012, 0.5)
    """Area of parts that are moved, turned or left out."""
    repaint_area: Range = (0.02, 0.5)
    """Area of parts or regions that get another finish."""
    least_part: float = 0.0
    """Least area of a part in squares of the largest side; smaller ones are edited in runs."""
    color_distance: Range = (40.0, 110.0)
    """Least difference of the new colour from the old, CIELAB."""
    edge: float = 0.03
    """Faces in a deformed region are divided until their edges are no longer than this."""

    tolerance: float = 0.004
    """A face further than this from the other surface is changed."""
    distance: Range = (0.02, 0.6)
    """Bounds on the largest distance between the two surfaces."""
    move: Range = (0.1, 0.6)
    """The same for a part that is moved or turned."""
    changed_area: Range = (0.004, 0.9)
    """Bounds on the share of the surface that is changed."""
    contrast: float = 20.0
    """CIELAB difference by which a pixel looks different from all pixels of the other picture within `slide` of its
    place, a share of the object's side there.
    """
    slide: float = 0.04
    """Distance within which a pixel of the other picture may match, as a share of the object's side there."""
    twin_slide: float = 0.08
    """The same for near twins: beside neighbours that lie otherwise, nobody sees lengths that differ by less."""
    patch: float = 0.04
    """Share of the object's picture that the largest connected patch of such pixels takes at least, in `min_views` of
    the 8 views of visible.py and in the scene.
    """
    crack_patch: float = 0.016
    """The same for cracks, whose dark lines are found at once."""
    min_views: int = 2
    """Views of the shape alone in which a change must show."""
    stretch: float = 3.0
    """Largest growth of an edge."""
    volume: Range = (0.5, 1.5)
    """Bounds on the volume over that of the intact shape."""
    chamfer: Range = (0.0002, 0.05)
    """Mean distance between the surfaces of a shape and its near twin."""
    twin: Range = (0.06, 0.6)
    """Bounds on the largest distance between the surfaces of a shape and its near twin."""
    joint: float = 0.3
    """Length of the seam of a moved part over what it was."""
    showing: Range = (0.5, 2.0)
    """The same for the area of the part that shows."""

    def slide_of(self, type: str) -> float:
        """The distance within which a pixel of the other picture may match, for a change of this type."""
        return self.twin_slide if type == "similar_shape" else self.slide

    def least_patch(self, type: str) -> float:
        """The share of an object's picture that a change of this type takes at least."""
        return self.crack_patch if type == "crack" else self.patch

    def patch_factor(self, type: str) -> float:
        """The same over that of most types."""
        return self.least_patch(type) / self.patch if self.patch > 0 else 1.0
