"""The page of a figure: Markdown with a table for each protocol, the meaning of its brackets, and reasons for missing ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.data.folder import read_description
from odd_bench.report.tables import cell
from odd_bench.reproduce.predicted import Source
from odd_bench.scoring.bootstrap import Estimate
from odd_bench.scoring.document import estimate_json
from odd_bench.scoring.interval import LEVEL
from odd_bench.scoring.protocol import METRICS_VERSION
from odd_bench.scoring.summary import explained_text, number


@dataclass(frozen=True)
class Section:
    """title, rule: of the protocol. head: names of the columns. rows: texts."""

    title: str
    rule: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def lines(self) -> list[str]:
        table = [self.head, ["---"] * len(self.head), *self.rows]
        table_rows = ["| " + " | ".join(cell(text) for text in row) + " |" for row in table]
        return [f"## {self.title}", "", self.rule, "", *table_rows, "", *([self.note, ""] if self.note else [])]


INTERVALS = f"Brackets contain the {LEVEL:.0%} interval of a cluster bootstrap over base shapes, or the reason why there is none."


def of_what(source: Source, protocol: str) -> str:
    """Data set, split, weights, protocol and metrics version, for titles."""
    name = read_description(source.data).name
    return f"{name}, {source.split}, weights {source.weights.name}: {protocol}, metrics version {METRICS_VERSION}"


def write_page(path: Path, title: str, sections: Iterable[Section], pictures: Iterable[Path]) -> str:
    """Write the page atomically; returns its text. pictures: shown below the tables."""
    lines = [f"# {title}", "", INTERVALS, "", *(line for section in sections for line in section.lines())]
    lines += [f"![{title}]({picture.name})" for picture in pictures if picture.suffix == ".png"]
    text = "\n".join(lines) + "\n"
    write_atomically(path, text.encode())
    return text


def estimate_text(estimate: Estimate | None) -> str:
    """`0.8915 [0.8812, 0.9011]`, with the reason in place of a missing interval."""
    return "-" if estimate is None else explained_text(estimate_json(estimate))


def factor_texts(factors: dict[str, float | None]) -> list[str]:
    """The three factors of an AUC under `detect`."""
    return [number(factors[name]) for name in FACTORS]


FACTORS = {
    "recall_anomalous": "recall of odd objects",
    "normal_share": "matched normals over normals and false boxes",
    "auc_matched": "AUC of the matched",
}
