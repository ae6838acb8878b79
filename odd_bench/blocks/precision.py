"""Geometry in full precision. In half precision, a matrix product of coordinates can be wrong by pixels."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import torch

Result = TypeVar("Result")


def full_precision(function: Callable[..., Result]) -> Callable[..., Result]:
    """Decorate a function, whose first argument must be a tensor, so that it runs without autocast."""

    @wraps(function)
    def guarded(first: torch.Tensor, *args, **kwargs) -> Result:
        with torch.autocast(first.device.type, enabled=False):
            return function(first, *args, **kwargs)

    return guarded
