"""Open3D's compiled core alone. The whole package also loads viewers and data sets, which takes seconds in every process."""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from importlib.util import find_spec
from types import ModuleType


@cache
def open3d_core() -> ModuleType:
    """The module that has `core` and `t`. Code that imports open3d before or after gets the whole package with the same types."""
    if "open3d" not in sys.modules:
        found = find_spec("open3d")
        if found is None:
            return importlib.import_module("open3d")  # raises the ordinary error of a missing package
        # The package sets this as well, for programs with two OpenMP libraries.
        os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "True")
        package = ModuleType("open3d")
        package.__path__ = list(found.submodule_search_locations or [])
        sys.modules["open3d"] = package
        try:
            return importlib.import_module("open3d.cpu.pybind")
        finally:
            for name in [name for name in ("open3d", "open3d.cpu") if name in sys.modules]:
                del sys.modules[name]
    return sys.modules["open3d"]
