"""What runs on the workers of a dask cluster: scenes, in installations that are the same as that of the run."""

from __future__ import annotations

import os
from collections.abc import Mapping

from odd_bench.data.outcome import Outcome
from odd_bench.generate.installation import differences, installation
from odd_bench.generate.pool import ChildStartError, Limits, make_in_child


def make_on_worker(line: str, root: str, limits: Mapping[str, float], run: str, wanted: Mapping[str, str]) -> Outcome:
    """Make one planned scene, see pool.make_in_child. wanted: the installation of the process that hands it out.

    limits: the fields of Limits. Nothing that is handed over is of a class of ours, which another installation may lack.

    Raises ChildStartError, which names this machine, where the installation here is another or no child can be started.
    """
    node = os.uname().nodename
    other = differences(wanted, installation())
    if other:
        raise ChildStartError(
            f"worker on {node}: found {other}; expected the installation of the run, since other code makes other scenes. "
            "Hint: install the same on every worker and start it again; `odd-bench doctor` shows what is there."
        )
    try:
        return make_in_child(line, root, Limits(**limits), run)
    except ChildStartError as error:
        raise ChildStartError(f"on {node}: {error}", error.may_pass) from error
