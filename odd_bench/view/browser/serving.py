"""The server of the view. It serves only this machine; when it is stopped, it informs the open pages."""

from __future__ import annotations

import contextlib
import io
import signal
import threading
import webbrowser
from collections.abc import Callable, Iterator

import viser

from odd_bench.errors import WrongUse
from odd_bench.view.browser.collection import Collection
from odd_bench.view.browser.panel import Panel

HOST, PORT = "127.0.0.1", 8080
LAST_WORD_S = 0.5  # time for the pages to receive the last message
ENDED = "odd-bench view has stopped"


def serve(collection: Collection, port: int, first: str | None, open_page: bool, say: Callable[[str], None]) -> None:
    """Serve the collection until Ctrl-C or SIGTERM. port: the first free port from this one is used."""
    with started(port) as server:
        Panel(server, collection, first)
        address = f"http://{HOST}:{server.get_port()}"
        say(f"{collection.title}\n{address}  (Ctrl-C stops the server)")
        if open_page:
            webbrowser.open(address)
        wait_for_end()


@contextlib.contextmanager
def started(port: int, label: str = "odd-bench") -> Iterator[viser.ViserServer]:
    """A server on the loopback address. It informs its pages when it stops."""
    with contextlib.redirect_stdout(io.StringIO()):  # viser prints its addresses in a table of its own
        try:
            server = viser.ViserServer(host=HOST, port=port, label=label, verbose=False)
        except OSError as error:
            raise WrongUse(f"--port {port}: found {error}; expected a free port") from error
    server.request_share_url = lambda verbose=True: None  # no page may request a tunnel to the outside
    try:
        yield server
    finally:
        say_goodbye(server)
        with contextlib.redirect_stdout(io.StringIO()):
            server.stop()


def say_goodbye(server: viser.ViserServer) -> None:
    """Tell every open page that the server has stopped."""
    clients = server.get_clients().values()
    for client in clients:
        body = "This page no longer answers. Run the command again and reload the page."
        client.add_notification(ENDED, body, with_close_button=False, auto_close_seconds=None, color="red")
    if clients:
        server.flush()
        threading.Event().wait(LAST_WORD_S)


def wait_for_end() -> None:
    """Return at Ctrl-C or SIGTERM."""
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not ended.wait(0.5):
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
