"""Geometry in full precision: under autocast a matrix product of coordinates would lose pixels."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import torch

Result = TypeVar("Result")


def full_precision(function: Callable[..., Result]) -> Callable[..., Result]:
    """Run a function, whose first argument is a tensor, outside autocast."""

    @wraps(function)
    def guarded(first: torch.Tensor, *args, **kwargs) -> Result:
        with torch.autocast(first.device.type, enabled=False):
            return function(first, *args, **kwargs)

    return guarded
