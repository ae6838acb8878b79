"""Files of torch that others may have written: read without running code in them, put into networks, explained where that fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from odd_bench.errors import WrongUse


def read_stored(path: Path, expected: str) -> Any:
    """What torch.save wrote, on the CPU. Raises WrongUse, with what was expected, where there is no file or no whole one."""
    if not path.is_file():
        raise WrongUse(f"{path}: found no such file; expected {expected}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of bytes that are no pickle its reader raises whatever it stumbles over
        found = f"{path.stat().st_size:,} bytes that torch cannot read ({type(error).__name__})"
        raise WrongUse(f"{path}: found {found}; expected {expected}. Is the file whole?") from error


def read_weights(path: Path, expected: str) -> dict[str, Tensor]:
    """The same of tensors by name."""
    stored = read_stored(path, expected)
    if not isinstance(stored, dict) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise WrongUse(f"{path}: found a {type(stored).__name__} that does not name tensors; expected {expected}")
    return stored


def fill(network: nn.Module, weights: Mapping[str, Tensor], path: Path, expected: str) -> None:
    """Every weight of the network from a file. Raises WrongUse where one is missing, left over or of another shape."""
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise WrongUse(f"{path}: found weights that do not fit: {complaint(error)}; expected {expected}") from error


def complaint(error: Exception) -> str:
    """The first of what load_state_dict has to say, or another reader of weights."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[1 if lines[0].startswith("Error(s) in loading") and len(lines) > 1 else 0][:160]
