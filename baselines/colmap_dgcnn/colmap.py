"""The only import of pycolmap, the Python bindings of COLMAP."""

from __future__ import annotations

import os
from types import ModuleType

from odd_bench.errors import WrongUse
from odd_bench.extras import install_command


def pycolmap() -> ModuleType:
    """The package, with its log messages below errors switched off. Raises WrongUse if it is not installed.

    It is imported after zlib, Pillow, torch and h5py: importing pycolmap 4.2 before any of them corrupts the heap.
    """
    import zlib  # noqa: F401

    import h5py  # noqa: F401
    import PIL.Image  # noqa: F401
    import torch  # noqa: F401

    os.environ.setdefault("GLOG_minloglevel", "2")
    try:
        import pycolmap as package
    except ImportError as error:
        hint = f"{install_command('baselines')}, or pycolmap-cuda12 in its place for the stereo `colmap-cuda`"
        raise WrongUse(f"colmap-dgcnn: found no pycolmap ({error}); expected version 4.2 or later. {hint}") from error
    package.logging.minloglevel = package.logging.ERROR.value
    return package
