"""No trick pays for a localiser that finds at least four objects of ten; below that the gain is small."""

import pytest

from benchmarks.games import LOCALISERS, copies, everywhere, paying_chance, second_boxes, sizes, tuned, worth
from odd_bench.scoring.truth_table import truth_table
from tests.scoring.worlds import make_truth

GAMES = {
    "two copies near by": lambda truth, answers: copies(answers, 2, 0.02),
    "two copies farther off": lambda truth, answers: copies(answers, 2, 0.08),
    "ten copies": lambda truth, answers: copies(answers, 10, 0.04),
    "three sizes": lambda truth, answers: sizes(answers, 3),
    "five sizes": lambda truth, answers: sizes(answers, 5),
    "boxes everywhere": lambda truth, answers: everywhere(truth, 8),
}


@pytest.fixture(scope="module")
def truth():
    return truth_table(make_truth(80, per_shape=4), "test-unseen")


@pytest.mark.parametrize("localiser", LOCALISERS)
@pytest.mark.parametrize("share", [0.4, 0.6, 0.95])
def test_no_trick_beats_one_honest_box_per_object(truth, localiser, share):
    answers = tuned(truth, *LOCALISERS[localiser], share)
    honest = worth(truth, answers)
    assert honest.found == pytest.approx(share, abs=0.02) and honest.boxes == 1
    for name, game in GAMES.items():
        played = worth(truth, game(truth, answers))
        for number in ("auc", "aupr", "accuracy", "auc_within_scene"):
            assert played.numbers[number] < honest.numbers[number], (name, number)
        assert played.numbers["balanced_accuracy"] <= max(0.5, honest.numbers["balanced_accuracy"]), name


@pytest.mark.parametrize("localiser", LOCALISERS)
@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.3])
def test_a_trick_that_pays_gains_less_than_a_hundredth(truth, localiser, share):
    answers = tuned(truth, *LOCALISERS[localiser], share)
    honest = worth(truth, answers)
    for name, game in GAMES.items():
        played = worth(truth, game(truth, answers))
        for number in ("auc", "aupr", "accuracy", "auc_within_scene"):
            assert played.numbers[number] < honest.numbers[number] + 0.01, (name, number)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_a_second_box_pays_exactly_above_the_threshold_of_the_page(truth, share):
    """docs/reference/protocol.md: q / (2 n + 2 k - q)."""
    honest, bound = worth(truth, second_boxes(truth, share, None)).numbers["auc"], paying_chance(truth, share)
    never, rarely, often = (
        worth(truth, second_boxes(truth, share, chance)).numbers["auc"] for chance in (0, bound / 2, min(2 * bound, 1))
    )
    assert never < honest and rarely < honest < often
