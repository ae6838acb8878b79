"""A command that is built alone has the same help as in the whole app."""

import sys

import pytest
import typer

from odd_bench.cli import app

NAMES = sorted(typer.main.get_command(app).commands)


@pytest.mark.parametrize("words", [(), ("--help",), ("scor",), *((name, "--help") for name in NAMES)], ids=" ".join)
def test_a_command_built_alone_has_the_same_help_as_in_the_whole_app(monkeypatch, capsys, words):
    def said(call, *stated):
        with pytest.raises(SystemExit) as ended:
            call(*stated, prog_name="odd-bench")
        return ended.value.code, *capsys.readouterr()

    expected = said(typer.main.get_command(app), list(words))
    assert said(app, list(words)) == expected
    monkeypatch.setattr(sys, "argv", ["odd-bench", *words])
    assert said(app) == expected


@pytest.mark.parametrize("name", NAMES)
def test_only_the_requested_command_is_built(monkeypatch, name):
    built = []
    monkeypatch.setattr(typer.Typer, "__call__", lambda self: built.append(self))
    monkeypatch.setattr(sys, "argv", ["odd-bench", name])
    app()
    assert list(typer.main.get_command(built[0]).commands) == [name]
    assert sorted(typer.main.get_command(app).commands) == NAMES
