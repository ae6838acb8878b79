"""The function that runs on the workers of a dask cluster. It requires the installation of the run."""

from __future__ import annotations

import os
from collections.abc import Mapping

from odd_bench.data.outcome import Outcome
from odd_bench.generate.installation import differences, installation
from odd_bench.generate.pool import ChildStartError, Limits, make_in_child


def make_on_worker(line: str, root: str, limits: Mapping[str, float], run: str, wanted: Mapping[str, str]) -> Outcome:
    """Make one planned scene, see pool.make_in_child.

    limits: the fields of Limits. wanted: the installation of the process that submits the scene. No argument is of a class of
    odd-bench, because another installation may lack it.

    Raises ChildStartError, which names this machine, if the installation differs or no child can be started.
    """
    node = os.uname().nodename
    other = differences(wanted, installation())
    if other:
        raise ChildStartError(
            f"worker on {node}: found {other}; expected the installation of the run, because other code makes other scenes. "
            "Hint: install the same on every worker and restart it; `odd-bench doctor` shows what is installed."
        )
    try:
        return make_in_child(line, root, Limits(**limits), run)
    except ChildStartError as error:
        raise ChildStartError(f"on {node}: {error}", error.may_pass) from error
