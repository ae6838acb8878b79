"""Headless Chromium through its debugging protocol, with no network but this machine.

It opens a page and gives its console, keys, clicks and pictures.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.sync.client import connect

PROGRAM = "/usr/bin/chromium"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--window-size=1280,800", "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
PATIENCE_S = 120.0  # a software renderer on a busy machine


def until(found: Callable[[], object], what: str) -> object:
    """The result of `found` as soon as it is true. Fails after PATIENCE_S."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.2)
    raise AssertionError(f"{what} did not happen within {PATIENCE_S:.0f} s")


class Refused(Exception):
    """A command that the browser did not carry out, for example on a page that is being left."""


class Page:
    """One page. messages: the errors, exceptions and failed requests that it reported."""

    def __init__(self, socket):
        self.socket, self.number, self.messages, self.requests = socket, 0, [], []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params) -> dict:
        """The result of one command; events that arrive before it are kept."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv(timeout=PATIENCE_S))
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Refused(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def note(self, event: dict) -> None:
        kind, params = event.get("method", ""), event.get("params", {})
        if kind == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif (
            kind in ("Runtime.exceptionThrown", "Network.loadingFailed")
            or (kind == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"))
            or (kind == "Log.entryAdded" and params["entry"]["level"] == "error")
        ):
            self.messages.append(json.dumps(params)[:600])

    def evaluate(self, script: str):
        """The value of a JavaScript expression."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"].get(
            "value"
        )

    def open(self, address: str) -> None:
        self.call("Page.navigate", url=address)
        until(self.is_loaded, f"{address} being loaded")

    def is_loaded(self) -> bool:
        """Whether the requested page is loaded."""
        try:
            return self.evaluate("location.href !== 'about:blank' && document.readyState === 'complete'")
        except Refused:
            return False

    def wait_for(self, script: str):
        return until(lambda: self.evaluate(script), script)

    def wait_for_text(self, text: str) -> None:
        self.wait_for(f"document.body.innerText.includes({json.dumps(text)})")

    def press(self, key: str) -> None:
        """Type one letter on the page."""
        code = {"key": key, "code": f"Key{key.upper()}", "windowsVirtualKeyCode": ord(key.upper())}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=key, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def click_text(self, text: str) -> None:
        """Click the innermost element that shows exactly this text."""
        script = (
            f"(() => {{ const all = [...document.querySelectorAll('*')].filter(e => e.textContent.trim() === {json.dumps(text)});"
            "const r = all[all.length - 1].getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        self.click(*self.evaluate(script))

    def click_field(self, label: str) -> None:
        """Click the field next to a label, so that typed letters go there; the panels of viser hide further fields."""
        script = (
            f"(() => {{ let one = [...document.querySelectorAll('label')].find(e => e.textContent.trim() === {json.dumps(label)});"
            "while (!one.querySelector('input')) one = one.parentElement;"
            "const r = one.querySelector('input').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        self.click(*self.evaluate(script))

    def erase(self) -> None:
        """Empty the field that was clicked."""
        self.evaluate("document.activeElement.select()")
        self.call("Input.dispatchKeyEvent", type="keyDown", key="Backspace", code="Backspace", windowsVirtualKeyCode=8)
        self.call("Input.dispatchKeyEvent", type="keyUp", key="Backspace", code="Backspace", windowsVirtualKeyCode=8)

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path) -> Path:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
        return path


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """A page in a browser of its own with an empty profile."""
    browser = subprocess.Popen(
        [PROGRAM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port_file = profile / "DevToolsActivePort"
        port = str(until(lambda: port_file.is_file() and port_file.read_text(), "Chromium starting")).split()[0]

        def address() -> str | None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = [one for one in json.load(answer) if one["type"] == "page"]
            except OSError:  # not listening yet
                return None
            return pages[0]["webSocketDebuggerUrl"] if pages else None

        with connect(until(address, "a page"), max_size=None) as socket:
            yield Page(socket)
    finally:
        browser.terminate()
        browser.wait(30)
        shutil.rmtree(profile, ignore_errors=True)
