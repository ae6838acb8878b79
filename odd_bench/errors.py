"""The error that is for the user: its message says where, what was found, what was expected and a hint."""

from __future__ import annotations


class OddBenchError(Exception):
    """Something the user can mend. exit_code: 1 = the work failed, 2 = the command or its input was wrong."""

    exit_code = 1


class WrongUse(OddBenchError):
    """A command, configuration or input file that cannot be used as it is."""

    exit_code = 2
