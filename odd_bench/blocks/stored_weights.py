"""Reading files of weights from any source, without running code in them, and loading them into networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from odd_bench.errors import WrongUse


def read_stored(path: Path, expected: str) -> Any:
    """Read a file written by torch.save, to the CPU. Raises WrongUse if the file is missing or damaged.

    expected: what the file should contain, for the message.
    """
    if not path.is_file():
        raise WrongUse(f"{path}: found no such file; expected {expected}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # for bytes that are no pickle, torch raises exceptions of any type
        found = f"{path.stat().st_size:,} bytes that torch cannot read ({type(error).__name__})"
        raise WrongUse(f"{path}: found {found}; expected {expected}. Is the file whole?") from error


def read_weights(path: Path, expected: str) -> dict[str, Tensor]:
    """Read a file that maps names to tensors. Raises WrongUse if the file is missing, damaged, or contains anything else."""
    stored = read_stored(path, expected)
    if not isinstance(stored, dict) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise WrongUse(
            f"{path}: found a {type(stored).__name__} that does not map names to tensors; expected {expected}"
        )
    return stored


def fill(network: nn.Module, weights: Mapping[str, Tensor], path: Path, expected: str) -> None:
    """Load weights into a network. Raises WrongUse if one is missing, unexpected, or of another shape.

    path, expected: the file of the weights and what it should contain, for the message.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise WrongUse(f"{path}: found weights that do not fit: {complaint(error)}; expected {expected}") from error


def complaint(error: Exception) -> str:
    """The first reason that load_state_dict, or another reader of weights, gives in its message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[1 if lines[0].startswith("Error(s) in loading") and len(lines) > 1 else 0][:160]
