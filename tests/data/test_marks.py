"""Labels on pictures lie inside them and do not overlap."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from odd_bench.data.marks import label, label_place

PICTURE = (400, 300)
places = st.tuples(st.floats(-100, 500), st.floats(-100, 400))


def apart(one, other) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@given(st.lists(places, min_size=2, max_size=6))
def test_labels_lie_inside_and_apart_wherever_they_are_requested(wanted):
    taken = []
    for place in wanted:
        left, top = label_place(place, (60, 20), PICTURE, taken)
        taken.append((left, top, left + 60, top + 20))
    assert all(l >= 0 and t >= 0 and r <= PICTURE[0] and b <= PICTURE[1] for l, t, r, b in taken)
    assert all(apart(one, other) for one, other in combinations(taken, 2))


@given(places)
def test_a_single_label_lies_where_it_is_requested(place):
    left, top = label_place(place, (60, 20), PICTURE, [])
    assert (left, top) == (min(max(place[0], 0), 340), min(max(place[1], 0), 280))


def test_one_more_label_in_a_full_picture_lies_where_it_is_requested():
    assert label_place((10, 10), (60, 20), PICTURE, [(0, 0, *PICTURE)]) == (10, 10)


def test_the_position_of_a_label_is_returned():
    image = Image.new("RGB", PICTURE)
    left, top, right, bottom = label(ImageDraw.Draw(image), "1: 0.50", (200, 150), (255, 0, 0), 12)
    red = image.getchannel("R").point(lambda value: 255 if value > 127 else 0).getbbox()
    assert abs(red[0] - left) <= 1 and abs(red[1] - top) <= 1 and abs(red[2] - right) <= 2 and abs(red[3] - bottom) <= 2
