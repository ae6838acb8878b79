"""Casting rays loads only the core of Open3D, and leaves the package usable for others."""

import subprocess
import sys

import pytest

CAST = """
import sys
import numpy as np
from odd_bench.geometry.raycast import Caster
hits = Caster([(np.eye(3), np.array([[0, 1, 2]]))]).cast(np.ones(3), -np.ones((1, 3)))
assert np.isfinite(hits.distance).all()
assert "open3d" not in sys.modules and not {"sklearn", "dash", "matplotlib"} & set(sys.modules)
"""


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def test_viewers_are_not_loaded():
    run(CAST)


@pytest.mark.slow
@pytest.mark.parametrize("code", [f"import open3d\n{CAST.replace('assert', '#')}", f"{CAST}import open3d"])
def test_the_whole_package_shares_the_types_of_the_core(code):
    run(
        f"{code}\nfrom odd_bench.geometry.open3d_core import open3d_core\n"
        "assert open3d.t.geometry.RaycastingScene is open3d_core().t.geometry.RaycastingScene\n"
        "import open3d.visualization"
    )
