"""The exception for stored data that cannot be read or are wrong."""

from __future__ import annotations

from odd_bench.errors import FileError


class DataError(FileError):
    """Stored data are missing, damaged, of another format, or of another version."""


class WrongName(DataError):
    """A split, scene, file or format that an option names and that is not there: wrong use, whatever the state of the data."""

    exit_code = 2
