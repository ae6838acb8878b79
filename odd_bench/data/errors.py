"""The exception for stored data that cannot be read or are wrong."""

from __future__ import annotations

from odd_bench.errors import FileError


class DataError(FileError):
    """Stored data are missing, damaged, of another format, or of another version."""
