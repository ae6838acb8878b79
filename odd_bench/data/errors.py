"""The error a user sees when stored data cannot be opened or trusted."""

from __future__ import annotations

from odd_bench.errors import FileError


class DataError(FileError):
    """Stored data that are absent, damaged, foreign or of another version."""
