"""Running Blender in a process: check the version, reset the scene, silence output, and exit safely."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

from odd_bench.extras import install_command

EXPECTED_VERSION = (4, 5)


class BlenderVersionError(RuntimeError):
    """Raised if bpy is missing or of another version."""


def version_check() -> str:
    """The version of bpy, for example `4.5.3 LTS`.

    Raises BlenderVersionError if bpy cannot be imported or is not 4.5, whose nodes and settings this package uses.
    """
    try:
        import bpy
    except ImportError as error:
        raise BlenderVersionError(_message(f"no usable bpy ({error})")) from error
    if bpy.app.version[:2] != EXPECTED_VERSION:
        raise BlenderVersionError(_message(f"bpy {bpy.app.version_string}"))
    return bpy.app.version_string


def _message(found: str) -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"Blender as a Python module: found {found} on Python {python}, expected bpy 4.5 on Python 3.11. "
        f"Hint: {install_command('generate')} in a Python 3.11 environment."
    )


def reset() -> None:
    """Discard the scene and everything rendered, and start with an empty file and factory settings."""
    import bpy

    with quiet():
        _read_preferences()
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)


@cache
def _read_preferences() -> None:
    """Load the factory preferences instead of the user's, once per process: this takes four times as long as an empty file."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Discard standard output, both of Blender's C code and of Python."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def leave(code: int) -> None:
    """End the process at once, because bpy often crashes while the interpreter shuts down, and remove bpy's temporary folder."""
    if "bpy" in sys.modules:
        with suppress(OSError):  # Blender leaves an empty folder in the system's temporary folder
            os.rmdir(sys.modules["bpy"].app.tempdir)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
