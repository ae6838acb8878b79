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
ALARMS = "Normal objects called anomalous, and boxes that match no object, the surest first."
MISSES = "Anomalous objects that were not found, then those called normal, the surest first."


def report_folder(predictions: Path) -> Path:
    """Where the report of a run's prediction file stands: `test-seen.json` has `test-seen-report/`."""
    return predictions.with_name(f"{predictions.name.split('.')[0]}-report")


def write_report(folder: Path, scored: Scored) -> list[str]:
    """Write the four files, each whole or not at all. Returns lines for the user: where they are, and what is missing from them."""
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
    """HTML of the worst scenes and mistakes, and why there is none."""
    judged = next(iter(scored.judged.values()))
    if (judged.correct | ~judged.counted).all() and not judged.false_boxes.any():
        return Pictures(), ""
    try:
        return draw_pictures(scored), ""
    except NoPictures as reason:
        return Pictures(), f"no pictures in the failure gallery: {reason}"
