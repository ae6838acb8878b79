"""The report folder: score.json, report.html, tables.md and table.tex."""

from __future__ import annotations

from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.report.gallery import NoPictures, Pictures, draw_pictures
from odd_bench.report.html_report import html_report, mistake_section
from odd_bench.report.tables import latex_table, markdown_report
from odd_bench.scoring.document import write_score
from odd_bench.scoring.score import Scored

SCORE = "score.json"
ALARMS = "Normal objects that are called anomalous, and boxes that match no object, in order of confidence."
MISSES = "Anomalous objects that were not found, then those that are called normal, in order of confidence."


def report_folder(predictions: Path) -> Path:
    """The folder of the report of a run's prediction file: `test-seen-report/` for `test-seen.json`."""
    return predictions.with_name(f"{predictions.name.split('.')[0]}-report")


def write_report(folder: Path, scored: Scored) -> list[str]:
    """Write the four files atomically. Returns lines for the user: the paths, and what is missing in the report."""
    folder.mkdir(parents=True, exist_ok=True)
    document = scored.document
    pictures, note = failure_pictures(scored)
    mistakes = mistake_section("Worst false alarms", ALARMS, pictures.alarms)
    mistakes += mistake_section("Worst misses", MISSES, pictures.misses)
    write_score(folder / SCORE, document)
    pages = {
        "report.html": html_report(document, pictures.scenes, mistakes),
        "tables.md": markdown_report(document),
        "table.tex": latex_table(document),
    }
    for name, text in pages.items():
        write_atomically(folder / name, text.encode())
    return [f"report: {folder / 'report.html'} (and score.json, tables.md, table.tex)", *([note] if note else [])]


def failure_pictures(scored: Scored) -> tuple[Pictures, str]:
    """The HTML of the worst scenes and mistakes, or the reason why there is none."""
    judged = next(iter(scored.judged.values()))
    if (judged.correct | ~judged.counted).all() and not judged.false_boxes.any():
        return Pictures(), ""
    try:
        return draw_pictures(scored), ""
    except NoPictures as reason:
        return Pictures(), f"the report shows no pictures of failures: {reason}"
