"""The page for everyone: contrast of its text, headers of its tables, and windows that stay inside the pictures."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import odd_bench.report
from odd_bench.geometry.cameras import intrinsics, look_at
from odd_bench.report.drawing import box_area, heat_pixels, window_around
from odd_bench.report.html_report import html_report
from odd_bench.report.svg import DEEPEST
from odd_bench.report.worst import false_alarms, misses, predicted_boxes
from odd_bench.scene import Camera
from tests.scoring.worlds import noisy_answers, oracle_answers

AA = 4.5
STYLE = (Path(odd_bench.report.__file__).parent / "report.css").read_text()


def colors(style):
    """RGB in [0, 1] of the named colours in a block of variables."""
    named = re.findall(r"--(\w+): #([0-9a-f]{6})", style)
    return {name: np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255 for name, code in named}


LIGHT, DARK = (colors(part) for part in STYLE.split("@media (prefers-color-scheme: dark)"))


def luminance(rgb):
    """Relative luminance, as in WCAG 2.2."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(first, second):
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["page", "panel"])
@pytest.mark.parametrize("ink", ["ink", "soft", "few"])
def test_text_has_the_contrast_of_wcag_aa(theme, ground, ink):
    assert contrast(theme[ink], theme[ground]) >= AA


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("fill", ["odd", "usual", "few"])
def test_text_on_the_darkest_cell_has_the_contrast_of_wcag_aa(theme, fill):
    blended = DEEPEST * theme[fill] + (1 - DEEPEST) * theme["page"]
    assert contrast(theme["ink"], blended) >= AA


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("fill", ["value", "few"])
def test_the_reason_on_a_bar_has_the_contrast_of_wcag_aa(theme, fill):
    opacity = float(re.search(r"\.bar\.bare \{ fill-opacity: ([\d.]+); \}", STYLE)[1])
    assert contrast(theme["ink"], opacity * theme[fill] + (1 - opacity) * theme["page"]) >= AA


def test_tables_have_captions_and_headers_and_the_page_has_one_main_element(scored, truth):
    page = html_report(scored(noisy_answers(truth)).document)
    tables = re.findall("<table>.*?</table>", page, re.DOTALL)
    assert tables and all(one.count("<caption>") == 1 for one in tables)
    heads = re.findall(r"<th\b[^>]*", page)
    assert heads and all('scope="col"' in one or 'scope="row"' in one for one in heads)
    for one in tables:
        assert one.count('scope="row"') == one.count("<tr>") - one.count("<thead>")
    assert page.count("<main>") == page.count("</main>") == 1


@given(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6), st.floats(0.02, 0.8))
def test_a_window_lies_in_the_picture(x, y, side):
    camera = Camera(intrinsics(90, 70), look_at(np.array([1.5, 0.2, 1.0]), np.zeros(3)), 90, 70)
    window = window_around(np.array([x, y, side / 2, side, side, side]), camera)
    assert 0 <= window.top < window.bottom <= 70
    assert 0 <= window.left < window.right <= 90


def test_a_box_behind_the_camera_has_no_area():
    camera = Camera(intrinsics(90, 70), look_at(np.array([1.5, 0.2, 1.0]), np.zeros(3)), 90, 70)
    assert box_area(np.array([4.0, 0.5, 2.5, 0.3, 0.3, 0.3]), camera) == 0
    assert box_area(np.array([0, 0, 0.1, 0.2, 0.2, 0.2]), camera) > 0


def test_higher_levels_are_never_less_visible():
    opacity = heat_pixels(np.arange(256, dtype=np.uint8)[None])[0, :, 3].astype(int)
    assert opacity[0] == 0 and (np.diff(opacity) >= 0).all() and opacity[-1] < 255


def test_every_matched_box_is_drawn_as_matched_and_every_false_one_as_false(scored, truth):
    judged = scored(noisy_answers(truth)).judged["detect"]
    drawn = [predicted_boxes(judged, scene) for scene in range(judged.truth.scenes)]
    assert sum(len(one) for one in drawn) == len(judged.submission.boxes)
    assert [sum(not box.matched for box in one) for one in drawn] == judged.false_boxes.tolist()


def test_listed_mistakes_are_mistakes_and_the_most_confident_come_first(scored, truth):
    judged = scored(noisy_answers(truth)).judged["detect"]
    wrong = set(np.flatnonzero(judged.truth.count_by_scene(~judged.correct) + judged.false_boxes))
    for mistakes in (false_alarms(judged), misses(judged)):
        assert len(mistakes) == 8
        assert {one.scene for one in mistakes} <= wrong
    unfound = int((~judged.matched & (judged.truth.label == 1)).sum())
    assert ["not found" in one.text for one in misses(judged)] == [place < unfound for place in range(8)]


def test_an_oracle_makes_no_mistake(scored, truth):
    judged = scored(oracle_answers(truth)).judged["detect"]
    assert false_alarms(judged) == misses(judged) == []
