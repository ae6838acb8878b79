"""How an extra of this package is installed: from where the package itself came."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

PACKAGE = "odd-bench"


def install_command(extra: str) -> str:
    """The command that adds an extra, such as `pip install -e '.[train]'` in the checkout that is installed."""
    options, place = _origin()
    return f"pip install {options}'{place}[{extra}]'"


def _origin() -> tuple[str, str]:
    """Options and what to install: a checkout, a file or, of an index, the name of the package."""
    try:
        told = json.loads(metadata.distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except metadata.PackageNotFoundError:  # run from a checkout that nobody installed
        told = {"url": Path(__file__).parents[1].as_uri(), "dir_info": {"editable": True}}
    url = urlsplit(told.get("url", ""))
    if url.scheme != "file":
        return "", PACKAGE
    place = Path(unquote(url.path))
    options = "-e " if told.get("dir_info", {}).get("editable") else ""
    return options, "." if place == Path.cwd() else str(place)
