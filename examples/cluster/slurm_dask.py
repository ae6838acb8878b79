"""Run a dask cluster on SLURM for odd-bench: start a scheduler here and workers as jobs, print the address, run until stopped.

    pip install "odd-bench[generate,cluster]" dask-jobqueue
    python examples/cluster/slurm_dask.py --jobs 40 --cores 4 &
    odd-bench generate toys --preset full --out data/toys-full --scheduler tcp://HOST:8786 --set render.threads=1

Run it on a node that compute nodes can reach, in the folder that `--out` is relative to.
"""

from __future__ import annotations

import argparse
import time

from dask_jobqueue import SLURMCluster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10, help="the most jobs; they start and end with the work")
    parser.add_argument("--cores", type=int, default=4, help="cores a job; each makes one scene at a time")
    parser.add_argument("--memory", default="8GB", help="memory a job")
    parser.add_argument("--walltime", default="04:00:00", help="time limit of a job")
    parser.add_argument("--queue", default=None, help="SLURM partition")
    parser.add_argument("--port", type=int, default=8786, help="port of the scheduler")
    asked = parser.parse_args()
    cluster = SLURMCluster(
        queue=asked.queue,
        cores=asked.cores,
        processes=1,
        memory=asked.memory,
        walltime=asked.walltime,
        scheduler_options={"port": asked.port},
        worker_extra_args=["--lifetime-stagger", "4m"],
    )
    cluster.adapt(maximum_jobs=asked.jobs)
    print(f"--scheduler {cluster.scheduler_address}", flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
