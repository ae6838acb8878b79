"""A pause for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Reading a large file makes a million containers and no cycles: to look for any doubles the time.

    So what was made counts as old at once, as if the collector had walked it: the next collections leave it alone.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if (
                not gc.get_freeze_count()
            ):  # else the caller keeps objects out of all collections, and they shall stay there
                gc.freeze()
                gc.unfreeze()  # into the oldest generation
            gc.enable()
