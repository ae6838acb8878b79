"""One thread per test and no deadlines, because machines are noisy."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from hypothesis import settings

settings.register_profile("odd-bench", deadline=None, derandomize=True)
settings.load_profile("odd-bench")


def pytest_collection_modifyitems(items):
    """Files with long tests come first, so that the two processes of `make test` end at about the same time."""
    long = {item.path for item in items if item.get_closest_marker("blender") or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
