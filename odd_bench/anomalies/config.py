"""The ranges that anomalies are drawn from, and the bounds that a finished one must keep."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class AnomalyConfig:
    """Ranges and bounds of every anomaly. Every pair is (low, high). Lengths are fractions of the intact shape's largest side,
    and areas are fractions of its surface area, unless a field says otherwise.
    """

    bend_deg: Range = (35.0, 60.0)
    """Angle by which the far end of a bend turns, degrees."""
    twist_deg: Range = (40.0, 80.0)
    """Angle by which the far end of a twist turns, degrees."""
    hinge: Range = (0.05, 0.5)
    """Where the bent or twisted side begins, as a fraction of the shape's length along the hinge."""
    ramp: Range = (0.5, 1.0)
    """The length over which the angle grows, as a fraction of the bent or twisted side."""
    bump_radius: Range = (0.18, 0.32)
    """Radius of a bump."""
    bump_height: Range = (0.65, 1.0)
    """Height of a bump, as a fraction of its radius."""
    dent_depth: Range = (0.45, 0.56)
    """Depth of a dent, as a fraction of its radius."""
    dent_share: float = 0.3
    """Share of bumps that go inwards."""
    shift: Range = (0.15, 0.5)
    """How far a part is moved, as a fraction of its own largest side or of `least_side`, whichever is longer."""
    least_side: float = 0.0
    """The size that a smaller part counts as when it is moved."""
    turn_deg: Range = (30.0, 75.0)
    """Angle by which a part is turned about its joint, degrees."""
    part_area: Range = (0.012, 0.5)
    """Area of the parts that may be moved, turned or left out."""
    repaint_area: Range = (0.02, 0.5)
    """Area of the parts or regions that may get another finish."""
    least_part: float = 0.0
    """Least area of a part, in squares of the shape's largest side; smaller parts are edited in groups."""
    color_distance: Range = (40.0, 110.0)
    """Median CIELAB difference between the new colours and the old ones."""
    edge: float = 0.03
    """Largest edge length in a deformed region; longer edges are divided."""

    tolerance: float = 0.004
    """A face is changed if it lies further than this from the other surface."""
    distance: Range = (0.02, 0.6)
    """Bounds on the largest distance between the two surfaces."""
    move: Range = (0.1, 0.6)
    """The same bounds for a part that is moved or turned."""
    changed_area: Range = (0.004, 0.9)
    """Bounds on the fraction of the surface that is changed."""
    contrast: float = 20.0
    """A pixel looks different if it differs by more than this (CIELAB) from every pixel of the other picture within `slide`."""
    slide: float = 0.04
    """Distance within which a pixel of the other picture may match, as a fraction of the object's side in the picture."""
    twin_slide: float = 0.08
    """The same for near twins: next to neighbours in other poses, smaller differences in length are not noticed."""
    patch: float = 0.04
    """Least size of the largest connected patch of pixels that look different, as a fraction of the object's pixels, in
    `min_views` of the 8 views of visible.py and in the scene.
    """
    crack_patch: float = 0.016
    """The same for cracks, whose dark lines are noticed at once."""
    min_views: int = 2
    """Number of views of the shape alone in which a change must show."""
    stretch: float = 3.0
    """Largest allowed ratio of an edge's length after a deformation to its length before."""
    volume: Range = (0.5, 1.5)
    """Bounds on the ratio of the volume to that of the intact shape."""
    chamfer: Range = (0.0002, 0.05)
    """Bounds on the mean distance between the surfaces of a shape and its near twin."""
    twin: Range = (0.06, 0.6)
    """Bounds on the largest distance between the surfaces of a shape and its near twin."""
    joint: float = 0.3
    """Least ratio of the length of a moved part's seam to its length before."""
    showing: Range = (0.5, 2.0)
    """Bounds on the ratio of a moved part's exposed area to its exposed area before."""

    def slide_of(self, type: str) -> float:
        """The distance within which a pixel of the other picture may match, for an anomaly of this type."""
        return self.twin_slide if type == "similar_shape" else self.slide

    def least_patch(self, type: str) -> float:
        """The least size of the patch that an anomaly of this type changes, as a fraction of the object's pixels."""
        return self.crack_patch if type == "crack" else self.patch

    def patch_factor(self, type: str) -> float:
        """The ratio of least_patch for this type to the `patch` of most types."""
        return self.least_patch(type) / self.patch if self.patch > 0 else 1.0
