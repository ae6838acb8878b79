"""Initial values of the last layers. Class scores start at 1 %, so that background does not dominate at first (RetinaNet)."""

from __future__ import annotations

import math

START_STD = 0.01  # standard deviation of the weights
CLASS_PRIOR = 0.01
CLASS_PRIOR_BIAS = -math.log((1 - CLASS_PRIOR) / CLASS_PRIOR)
