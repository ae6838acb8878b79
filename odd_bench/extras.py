"""How an extra of this package is installed: from where the package itself came."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

PACKAGE = "odd-bench"


def install_command(extra: str) -> str:
    """The command that adds an extra, such as `pip install -e '.[train]'` in the checkout that is installed."""
    options, place = _origin()
    return f"pip install {options}'{place}[{extra}]'"


def _origin() -> tuple[str, str]:
    """Options and what to install: a checkout, a file or, of an index, the name of the package."""
    origin = _recorded() or _checkout()
    url = urlsplit(origin.get("url", ""))
    if url.scheme != "file":
        return "", PACKAGE
    place = Path(unquote(url.path))
    options = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return options, "." if place == Path.cwd() else str(place)


def _recorded() -> dict[str, Any]:
    """What pip wrote down of where the package came from (PEP 610); nothing where it came from an index or was not installed."""
    try:
        return json.loads(metadata.distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except metadata.PackageNotFoundError:
        return {}


def _checkout() -> dict[str, Any]:
    """The checkout that the package is run from, if it is one: what is built there hides what pip wrote down."""
    root = Path(__file__).parents[1]
    return {"url": root.as_uri(), "dir_info": {"editable": True}} if (root / "pyproject.toml").is_file() else {}
