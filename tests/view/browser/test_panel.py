"""The controls choose what is drawn; these tests need no browser."""

import pytest

from odd_bench.view.browser.opening import Wanted, open_collection
from odd_bench.view.browser.panel import Panel
from odd_bench.view.browser.recording import record
from odd_bench.view.browser.serving import started
from tests.data.folders import planned_record, write_dataset
from tests.view.browser.worlds import write_answers

PORT = 18080


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_dataset(folder, [planned_record("val", "mug", number, 0, pixels=48, views=4) for number in range(3)])
    return open_collection(write_answers(folder, "val"), Wanted(folder))


@pytest.fixture
def panel(collection):
    with started(PORT) as server:
        yield Panel(server, collection)


def states(panel):
    return [box.state for box in panel.stage.boxes]


def test_next_and_previous_wrap_around(panel):
    seen = [panel.name]
    for _ in panel.names:
        panel.step(1)
        seen.append(panel.name)
    assert sorted(seen[:-1]) == sorted(panel.collection.names) and seen[0] == seen[-1]
    panel.step(-1)
    assert panel.name == seen[-2]


def test_the_first_scene_is_the_worst(panel):
    wrong = panel.collection.answers.wrong(None)
    assert wrong[panel.name] == max(wrong.values())


def test_a_threshold_redraws_only_the_scene_with_its_states(panel):
    for threshold in (-1.0, 0.4, 2.0):
        panel.change(threshold=threshold)
        expected = [box.state for box in panel.collection.answers.boxes(panel.name, threshold)]
        assert states(panel) == expected
    assert "found" not in states(panel)


def test_a_search_without_results_keeps_the_scene(panel):
    before = panel.name
    panel.words.value = "nothing-is-called-so"
    panel.search()
    assert panel.names == [] and panel.name == before
    panel.step(1)
    assert panel.name == before


def test_every_display_mode_can_be_drawn(panel):
    assert panel.collection.has_maps
    for points in ("anomaly maps", "truth", "picture", "none", "suspicion"):
        for switched in (False, True):
            panel.change(points=points, cameras=switched, labels=not switched, truth=switched)
    assert states(panel) == [box.state for box in panel.collection.answers.boxes(panel.name, None)]


def test_a_recorded_page_contains_all_it_needs(collection, tmp_path):
    page = record(collection, collection.names[:2], tmp_path / "page.html").read_text()
    assert page.startswith("<!") and "__VISER_EMBED_DATA__" in page
    assert 'src="http' not in page and 'href="http' not in page
