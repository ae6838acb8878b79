"""Folders and files that options and arguments name: they must exist before a command begins its work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from odd_bench.errors import WrongUse


def folder_of(what: str, hint: str = "") -> Callable[[Path | None], Path | None]:
    """A callback for typer that accepts an existing folder. what: content for the message, such as `meshes`. hint: a sentence.

    The callback raises WrongUse for any other path.
    """

    def checked(folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            found = "a file" if folder.is_file() else "no such folder"
            raise WrongUse(f"{folder}: found {found}; expected a folder of {what}{f'. {hint}' if hint else ''}")
        return folder

    return checked


def file_of(what: str) -> Callable[[Path | None], Path | None]:
    """A callback for typer that accepts an existing file. what: for the message, such as `the split file`."""

    def checked(file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            found = "a folder" if file.is_dir() else "no such file"
            raise WrongUse(f"{file}: found {found}; expected {what}")
        return file

    return checked
