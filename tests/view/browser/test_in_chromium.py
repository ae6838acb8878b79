"""The page draws, reacts to keys and clicks, logs no error, uses no network, and reports when the server has ended."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from odd_bench.view.browser.opening import Wanted, open_collection
from odd_bench.view.browser.panel import NEXT, NOTHING, Panel
from odd_bench.view.browser.recording import record
from odd_bench.view.browser.serving import ENDED, HOST, started
from tests.data.folders import planned_record, write_dataset
from tests.view.browser.chromium import PROGRAM, chromium, until
from tests.view.browser.worlds import write_answers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not Path(PROGRAM).exists(), reason=f"needs {PROGRAM}"),
]
SCENE_AREA = (slice(100, 600), slice(320, 870))  # in a picture of the page: right of notices, left of the panel


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    kinds = (("mug", 0), ("mug", 1), ("fish", 0), ("mug", 2), ("fish", 1))
    write_dataset(folder, [planned_record("val", kind, number, 0, pixels=48, views=4) for kind, number in kinds])
    return open_collection(write_answers(folder, "val"), Wanted(folder))


def strong_colors(page, path):
    """The number of pixels of the scene that are far from grey."""
    area = np.asarray(Image.open(page.picture(path)).convert("RGB")).astype(int)[SCENE_AREA]
    return int((np.ptp(area, axis=-1) > 90).sum())


def test_a_page_of_the_server_works(collection, tmp_path):
    with chromium(tmp_path / "profile") as page:
        with started(18090) as server:
            panel = Panel(server, collection)
            page.open(f"http://{HOST}:{server.get_port()}")
            page.wait_for_text(panel.names[0])
            until(lambda: strong_colors(page, tmp_path / "page.png") > 300, "boxes being drawn")
            page.press("n")
            page.wait_for_text(f"2 of {len(panel.names)} scenes")
            page.click_text(NEXT)
            page.wait_for_text(f"3 of {len(panel.names)} scenes")
            page.press("p")
            page.wait_for_text(f"2 of {len(panel.names)} scenes")
            assert panel.name == panel.names[1]
            search(page, panel)
        page.wait_for_text(ENDED)
        foreign = [one for one in page.requests if not one.startswith(("blob:", "data:", f"http://{HOST}"))]
        assert foreign == []
        refused = [one for one in page.messages if "WebSocket" not in one and "ERR_CONNECTION_REFUSED" not in one]
        assert refused == []


def search(page, panel):
    """Letters typed into the search, N and P included, shorten the list to the matches; without them it is complete."""
    whole = list(panel.names)
    page.click_field("Search")
    for typed, words in (("fish", "fish"), ("n", "fishn")):
        found = [name for name in whole if words in name]
        for letter in typed:
            page.press(letter)
        until(lambda words=words: panel.words.value == words, "letters being received")
        page.wait_for_text(f"1 of {len(found)} scenes" if found else NOTHING)
        assert (panel.words.value, panel.names) == (words, found)
        assert len(found) < len(whole) and panel.name in (found or whole)
    page.erase()
    page.wait_for_text(f"of {len(whole)} scenes")
    for letter in "fish":
        page.press(letter)
    page.wait_for_text("1 of 2 scenes")
    page.click_field("Scene")
    options = "[...document.querySelectorAll('[role=option]')].filter(e => e.checkVisibility()).map(e => e.textContent.trim())"
    until(lambda: page.evaluate(options) == [name for name in whole if "fish" in name], "the two scenes being listed")


def test_a_recorded_page_works(collection, tmp_path):
    path = record(collection, collection.names[:1], tmp_path / "page.html")
    with chromium(tmp_path / "profile") as page:
        page.open(path.as_uri())
        until(lambda: strong_colors(page, tmp_path / "page.png") > 300, "boxes being drawn")
        assert page.messages == []
        assert [one for one in page.requests if not one.startswith(("blob:", "data:", "file:"))] == []
