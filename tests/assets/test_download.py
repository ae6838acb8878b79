import hashlib
import socket

import numpy as np
import pytest

from odd_bench.assets.checksums import Remote, sums
from odd_bench.assets.download import AGENT, Unreachable, download
from odd_bench.data.errors import DataError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
MD5, SHA256 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def there(host):
    host.files["a.bin"] = CONTENT
    return host


def get(host, folder, **known):
    return download(Remote(host.url("a.bin"), "a.bin", **known), folder / "a.bin", wait_s=0.0)


def leftovers(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_with_the_right_checksums(there, tmp_path):
    found = get(there, tmp_path, size_bytes=len(CONTENT), md5=MD5, sha256=SHA256)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert found == sums(tmp_path / "a.bin") and (found.md5, found.sha256) == (MD5, SHA256)
    assert leftovers(tmp_path) == ["a.bin"] and there.agents == {AGENT}


@pytest.mark.parametrize("tagged", [True, False])
def test_an_interrupted_download_continues_where_it_stopped(there, tmp_path, tagged):
    there.tagged = tagged
    there.breaks["a.bin"] = [1_000_000, 500_000]
    assert get(there, tmp_path, md5=MD5).sha256 == SHA256
    assert [asked for _, asked in there.requests] == [None, "bytes=1000000-", "bytes=1500000-"]


def test_the_received_piece_is_kept_for_the_next_call_after_too_many_breaks(there, tmp_path):
    there.breaks["a.bin"] = [100_000] * 4
    with pytest.raises(DataError, match=r"400,000 bytes of 3,000,000, 4 times.*Run the same command again"):
        get(there, tmp_path)
    assert leftovers(tmp_path) == ["a.bin.part", "a.bin.part.tag"]
    assert get(there, tmp_path).sha256 == SHA256
    assert there.requests[-1][1] == "bytes=400000-"


def test_a_file_that_changed_in_between_is_fetched_from_the_start(there, tmp_path):
    there.breaks["a.bin"] = [100_000] * 4
    with pytest.raises(DataError):
        get(there, tmp_path)
    there.files["a.bin"] = CONTENT[::-1]
    assert get(there, tmp_path).sha256 == hashlib.sha256(CONTENT[::-1]).hexdigest()


def test_a_download_without_tag_and_checksum_is_not_continued(there, tmp_path):
    there.tagged = False
    there.breaks["a.bin"] = [100_000]
    assert get(there, tmp_path).sha256 == SHA256
    assert [asked for _, asked in there.requests] == [None, None]


def test_a_server_without_ranges_sends_everything_again(there, tmp_path):
    there.ranges = False
    there.breaks["a.bin"] = [100_000]
    assert get(there, tmp_path).sha256 == SHA256


def test_a_complete_part_file_is_not_fetched_again(there, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    assert get(there, tmp_path, size_bytes=len(CONTENT), md5=MD5).sha256 == SHA256
    assert not there.requests
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    assert get(there, tmp_path, md5=MD5).sha256 == SHA256
    assert there.requests == [("a.bin", "bytes=3000000-")]


def test_a_piece_longer_than_the_file_is_dropped(there, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT + b"more")
    assert get(there, tmp_path, md5=MD5).sha256 == SHA256


@pytest.mark.parametrize("field", ["md5", "sha256"])
def test_a_wrong_checksum_is_reported_and_nothing_is_kept(there, tmp_path, field):
    wrong = {"md5": "0" * 32, "sha256": "0" * 64}[field]
    with pytest.raises(DataError, match=rf"a\.bin: found {field} .* expected {wrong}") as failure:
        get(there, tmp_path, **{field: wrong})
    assert {"md5": MD5, "sha256": SHA256}[field] in str(failure.value)
    assert leftovers(tmp_path) == []


def test_a_wrong_length_is_reported_before_anything_is_received(there, tmp_path):
    with pytest.raises(DataError, match="found 3,000,000 bytes, expected 2,999,999 as in the manifest"):
        get(there, tmp_path, size_bytes=2_999_999)
    assert leftovers(tmp_path) == []


def test_status_codes_are_reported_and_busy_servers_are_asked_again(there, tmp_path):
    there.faults["a.bin"] = 404
    with pytest.raises(DataError, match="HTTP 404"):
        get(there, tmp_path)
    assert len(there.requests) == 1
    there.faults["a.bin"] = 503
    with pytest.raises(DataError, match="HTTP 503, 4 times"):
        get(there, tmp_path)
    assert len(there.requests) == 5


def test_a_missing_network_is_distinguished_from_a_bad_file(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        download(Remote(f"http://127.0.0.1:{port}/a", "a"), tmp_path / "a", wait_s=0.0)
