"""Photographs with cameras of COLMAP, nerfstudio or Polycam: read, checked, and placed on a floor.

The files, in the order in which a capture passes through them:

- `opening`, `photograph_file`, `stored_size`: the format of a capture, and the files and sizes of its photographs;
- `colmap_model`, `nerfstudio`, `polycam`, `ply`, `poses`, `lens`: cameras and points of each format;
- `reconstruct`, `colmap_process`, `agreement`: cameras of photographs that have none;
- `capture`: the result of all of these;
- `floor`, `standing`, `clusters`, `objects`, `small`: the floor, and roughly the objects on it;
- `placing`: the scene's frame and unit;
- `views`, `resample`: the pictures that a method is given;
- `errors`: the error for captures that cannot be used.

capture = open_capture(Path("castings"))
plan = floor_plan(capture, Wishes())
"""

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.opening import open_capture
from odd_bench.captures.placing import Placement, Wishes, floor_plan, place

__all__ = ["Capture", "CaptureError", "Photograph", "Placement", "Wishes", "floor_plan", "open_capture", "place"]
