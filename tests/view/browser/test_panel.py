"""The controls choose what is drawn; these tests need no browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.view.browser.opening import Wanted, open_collection
from odd_bench.view.browser.panel import Panel, legend_html, points_html, round_bounds
from odd_bench.view.browser.recording import record
from odd_bench.view.browser.serving import started
from odd_bench.view.browser.shown_box import COLORS
from tests.captures.worlds import surface_points, walk, write_transforms
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


@given(st.floats(-100, 100), st.floats(1e-6, 100))
def test_bounds_are_round_and_around(low, width):
    from_, to = round_bounds(low, low + width)
    assert from_ <= low + 1e-9 and low + width <= to + 1e-9
    assert to - from_ <= 1.03 * width


def test_bounds_have_few_digits():
    assert round_bounds(0.020904, 0.612766) == (0.02, 0.613)


def test_the_legend_explains_every_state_that_is_drawn_and_no_other(collection, tmp_path):
    """Of a method that finds nothing as well, of a data set alone, and of photographs."""
    folder, capture = tmp_path / "data", tmp_path / "capture"
    write_dataset(folder, [planned_record("val", "mug", number, 0, pixels=48, views=4) for number in range(2)])
    nothing = write_answers(folder, "val", boxes=False)
    capture.mkdir()
    write_transforms(capture, walk(5), points=surface_points())
    opened = [
        collection,
        open_collection(nothing, Wanted(folder)),
        open_collection(folder, Wanted()),
        open_collection(capture, Wanted()),
    ]
    for one in opened:
        drawn = {box.state for name in one.names for box in one.answers.boxes(name, None)}
        explained = {state for state in COLORS if f"<b>{state}</b>" in legend_html(one)}
        assert drawn <= explained == set(one.answers.states)
    assert "missed" in {box.state for name in opened[1].names for box in opened[1].answers.boxes(name, None)}
    assert [one.has_truth for one in opened] == [True, True, True, False]
    assert ["truth" in points_html(one) for one in opened] == [True, True, True, False]
