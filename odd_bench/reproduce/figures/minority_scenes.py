"""The scenes of figure 6: six parts, one to five of them a near twin of the others, made where they are missing."""

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
PLANNED = 2.5  # scenes a series that is asked for: not every shape has a near twin that can be seen


@dataclass(frozen=True)
class Composition:
    """So many twins among so many objects. folder: of the data set that holds such scenes, one of each base shape."""

    twins: int
    objects: int
    folder: Path
    config: GenerateConfig

    @property
    def ratio(self) -> str:
        return f"{self.twins}:{self.objects - self.twins}"


def compositions(parent: Path, series: int) -> list[Composition]:
    """From one twin to all but one. series: that are asked for."""
    preset = load_preset("parts", "minority")
    objects = preset.scene.max_objects
    found = []
    for twins in range(1, objects):
        name = f"{preset.name}-{twins}of{objects}-{series}"
        settings = [f"name={name}", f"splits.{SPLIT}={ceil(PLANNED * series)}", f"scene.odd_alike={twins}"]
        found.append(Composition(twins, objects, parent / name, with_overrides(preset, settings)))
    return found


def made(composition: Composition, watched: Watched, workers: int = 1) -> Path:
    """The folder of the composition, generated or gone on with where it is not complete."""
    if not (composition.folder / DESCRIPTION).is_file():
        with watched(composition.config, composition.folder) as watcher:
            generate(composition.config, composition.folder, RunOptions(workers), watcher)
    if not open_dataset(composition.folder).splits:
        raise OddBenchError(
            f"{composition.folder}: found no scene that could be made; expected some. See its quarantine"
        )
    return composition.folder
