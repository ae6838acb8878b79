"""A pause for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Reading a large file makes a million containers and no cycles; to search for cycles doubles the time.

    So the new containers count as old at once, as if the collector had walked them; the next collections leave them alone.
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
