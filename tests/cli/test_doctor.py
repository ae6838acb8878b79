"""The doctor finds what is missing and says how to install it."""

import sys
from importlib import metadata

import pytest

from odd_bench.cli import main
from odd_bench.cli import needs as doctor
from odd_bench.extras import install_command


def pretend(monkeypatch, package: str, version: str | None) -> None:
    """Pretend that a package is installed in this version, or not at all if it is None."""
    real = metadata.version

    def pretended(name):
        if name != package:
            return real(name)
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", pretended)


def test_everything_that_generation_needs_is_installed():
    assert next(finding for finding in doctor.findings() if finding.commands == "generate").works


@pytest.mark.parametrize(
    ("package", "version", "words"),
    [("bpy", None, "no bpy"), ("bpy", "5.0.1", "bpy 5.0.1, expected 4.5.*"), ("h5py", None, "no h5py")],
)
def test_a_missing_or_wrong_package_is_reported_with_the_command_that_installs_it(
    monkeypatch, capsys, package, version, words
):
    pretend(monkeypatch, package, version)
    finding = next(finding for finding in doctor.findings() if finding.commands == "generate")
    assert finding.missing == (words,) and finding.fix.startswith(install_command("generate"))
    assert not doctor.report()
    assert install_command("generate") in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["train", "predict", "reproduce"])
def test_the_error_of_a_command_without_its_packages_says_what_to_install(monkeypatch, capsys, command):
    def absent():
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    pretend(monkeypatch, "torch", None)
    monkeypatch.setattr("odd_bench.cli.app", absent)
    monkeypatch.setattr(sys, "argv", ["odd-bench", command])
    with pytest.raises(SystemExit, match="1"):
        main()
    told = capsys.readouterr().err
    assert f"{command}: the Python package torch is missing" in told and install_command("train") in told


def test_a_missing_module_of_the_project_is_not_taken_for_a_missing_package(monkeypatch):
    def absent():
        raise ModuleNotFoundError("No module named 'odd_bench.lost'", name="odd_bench.lost")

    monkeypatch.setattr("odd_bench.cli.app", absent)
    with pytest.raises(ModuleNotFoundError, match=r"odd_bench\.lost"):
        main()
