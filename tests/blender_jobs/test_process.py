"""Errors that occur before anything is rendered have clear messages."""

import subprocess
import sys
import types
from pathlib import Path

import pytest

from odd_bench.blender_jobs.process import BlenderVersionError, version_check


@pytest.mark.blender
def test_the_installed_blender_is_the_expected_one():
    assert version_check().startswith("4.5")


def test_the_error_without_blender_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "bpy", None)
    with pytest.raises(
        BlenderVersionError, match=r"found no usable bpy .* expected bpy 4\.5 on Python 3\.11\. Hint: pip"
    ):
        version_check()


def test_the_error_for_another_version_of_blender_names_it(monkeypatch):
    app = types.SimpleNamespace(version=(5, 0, 1), version_string="5.0.1")
    monkeypatch.setitem(sys.modules, "bpy", types.SimpleNamespace(app=app))
    with pytest.raises(BlenderVersionError, match=r"found bpy 5\.0\.1 on Python"):
        version_check()


@pytest.mark.blender
def test_leaving_flushes_and_keeps_the_exit_code():
    code = "import bpy; from blender_jobs.process import leave; print(bpy.app.tempdir, end=''); leave(3)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert child.returncode == 3
    assert child.stdout and not Path(child.stdout).exists()


@pytest.mark.blender
def test_the_error_for_an_unknown_device_names_it():
    from odd_bench.blender_jobs.device import use_device

    with pytest.raises(ValueError, match="found 'cuda', expected auto, cpu or gpu"):
        use_device("cuda")


@pytest.mark.blender
def test_the_automatic_device_is_explained():
    import bpy

    from odd_bench.blender_jobs.device import use_device

    device = use_device("auto")
    assert device.kind == bpy.context.scene.cycles.device.lower()
    assert device.reason in ("it was found", "no graphics card was found")


@pytest.mark.blender
def test_the_error_for_a_missing_environment_or_texture_set_names_it(tmp_path):
    from odd_bench.blender_jobs.light import environment_path
    from odd_bench.render.texture_set import find_maps

    with pytest.raises(FileNotFoundError, match=r"gone\.hdr: no such file"):
        environment_path("gone.hdr", tmp_path)
    with pytest.raises(FileNotFoundError, match="found 0 images and no colour map"):
        find_maps(tmp_path)
    for name in ("oak_rough_2k.jpg", "oak_diff_2k.jpg", "oak_disp_2k.png", "oak_nor_gl_2k.exr"):
        (tmp_path / name).touch()
    assert {kind: path.name for kind, path in find_maps(tmp_path).items()} == {
        "color": "oak_diff_2k.jpg", "roughness": "oak_rough_2k.jpg", "height": "oak_disp_2k.png",
    }  # fmt: skip
