"""The packages that generation requires, checked without importing them."""

from __future__ import annotations

import sys
from importlib import metadata

from odd_bench.errors import OddBenchError
from odd_bench.extras import install_command

BPY_SERIES = "4.5."


class RequirementError(OddBenchError):
    """A package is missing or unsuitable. The message tells what was found, what was expected, and a hint."""


def require_blender() -> None:
    """Raise RequirementError unless Blender 4.5 is installed as a Python module."""
    hint = f"Hint: {install_command('generate')} in a Python 3.11 environment; `odd-bench doctor` shows the rest."
    try:
        version = metadata.version("bpy")
    except metadata.PackageNotFoundError as error:
        python = ".".join(map(str, sys.version_info[:2]))
        raise RequirementError(f"generate: found no bpy on Python {python}; expected bpy 4.5. {hint}") from error
    if not version.startswith(BPY_SERIES):
        raise RequirementError(f"generate: found bpy {version}; expected bpy 4.5. {hint}")
