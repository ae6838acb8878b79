"""One thread a test, and no deadlines: machines are noisy."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from hypothesis import settings

settings.register_profile("odd-bench", deadline=None, derandomize=True)
settings.load_profile("odd-bench")
