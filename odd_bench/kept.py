"""Results that are kept in a file because they take long, and computed again if the file is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from odd_bench.errors import OddBenchError

Result = TypeVar("Result")


def read_or_make(
    path: Path, read: Callable[[Path], Result], make: Callable[[], Result], write: Callable[[Path, Result], object]
) -> Result:
    """What `read` finds in the file; if there is none, or it is damaged, the new result of `make`, after writing it there.

    read: raises any exception for a damaged file. Errors of the system, such as a lack of permission, and those that are meant for
    the user, such as a pipe in the place of the file, are raised as they are: the file may be whole.
    """
    try:
        return read(path)
    except FileNotFoundError:
        pass
    except (OSError, OddBenchError):
        raise
    except Exception:  # decoders raise more types for damaged files than can be listed
        pass
    result = make()
    write(path, result)
    return result
