"""The doctor finds what is missing and says how to get it."""

from importlib import metadata

import pytest

from odd_bench import doctor


def test_everything_generation_needs_is_here():
    assert next(finding for finding in doctor.findings() if finding.commands == "generate").works


@pytest.mark.parametrize(
    ("package", "version", "words"),
    [("bpy", None, "no bpy"), ("bpy", "5.0.1", "bpy 5.0.1, expected 4.5.*"), ("h5py", None, "no h5py")],
)
def test_a_missing_or_wrong_package_is_named_with_the_command_that_mends_it(
    monkeypatch, capsys, package, version, words
):
    real = metadata.version

    def pretended(name):
        if name != package:
            return real(name)
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", pretended)
    finding = next(finding for finding in doctor.findings() if finding.commands == "generate")
    assert finding.missing == (words,) and "odd-bench[generate]" in finding.fix
    assert not doctor.report()
    assert "odd-bench[generate]" in " ".join(capsys.readouterr().out.split())
