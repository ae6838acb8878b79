"""A pause for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Pause the garbage collector. Reading a large file makes a million containers and no cycles; searching them doubles the time.

    Afterwards the new containers belong to the oldest generation, as if the collector had already visited them, so that the
    next collections skip them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():  # otherwise unfreezing would release objects that the caller has frozen
                gc.freeze()
                gc.unfreeze()  # moves them into the oldest generation
            gc.enable()
