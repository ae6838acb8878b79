"""The command line: parse, build one config, call one function, print one result. Heavy imports stay inside the commands."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from copy import copy
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn

import typer

from odd_bench.cli.assets import app as assets_app
from odd_bench.cli.config import app as config_app
from odd_bench.cli.data import app as data_app
from odd_bench.cli.demo import demo
from odd_bench.cli.detect import detect, predict
from odd_bench.cli.generate import app as generate_app
from odd_bench.cli.reproduce import app as reproduce_app
from odd_bench.cli.scoring import leaderboard, score
from odd_bench.cli.train import train
from odd_bench.cli.view import view
from odd_bench.cli.weights import app as weights_app
from odd_bench.errors import OddBenchError


class Commands(typer.Typer):
    """The app. When called, it builds only the command that the first argument names: building all of them takes 30 ms."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        words = args[0] if args else options.get("args")
        asked = list(sys.argv[1:] if words is None else words)[:1]
        alone = copy(self)
        alone.registered_commands = [
            info for info in self.registered_commands if [info.name or info.callback.__name__] == asked
        ]
        alone.registered_groups = [info for info in self.registered_groups if [info.name] == asked]
        found = alone.registered_commands or alone.registered_groups
        return super(Commands, alone if found else self).__call__(*args, **options)


app = Commands(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Find the odd one out among several instances of an object, from a few views.",
)
app.command()(demo)
app.command()(detect)
app.command()(view)
app.add_typer(generate_app, name="generate")
app.command()(train)
app.command()(predict)
app.command()(score)
app.command()(leaderboard)
app.add_typer(reproduce_app, name="reproduce")
app.add_typer(data_app, name="data")
app.add_typer(assets_app, name="assets")
app.add_typer(config_app, name="config")
app.add_typer(weights_app, name="weights")


THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}  # read when torch is loaded; spinning is 10 to 20 times as slow on busy cores


def say_version(wanted: bool) -> None:
    """Print the version and exit."""
    if wanted:
        from odd_bench import __version__

        typer.echo(f"odd-bench {__version__}")
        raise typer.Exit()


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=say_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Find the odd one out among several instances of an object, from a few views."""


@app.command()
def doctor() -> None:
    """List what each command needs, what is missing on this machine and how to get it."""
    from odd_bench.cli.needs import report

    report()


def main() -> None:
    """Console entry point. Errors meant for the user are printed without a traceback."""
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    atexit.register(gc.freeze)  # Python would search all remaining objects for cycles, though the process ends anyway
    _take_any_text()
    try:
        app()
    except OddBenchError as error:
        _end(error)
    except ModuleNotFoundError as error:
        from odd_bench.cli.needs import missing_package

        _end(missing_package(error, " ".join(sys.argv[1:2])))
    except OSError as error:
        from odd_bench.atomic import told_by_system

        _end(told_by_system(error))


def _end(error: OddBenchError) -> NoReturn:
    from odd_bench.scoring.text import escaped, visible_lines

    told = visible_lines(str(error)) if error.in_lines else "".join(map(escaped, str(error)))
    typer.secho(f"error: {told}", fg="red", err=True)
    sys.exit(error.exit_code)


def _take_any_text() -> None:
    """Print what the terminal cannot show, such as bytes of a file name that are not text, as `\\udcff` instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
