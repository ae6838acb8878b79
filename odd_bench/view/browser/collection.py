"""A collection of scenes to view: their names, their views and their boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from odd_bench.errors import WrongUse
from odd_bench.view.browser.answers import Answers
from odd_bench.view.browser.scene_views import Views
from odd_bench.view.browser.shown_box import TRUE_STATES
from odd_bench.view.browser.suspicion import Scale, scale_of

BY_NAME, WORST_FIRST = "by name", "worst first"


@dataclass(frozen=True)
class Collection:
    """Scenes to view. title: one line about them. names: in order. views: None if there are no pictures.

    words: additional search words of each scene, such as its category and types. notes: sentences for the user.
    has_maps: whether the views have anomaly maps of the predictions.
    """

    title: str
    names: tuple[str, ...]
    answers: Answers
    views: Views | None
    words: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    has_maps: bool = False

    @property
    def has_scores(self) -> bool:
        return len(self.answers.scores) > 0

    @property
    def has_truth(self) -> bool:
        """Whether some boxes come from the ground truth."""
        return not set(TRUE_STATES).isdisjoint(self.answers.states)

    def scale(self, threshold: float | None) -> Scale:
        """Colours of the scores; white is the threshold, or that of the file."""
        return scale_of(self.answers.scores, self.answers.threshold if threshold is None else threshold)

    def found(self, search: str, order: str, threshold: float | None) -> list[str]:
        """Names of the scenes that have every word of the search in their name or words, in the requested order.

        Worst first: by the number of wrong answers at the threshold, then by their share, then by name.
        """
        wanted = search.lower().split()
        names = [
            name for name in self.names if all(word in f"{name} {self.words.get(name, '')}".lower() for word in wanted)
        ]
        if order == BY_NAME:
            return names
        wrong = self.answers.wrong(threshold)
        return sorted(names, key=lambda name: [-value for value in wrong.get(name, (0, 0.0))])

    def chosen(self, named: list[str], most: int) -> list[str]:
        """The named scenes, or the `most` worst ones. Raises WrongUse for an unknown name."""
        absent = [name for name in named if name not in self.names]
        if absent:
            near = get_close_matches(absent[0], self.names, 1)
            hint = f" Hint: did you mean {near[0]}?" if near else ""
            raise WrongUse(f"--scene: found {absent[0]!r}; expected one of the {len(self.names):,} scenes.{hint}")
        return named or self.found("", WORST_FIRST, None)[:most]
