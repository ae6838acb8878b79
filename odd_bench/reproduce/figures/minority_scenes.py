"""The scenes of figure 6: six parts, of which one to five are near twins of the others; missing scenes are generated."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from odd_bench.data.folder import DESCRIPTION
from odd_bench.data.reader import open_dataset
from odd_bench.errors import OddBenchError
from odd_bench.generate.call import RunOptions, Watcher
from odd_bench.generate.config import GenerateConfig, load_preset, with_overrides
from odd_bench.generate.run import generate

Watched = Callable[[GenerateConfig, Path], AbstractContextManager[Watcher]]
SPLIT = "test"
PLANNED = 2.5  # planned scenes for each requested series, since not every shape has a visible near twin


@dataclass(frozen=True)
class Composition:
    """A number of twins among a number of objects. folder: of the data set with such scenes, one for each base shape."""

    twins: int
    objects: int
    folder: Path
    config: GenerateConfig

    @property
    def ratio(self) -> str:
        return f"{self.twins}:{self.objects - self.twins}"


def compositions(parent: Path, series: int) -> list[Composition]:
    """The compositions from one twin to all but one. series: the requested number."""
    preset = load_preset("parts", "minority")
    objects = preset.scene.max_objects
    found = []
    for twins in range(1, objects):
        name = f"{preset.name}-{twins}of{objects}-{series}"
        settings = [f"name={name}", f"splits.{SPLIT}={ceil(PLANNED * series)}", f"scene.odd_alike={twins}"]
        found.append(Composition(twins, objects, parent / name, with_overrides(preset, settings)))
    return found


def made(composition: Composition, watched: Watched, workers: int = 1) -> Path:
    """The folder of the composition; if it is not complete, it is generated or resumed."""
    if not (composition.folder / DESCRIPTION).is_file():
        with watched(composition.config, composition.folder) as watcher:
            generate(composition.config, composition.folder, RunOptions(workers), watcher)
    if not open_dataset(composition.folder).splits:
        raise OddBenchError(
            f"{composition.folder}: found no scene that could be made; expected at least one. See its quarantine.jsonl"
        )
    return composition.folder
