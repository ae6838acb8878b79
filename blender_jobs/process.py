"""What a process that runs Blender needs: the right version, a clean slate, silence and a safe way out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

from odd_bench.extras import install_command

EXPECTED_VERSION = (4, 5)


class BlenderVersionError(RuntimeError):
    """bpy is missing or of another version; the message says where, found, expected and hint."""


def version_check() -> str:
    """Return the version of bpy, for example `4.5.3 LTS`.

    Raises BlenderVersionError if bpy cannot be imported or is not 4.5, the release whose nodes and settings we use.
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
    """Throw away the whole scene and everything rendered: an empty file with factory settings."""
    import bpy

    with quiet():
        _read_preferences()
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)


@cache
def _read_preferences() -> None:
    """Once a process, for that takes four times as long as an empty file: those of the factory, whatever the user keeps."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Send what Blender's C code prints on standard output to nowhere; Python's own prints are silenced too."""
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
    """End the process at once, as bpy often crashes while the interpreter shuts down; its scratch folder goes too."""
    if "bpy" in sys.modules:
        with suppress(OSError):  # Blender leaves an empty folder behind in the system's scratch space
            os.rmdir(sys.modules["bpy"].app.tempdir)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
