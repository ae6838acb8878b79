"""Problems of an input file. They are collected first, then reported together, grouped by kind."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from odd_bench.counted import counted
from odd_bench.errors import WrongUse
from odd_bench.scoring.text import visible_lines

SHOWN_PER_KIND = 5
SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Problem:
    """One error in an input file, or a warning about something that is probably a mistake.

    path: place in the file, for example `scenes["a"].objects[2].box`.
    """

    kind: str
    path: str
    found: str
    expected: str
    hint: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.found} -> {self.expected}. {self.hint}"


class ScoringError(WrongUse):
    """Raised for input that cannot be scored. `problems` holds all problems, not only the first."""

    in_lines = True

    def __init__(self, problems: list[Problem]):
        count = len(errors_in(problems))
        super().__init__(f"{counted(count, 'problem')}, nothing scored\n{problem_report(problems)}")
        self.problems = problems


def errors_in(problems: list[Problem]) -> list[Problem]:
    """The problems that prevent scoring: all except warnings."""
    return [problem for problem in problems if not problem.warning]


def problem_report(problems: list[Problem]) -> str:
    """The problems as text: for each kind a heading with its count, then the first five as `path: found -> expected. hint`."""
    lines = []
    for kind, count in Counter(problem.kind for problem in problems).items():
        of_kind = [problem for problem in problems if problem.kind == kind]
        lines.append(f"{kind} ({count}{', warning' if of_kind[0].warning else ''})")
        lines += [f"  {problem}" for problem in of_kind[:SHOWN_PER_KIND]]
        if count > SHOWN_PER_KIND:
            lines.append(f"  and {count - SHOWN_PER_KIND:,} more")
    return visible_lines("\n".join(lines))


def warning_lines(problems: list[Problem]) -> list[str]:
    """One line for each of the first five problems of every kind, then one with the number of the others."""
    lines = []
    for kind, count in Counter(problem.kind for problem in problems).items():
        lines += [f"{kind}: {problem}" for problem in problems if problem.kind == kind][:SHOWN_PER_KIND]
        lines += [f"{kind}: and {count - SHOWN_PER_KIND:,} more"] if count > SHOWN_PER_KIND else []
    return lines


def problems_json(problems: list[Problem]) -> list[dict[str, Any]]:
    """All problems as a list for JSON."""
    return [asdict(problem) for problem in problems]


def shown(value: Any) -> str:
    """A value as JSON in ASCII, shortened to SHOWN_CHARACTERS."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."


def at(*keys: str | int) -> str:
    """A path in the file: identifiers as `.name`, other names as `["name"]`, positions as `[3]`; `file` without keys."""
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        elif key.isidentifier() and len(key) <= SHOWN_CHARACTERS:
            path += f".{key}" if path else key
        else:
            path += f"[{shown(key)}]"
    return path or "file"
