"""One bad address or reply costs only its own entry, without a traceback, and calls never share a folder."""

import json
import socketserver
import threading
from contextlib import contextmanager

import pytest

from odd_bench.assets.archive import unpack
from odd_bench.assets.fetch import AT_WORK, fetch
from odd_bench.assets.manifest_file import parse
from odd_bench.locking import InUse, locked
from tests.assets.test_fetch import HEAD, zipped

DEAD = "http://127.0.0.1:9"
ADDRESSES = ("http://[", "http://127.0.0.1:99999/a", "http://127.0.0.1:x/a", "http:///a", f"{DEAD}/a",
             "http://\u2603\ud83d\ude00.invalid..x/a", "http://a\u3002\u3002b/a", "http://" + "x" * 300 + "/a")  # fmt: skip
REPLIES = {
    "a length of 5,000 digits": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabc",
    "a length in other digits": "HTTP/1.1 200 OK\r\nContent-Length: \u0663\r\n\r\nabc".encode(),
    "a length below nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
    "a status of words": b"HTTP/1.1 fine\r\n\r\n",
    "no reply at all": b"",
    "bytes": bytes(range(256)),
    "a header without end": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000,
    "a thousand headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    "a redirection to a file": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
    "a redirection to nowhere": b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n",
    "a redirection to itself": b"HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n",
    "a chunk of no size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc",
    "a range of nothing": b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/" + b"9" * 5000 + b"\r\n\r\nabc",
}  # fmt: skip


@contextmanager
def replying(reply: bytes):
    """A server that gives the same reply to every request; yields its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(1 << 16)
            self.request.sendall(reply)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def with_a_good_one(host, url):
    """A collection of something bad followed by something good."""
    host.files = {"good": b"light"}
    entries = [{"name": "bad", "url": url, "sha256": "0" * 64}, {"name": "good", "url": host.url("good")}]
    return parse(HEAD + "entries: " + json.dumps(entries), "t", "t.yaml")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_bad_address_costs_only_its_own_entry(host, tmp_path, address):
    outcome = fetch(with_a_good_one(host, address), tmp_path / "t", wait_s=0.0)
    assert outcome.fetched == ["good"] and set(outcome.failed) == {"bad"}


@pytest.mark.parametrize("reply", REPLIES)
def test_a_bad_reply_costs_only_its_own_entry(host, tmp_path, reply):
    with replying(REPLIES[reply]) as address:
        outcome = fetch(with_a_good_one(host, f"{address}/a"), tmp_path / "t", wait_s=0.0)
    assert outcome.fetched == ["good"] and set(outcome.failed) == {"bad"}


def test_a_host_that_cannot_be_reached_is_asked_once(host, tmp_path):
    host.files = {"good": b"light"}
    entries = [{"name": f"dead-{i}", "url": f"{DEAD}/{i}"} for i in range(3)] + [
        {"name": "good", "url": host.url("good")}
    ]
    outcome = fetch(parse(HEAD + "entries: " + json.dumps(entries), "t", "t.yaml"), tmp_path / "t", wait_s=0.0)
    assert outcome.fetched == ["good"] and set(outcome.failed) == {"dead-0", "dead-1", "dead-2"}
    assert len(set(outcome.failed.values())) == 1


@pytest.mark.parametrize("written", ["t\u00e4st \u96ea.bin", "t%C3%A4st%20%E9%9B%AA.bin"])
def test_an_address_may_contain_accents_and_blanks(host, tmp_path, written):
    host.files = {"t%C3%A4st%20%E9%9B%AA.bin": b"light"}
    entries = [{"name": "a", "file": "a.bin", "url": host.url(written)}]
    outcome = fetch(parse(HEAD + "entries: " + json.dumps(entries), "t", "t.yaml"), tmp_path / "t", wait_s=0.0)
    assert outcome.fetched == ["a"] and (tmp_path / "t/downloads/a.bin").read_bytes() == b"light"


def test_a_second_call_in_the_folder_is_refused_and_changes_nothing(host, tmp_path):
    host.files = {"good": b"light"}
    manifest = parse(HEAD + "entries: " + json.dumps([{"name": "good", "url": host.url("good")}]), "t", "t.yaml")
    with locked(tmp_path / AT_WORK), pytest.raises(InUse):
        fetch(manifest, tmp_path, wait_s=0.0)
    assert [path.name for path in tmp_path.iterdir()] == [AT_WORK] and not host.requests
    assert fetch(manifest, tmp_path, wait_s=0.0).fetched == ["good"]


def test_unpacking_changes_no_other_file(tmp_path):
    """Not even a file with the name of a temporary file of the unpacked one."""
    (tmp_path / "a.zip").write_bytes(zipped({"mesh.obj": b"v 0 0 0\n"}))
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "thesis.txt").write_text("years")
    unpack(tmp_path / "a.zip", tmp_path / "out", "zip")
    assert (tmp_path / "out.part" / "thesis.txt").read_text() == "years"
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "out", "out.part"}
