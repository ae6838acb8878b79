"""Preloaded by the workers of a test cluster, whose children are stand-ins for Blender (fake_child.py)."""

from odd_bench.generate import pool
from tests.generate.runs import FAKE

pool.CHILD_COMMAND = FAKE
