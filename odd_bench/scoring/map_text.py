"""The metrics of anomaly maps as lines of text."""

from __future__ import annotations

from typing import Any

from odd_bench.counted import counted

MAP_METRICS = {
    "pixel_auroc": "pixel AUROC",
    "aupro_05": "AUPRO to 5 % false",
    "aupro_30": "AUPRO to 30 % false",
    "peak_in_change": "highest pixel in change",
}
DOMAIN_NAMES = {"found": "pixels of found objects", "all": "all pixels"}


def coverage_text(part: dict[str, Any]) -> str:
    """One line: the number of views and scenes that were scored, and those that were not."""
    differ = f", {part['fewest']} to {part['most']} per scene" if part["fewest"] < part["most"] else ""
    notes = [f"{counted(part['views'], 'view')} of {counted(part['scenes'], 'scene')}{differ}"]
    if part["absent"]:
        notes.append(f"{counted(part['absent'], 'view')} without a map, scored as a map of zeros")
    if part["unknown"]:
        notes.append(f"{counted(part['unknown'], 'scene')} whose changed pixels are not known, left out")
    if part["foreign"]:
        notes.append(f"not of this split: {counted(part['foreign'], 'scene')} of the file of maps")
    return "; ".join(notes)


def domain_text(name: str, domain: dict[str, Any]) -> str:
    """One line: the number of changed patches and odd objects in one domain."""
    unseen = domain["odd_objects_unseen"]
    return f"{DOMAIN_NAMES[name]}: {domain['patches']:,} changed patches, {domain['odd_objects']:,} odd objects" + (
        f", {unseen:,} more whose change no view shows" if unseen else ""
    )
