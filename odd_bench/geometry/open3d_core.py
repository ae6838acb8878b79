"""Open3D's compiled core alone: the whole package loads viewers, notebooks and data sets, which takes every process seconds."""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from importlib.util import find_spec
from types import ModuleType


@cache
def open3d_core() -> ModuleType:
    """The module with `core` and `t`. Whoever imports open3d before or afterwards gets the whole package and the same types."""
    if "open3d" not in sys.modules:
        found = find_spec("open3d")
        if found is None:
            return importlib.import_module("open3d")  # which says that it is missing
        os.environ.setdefault(
            "KMP_DUPLICATE_LIB_OK", "True"
        )  # as the package does, for programs with two OpenMP libraries
        package = ModuleType("open3d")
        package.__path__ = list(found.submodule_search_locations or [])
        sys.modules["open3d"] = package
        try:
            return importlib.import_module("open3d.cpu.pybind")
        finally:
            for name in [name for name in ("open3d", "open3d.cpu") if name in sys.modules]:
                del sys.modules[name]
    return sys.modules["open3d"]
