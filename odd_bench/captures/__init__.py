"""Photographs with cameras from elsewhere: COLMAP, nerfstudio, Polycam; read, checked, placed on a floor.

capture = open_capture(Path("castings"))
plan = floor_plan(capture, Wishes())
"""

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.opening import open_capture
from odd_bench.captures.placing import Placement, Wishes, floor_plan, place

__all__ = ["Capture", "CaptureError", "Photograph", "Placement", "Wishes", "floor_plan", "open_capture", "place"]
