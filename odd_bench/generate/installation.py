"""The code and library versions of a machine, on which scenes depend in addition to their plan."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from odd_bench import __version__
from odd_bench.data.run_folder import RunFolder
from odd_bench.json_lines import append_line, read_lines

LIBRARIES = ("bpy", "numpy", "scipy", "open3d", "trimesh", "scikit-image", "manifold3d", "h5py", "pillow")
VERSION = re.compile(r"[\w.+!-]{1,80}")
MAKERS = ("geometry", "shapes", "anomalies", "render", "blender_jobs", "generate", "data")  # packages that make scenes


def libraries() -> dict[str, str]:
    """Versions of odd-bench and of the libraries that make scenes; `absent` for one that is not installed."""
    return {"odd-bench": __version__, **{name: _version(name) for name in LIBRARIES}}


@functools.cache
def installation() -> Mapping[str, str]:
    """The versions, and a digest of the code that makes scenes: code may change without a new version number."""
    digest = hashlib.sha256()
    for name, path in _modules():
        digest.update(f"{name}\n".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return {**libraries(), "its code": digest.hexdigest()[:12]}


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """All differences between two installations, such as `numpy 1.26.4, expected 2.1.0`; empty if there are none."""
    return "; ".join(
        f"{name} {there.get(name)}, expected {here[name]}" for name in here if there.get(name) != here[name]
    )


def note_libraries(folder: RunFolder, notice: Callable[[str], None]) -> None:
    """Record the libraries of this call, and notify the user if an earlier call used other versions."""
    here, before = libraries(), list(_noted(folder))
    for there in before:
        if other := differences(here, there):
            notice(
                f"{folder.root}: found scenes made with {other}; they may differ in the last bit from scenes made now"
            )
    if here not in before:
        append_line(folder.libraries, here)


def libraries_of(folder: RunFolder) -> dict[str, str]:
    """Versions of the libraries that made the scenes of a run; if calls differ, all versions of a library."""
    made_with = [*_noted(folder)] or [libraries()]
    return {name: " and ".join(dict.fromkeys(one[name] for one in made_with)) for name in libraries()}


def _noted(folder: RunFolder) -> Iterator[dict[str, str]]:
    """The versions that calls have recorded. Damaged lines are ignored."""
    for line in read_lines(folder.libraries):
        versions = [line.get(name) for name in libraries()]
        if all(isinstance(version, str) and VERSION.fullmatch(version) for version in versions):
            yield line


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "absent"


def _modules() -> Iterator[tuple[str, Path]]:
    """The modules of the packages that make scenes, with names that do not depend on the place of installation."""
    for package in MAKERS:
        for place in find_spec(f"odd_bench.{package}").submodule_search_locations:
            for path in sorted(Path(place).rglob("*.py"), key=lambda path: path.relative_to(place).as_posix()):
                yield f"{package}/{path.relative_to(place).as_posix()}", path
