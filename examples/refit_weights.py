"""Fit single networks of trained weights: this takes minutes, where training the whole comparison again takes hours.

    python examples/refit_weights.py heights sides --networks 4 --data data/toys --data data/parts --out build/both.safetensors
    python examples/refit_weights.py aligned --networks 1 --steps 350 --data … --out … [--weights both]

The script adds --networks networks to each part that is named. Their answers are averaged with those of the networks that are
there; all other weights stay as they are. Every training scene is used once in the spread views of the test and, with --draws N,
in N further random draws of views with augmentation.

- heights, sides: networks of `odd_bench.detector.heights` and `odd_bench.detector.sides`, from one pass over the scenes. Sides
  use the views of the test only, since true boxes of rotated scenes are no longer tight.
- aligned: networks of `odd_bench.detector.comparison.aligned`. They learn from the channels of all objects found, which are
  kept in the folder --keep meanwhile (about 5 MB a draw).

The script writes weights that `odd-bench predict --weights` reads, with the model card of the weights it began with.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, smooth_l1_loss

from odd_bench.configuration import to_mapping
from odd_bench.data.batch import SceneBatch
from odd_bench.data.dataset import TestScenes, TrainScenes
from odd_bench.data.reader import open_dataset
from odd_bench.detector import heights, sides
from odd_bench.detector.builder import build
from odd_bench.detector.comparison.aligned import AlignedChannels, changed_cells
from odd_bench.detector.config import DetectorConfig, RunConfig
from odd_bench.detector.heights import BoxHeights
from odd_bench.detector.losses import change_loss, label_loss, owned, owned_labels
from odd_bench.detector.model import END_TO_END, Detector
from odd_bench.detector.sides import BoxSides
from odd_bench.methods import method_spec
from odd_bench.terminal import tracked
from odd_bench.training.run import take_over
from odd_bench.weights import as_exported, find_weights, read_card, read_stored, write_weights

STEPS, ROWS, RATE, DECAY, DROPPED = 2500, 256, 4e-3, 1e-2, 0.2
SCENES_A_STEP, STEEPEST = 4, 5.0  # of the networks on aligned references


@dataclass(frozen=True)
class Looks:
    """All draws of views of the training scenes, each with whether it is that of the test. again: random draws of each scene."""

    folders: list[Path]
    config: RunConfig
    again: int

    def __iter__(self) -> Iterator[tuple[SceneBatch, bool]]:
        for folder in self.folders:
            dataset, train = open_dataset(folder), self.config.train
            names = dataset.scene_names("train")
            as_tested = TestScenes(dataset, names, train.views, train.pixels)
            random = TrainScenes(dataset, names, 2 * train.views, train.pixels, self.config.augment, 0, spread=True)
            for number in tracked(range(len(names)), folder.name):
                yield as_tested[number], True
                for draw in range(self.again):
                    yield random[draw * len(names) + number, number].with_views(range(train.views)), False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "parts", nargs="+", choices=["heights", "sides", "aligned"], help="the parts to add networks to"
    )
    parser.add_argument("--data", type=Path, action="append", required=True, help="a data set with training scenes")
    parser.add_argument("--weights", default="both", help="shipped weights, a .safetensors file or a run")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--networks", type=int, default=1, help="number of networks to add to each part")
    parser.add_argument("--draws", type=int, default=0, help="random draws of views a scene (heights, aligned)")
    parser.add_argument("--steps", type=int, default=STEPS, help="training steps of each network")
    parser.add_argument("--keep", type=Path, help="folder for the channels of aligned; default: a temporary one")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    asked = parser.parse_args()
    torch.manual_seed(asked.seed)
    spec, stored = method_spec("reference"), read_stored(asked.weights)
    config = spec.configurations.from_mapping(stored.config, asked.weights)
    model = with_further(config.model, asked.parts, asked.networks)
    before, detector = detector_with(config.model, stored.weights), detector_with(model, stored.weights)
    looks = Looks(asked.data, config, asked.draws)
    if {"heights", "sides"} & set(asked.parts):
        fit_boxes(before, detector, looks, asked)
    if "aligned" in asked.parts:
        fit_aligned(detector, looks, asked)
    card = {**read_card(find_weights(asked.weights)), "config": to_mapping(replace(config, model=model))}
    half = any(value.dtype == torch.half for value in stored.weights.values())
    write_weights(asked.out, {key: as_exported(value, half) for key, value in detector.state_dict().items()}, card)
    print(asked.out)


def with_further(model: DetectorConfig, parts: list[str], networks: int) -> DetectorConfig:
    """The configuration of a model with `networks` more networks of each part."""
    configs = {part: getattr(model, part) for part in parts}
    return replace(model, **{part: replace(one, networks=one.networks + networks) for part, one in configs.items()})


def detector_with(model: DetectorConfig, weights: Mapping[str, Tensor]) -> Detector:
    """A detector with those of the weights that it has a place for."""
    detector = build(replace(model, backbone=replace(model.backbone, weights="none")))
    detector.start_stage(END_TO_END)
    take_over(detector, weights, "--weights")
    return detector.eval()


@dataclass
class Examples:
    """What networks of a part learn from. features: arrays (r, f). wanted: arrays (r,)."""

    features: list[np.ndarray] = field(default_factory=list)
    wanted: list[np.ndarray] = field(default_factory=list)

    def add_heights(self, boxes: np.ndarray, features: np.ndarray, true: np.ndarray) -> None:
        """Of the boxes (n, 6) that stand where one of the true boxes (t, 6) does. features: (n, f)."""
        owner = heights.above_one_another(boxes, true)
        judged = owner >= 0
        self.features.append(features[judged])
        self.wanted.append(heights.wanted_heights(boxes[judged], true[owner[judged]]))

    def add_sides(self, boxes: np.ndarray, features: np.ndarray, true: np.ndarray) -> None:
        """Of the boxes (n, 6) that overlap one of the true boxes (t, 6). features: (n, 4, f)."""
        moves, judged = sides.wanted_moves(boxes, true)
        self.features.append(features[judged].reshape(-1, features.shape[-1]))
        self.wanted.append(moves[judged].reshape(-1))

    def fit(self, part: BoxHeights | BoxSides, slight: float, networks: int, steps: int) -> None:
        """Fit the last networks of a part. Features are standardised as for the earlier networks, if there are any."""
        features = np.concatenate(self.features)
        if len(part.networks) == networks:
            part.standardised.note(torch.from_numpy(features).float())
        fit(part.networks[-networks:], part.rows(features), np.concatenate(self.wanted), slight, steps)


@torch.no_grad()
def fit_boxes(before: Detector, detector: Detector, looks: Looks, asked: argparse.Namespace) -> None:
    """Fit the last networks of heights and sides from what `before`, the detector without them, measures."""
    compare, of_heights, of_sides = before.compare, Examples(), Examples()
    for batch, as_tested in looks:
        volumes, true = before.reconstruct(batch), batch.boxes[0].numpy()
        found = compare.carved(volumes, 0)
        features = compare.height_features(volumes, 0, found)
        of_heights.add_heights(found.boxes, features, true)
        boxes = compare.heights.lowered(found.boxes, features)
        if "sides" in asked.parts and as_tested and len(boxes) >= 2:
            objects = compare.register(volumes, 0, boxes)
            measured = sides.measured(boxes, objects.hulls, objects.agreed)
            of_sides.add_sides(boxes, sides.side_features(boxes, measured), true)
    if "heights" in asked.parts:
        of_heights.fit(detector.compare.heights, heights.SLIGHT, asked.networks, asked.steps)
    if "sides" in asked.parts:
        of_sides.fit(detector.compare.sides, sides.SLIGHT, asked.networks, asked.steps)


@torch.enable_grad()
def fit(networks: nn.ModuleList, rows: Tensor, wanted: np.ndarray, slight: float, steps: int) -> None:
    """Fit each network to rows (r, f) and r wanted numbers, with dropout after its first layer."""
    aims = torch.from_numpy(wanted).float()
    for network in networks:
        optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
        rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
        for _ in range(steps):
            drawn = torch.randint(0, len(rows), (ROWS,))
            said = network[2:](dropout(network[:2](rows[drawn]), DROPPED))[:, 0]
            optimizer.zero_grad()
            smooth_l1_loss(said, aims[drawn], beta=slight).backward()
            optimizer.step()
            rates.step()


def fit_aligned(detector: Detector, looks: Looks, asked: argparse.Namespace) -> None:
    """Fit the last networks of aligned references; each starts from the first network."""
    with TemporaryDirectory() as folder:
        kept = asked.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        files = [keep_channels(detector, batch, kept / f"{number}.pt") for number, (batch, _) in enumerate(looks)]
        files = [file for file in files if file is not None]
        networks = detector.compare.aligned.networks
        for network in networks[-asked.networks :]:
            network.load_state_dict(networks[0].state_dict())
            fit_to_channels(network.train(), files, detector.config.loss, asked.steps)


@torch.no_grad()
def keep_channels(detector: Detector, batch: SceneBatch, file: Path) -> Path | None:
    """Write the channels of aligned references of the objects found in a scene, and the truth; None with fewer than two objects."""
    volumes, compare = detector.reconstruct(batch), detector.compare
    boxes, owner = owned(compare.boxes(volumes, 0), batch, 0, detector.config.loss)
    if len(boxes) < 2:
        return None
    aligned = compare.registered(volumes, 0, boxes).aligned
    truth = changed_cells(aligned, batch.instance[0], batch.change[0], owner, batch.labels[0])
    shown = (aligned.channels.half(), aligned.mask, aligned.lacks)
    torch.save((*shown, *truth, owned_labels(owner, batch.labels[0])), file)
    return file


def fit_to_channels(network: nn.Module, files: list[Path], config, steps: int) -> None:
    """Fit one network to stored channels, mirrored and rotated by turns."""
    optimizer = torch.optim.AdamW(network.parameters(), RATE / 4, weight_decay=DECAY)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE / 4, total_steps=steps, pct_start=0.05)
    for step in tracked(range(steps), "fitting"):
        chosen = torch.randint(0, len(files), (SCENES_A_STEP,)).tolist()
        optimizer.zero_grad()
        for file in (files[number] for number in chosen):
            *pictures, labels = torch.load(file, weights_only=True)
            channels, mask, lacks, changed, judged = turned(pictures, step)
            with torch.autocast("cpu", torch.bfloat16):
                logits, cells = network(AlignedChannels(channels.float(), mask, lacks, None))
            loss = label_loss(logits.float(), labels, config) + change_loss(cells.float(), changed.float(), judged)
            (loss / SCENES_A_STEP).backward()
        nn.utils.clip_grad_norm_(network.parameters(), STEEPEST)
        optimizer.step()
        rates.step()


def turned(pictures: list[Tensor], step: int) -> list[Tensor]:
    """Pictures (..., s, s) under one of the eight symmetries of a square."""
    found = [torch.rot90(one, step % 4, (-2, -1)) for one in pictures]
    return [one.flip(-1).contiguous() if step % 8 > 3 else one.contiguous() for one in found]


if __name__ == "__main__":
    main()
