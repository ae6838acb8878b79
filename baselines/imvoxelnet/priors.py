"""How the last layers start: class scores at 1 %, so that the many empty places do not swamp the first steps (RetinaNet)."""

from __future__ import annotations

import math

START_STD = 0.01  # of the weights
CLASS_PRIOR = 0.01
CLASS_PRIOR_BIAS = -math.log((1 - CLASS_PRIOR) / CLASS_PRIOR)
