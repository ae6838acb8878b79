"""The command that installs an extra of this package from the same origin as the package itself."""

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
    """Options of pip and the origin: a checkout, a file or, for an index, the name of the package."""
    origin = _recorded() or _checkout()
    url = urlsplit(origin.get("url", ""))
    if url.scheme != "file":
        return "", PACKAGE
    place = Path(unquote(url.path))
    options = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return options, "." if place == Path.cwd() else str(place)


def _recorded() -> dict[str, Any]:
    """The origin that pip recorded (PEP 610); empty if the package came from an index or is not installed."""
    try:
        return json.loads(metadata.distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except metadata.PackageNotFoundError:
        return {}


def _checkout() -> dict[str, Any]:
    """The checkout that the package is run from, if there is one: build files in it hide the origin that pip recorded."""
    root = Path(__file__).parents[1]
    return {"url": root.as_uri(), "dir_info": {"editable": True}} if (root / "pyproject.toml").is_file() else {}
