"""Addresses, lengths and checksums of an asset's files from the Poly Haven API.

The terms of the API require a User-Agent that names the program, and the credit "Powered by Poly Haven".
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from odd_bench.assets.checksums import Remote
from odd_bench.assets.download import get_text
from odd_bench.assets.manifest import Entry, PolyHaven
from odd_bench.data.errors import DataError
from odd_bench.names import name_problem

ENVIRONMENT = "hdri"  # name in the API


def remotes(entry: Entry, api: str) -> tuple[Remote, ...]:
    """The files of an entry: an environment, or the maps of a texture in a separate folder."""
    asked = entry.polyhaven
    url = f"{api}/files/{asked.id}"
    text = get_text(url)
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(url, f"{text[:60]!r}", "JSON") from error
    if not asked.maps:
        return (_remote(tree, ENVIRONMENT, asked, f"environments/{entry.name}.{asked.format}", url),)
    return tuple(_remote(tree, name, asked, f"floors/{entry.name}/", url) for name in asked.maps)


def _remote(tree: dict, kind: str, asked: PolyHaven, path: str, where: str) -> Remote:
    """One file of the API's tree; the file name is appended to a path that ends in a slash."""
    node = tree
    for key in (kind, asked.resolution, asked.format):
        if not isinstance(node, dict) or key not in node:
            found = sorted(node) if isinstance(node, dict) else type(node).__name__
            raise DataError(where, f"{found}", f"{key!r} in the path {kind}/{asked.resolution}/{asked.format}")
        node = node[key]
    try:
        url, size, md5 = str(node["url"]), int(node["size"]), str(node["md5"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(where, f"{node}", "url, size and md5") from error
    if not url.startswith(("https://", "http://")):
        raise DataError(where, f"url {url!r}", "http or https")
    name = PurePosixPath(url).name
    if problem := name_problem(name):
        raise DataError(where, f"{problem}: {name[:60]!r}", "a file name at the end of the url")
    return Remote(url, path + name if path.endswith("/") else path, size, md5)
