"""Tables of manifests."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table

from odd_bench.assets.fetch import by_hand
from odd_bench.assets.manifest import Entry, Manifest


def overview(manifests: Sequence[Manifest]) -> Table:
    """One line for each collection."""
    table = Table("name", "content", "how to get it", "licence", "entries", "size", box=None, pad_edge=False)
    for one in manifests:
        table.add_row(
            one.name, one.title, one.obtain, one.licence.name, str(len(one.entries) or "-"), _size(one.entries)
        )
    return table


def details(manifest: Manifest) -> Group:
    """One collection with all its entries."""
    about = Table.grid(padding=(0, 2))
    licence = " ".join(filter(None, (manifest.licence.name, manifest.licence.url, manifest.licence.note)))
    lines = {
        "content": manifest.title,
        "kind": manifest.kind,
        "source": manifest.source,
        "licence": licence,
        "note": manifest.note,
    }
    for key, value in lines.items():
        if value:
            about.add_row(key, value.strip())
    about.add_row("how to get it", f"{manifest.obtain}\n{by_hand(manifest)}")
    if not manifest.entries:
        return Group(about)
    table = Table("entry", "category", "split", "size", "checksum", box=None, pad_edge=False)
    for entry in manifest.entries:
        checksum = entry.sha256 or entry.md5 or ("from the API" if entry.polyhaven else "-")
        table.add_row(entry.name, entry.category or "-", ", ".join(entry.split), _size([entry]), checksum)
    return Group(about, "", table)


def _size(entries: Sequence[Entry]) -> str:
    """Total size of the entries, if the manifest states all of them."""
    sizes = [entry.size_bytes for entry in entries]
    if not sizes or None in sizes:
        return "-"
    total = sum(sizes)
    return f"{total / 1e9:.1f} GB" if total >= 1e9 else f"{total / 1e6:.1f} MB"
