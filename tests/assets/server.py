"""A web server on this machine with the habits and the faults of real ones."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Host:
    """The state of the server.

    files: content by path. breaks: after how many bytes the next replies end, by path. requests: (path, Range) as they came.
    ranges: whether it answers range requests. tagged: whether it sends a version tag of each file. faults: status by path.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    breaks: dict[str, list[int]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    ranges: bool = True
    tagged: bool = True
    address: str = ""

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"


@contextmanager
def serving() -> Iterator[Host]:
    host = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, host)

        def log_message(self, *arguments) -> None:
            """Log nothing: the tests ask the host what was requested."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(request: BaseHTTPRequestHandler, host: Host) -> None:
    path = request.path.lstrip("/")
    asked = request.headers.get("Range")
    host.requests.append((path, asked))
    host.agents.add(request.headers.get("User-Agent", ""))
    if path in host.faults or path not in host.files:
        request.send_error(host.faults.get(path, 404))
        return
    content = host.files[path]
    tag = f'"{hashlib.md5(content).hexdigest()}"'
    start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and host.ranges else 0
    if request.headers.get("If-Range", tag) != tag:
        start = 0
    if asked and start >= len(content):
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{len(content)}")
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    request.send_response(206 if start else 200)
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    if host.tagged:
        request.send_header("ETag", tag)
    request.send_header("Content-Length", str(len(content) - start))
    request.end_headers()
    breaks = host.breaks.get(path, [])
    request.wfile.write(content[start : start + breaks.pop(0)] if breaks else content[start:])
