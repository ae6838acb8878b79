"""The report folder: score.json, report.html, tables.md and table.tex."""

from __future__ import annotations

from pathlib import Path

from odd_bench.report.gallery import NoPictures, gallery, open_pictures
from odd_bench.report.html_report import html_report
from odd_bench.report.tables import latex_table, markdown_report
from odd_bench.scoring.document import write_score
from odd_bench.scoring.score import Scored

SCORE = "score.json"


def report_folder(predictions: Path) -> Path:
    """Where the report of a run's prediction file stands: `test-seen.json` has `test-seen-report/`."""
    return predictions.with_name(f"{predictions.name.split('.')[0]}-report")


def write_report(folder: Path, scored: Scored) -> list[str]:
    """Write the four files. Returns lines for the user: where they are, and what is missing from them."""
    folder.mkdir(parents=True, exist_ok=True)
    document = scored.document
    pictures, note = failure_pictures(scored)
    write_score(folder / SCORE, document)
    (folder / "report.html").write_text(html_report(document, pictures))
    (folder / "tables.md").write_text(markdown_report(document))
    (folder / "table.tex").write_text(latex_table(document))
    return [f"report: {folder / 'report.html'} (and score.json, tables.md, table.tex)", *([note] if note else [])]


def failure_pictures(scored: Scored) -> tuple[str, str]:
    """HTML of the failure gallery, and why it is empty."""
    part = next(iter(scored.document["result"]["protocols"].values()))
    scenes = part["worst_scenes"]
    if not scenes:
        return "", ""
    predictions = scored.checked.predictions
    views = dict(zip(predictions.scene_names, predictions.views, strict=True))
    try:
        dataset = open_pictures(scored.checked.truth_path.parent, [scene["name"] for scene in scenes])
        return gallery(dataset, scenes, views), ""
    except NoPictures as reason:
        return "", f"no pictures in the failure gallery: {reason}"
