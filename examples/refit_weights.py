"""Fit single networks of trained weights: this takes minutes, where training the whole comparison again takes hours.

    python examples/refit_weights.py sides --data data/toys --data data/parts --out build/both.safetensors [--weights both]
    python examples/refit_weights.py heights --networks 4 --data … --out …
    python examples/refit_weights.py aligned --networks 1 --steps 350 --data … --out …

Every training scene is used once in the spread views of the test and, with --draws N, in N further random draws of views with
augmentation. All other weights stay as they are.

- sides: refits the networks of `odd_bench.detector.sides` from what is measured at each side of the boxes. It uses the views of the
  test only, since true boxes of rotated scenes are no longer tight.
- heights: adds networks of `odd_bench.detector.heights` to those that are there.
- aligned: adds networks of `odd_bench.detector.comparison.aligned`. They learn from the channels of all objects found, which are
  kept in the folder --keep meanwhile (about 5 MB a draw).

The script writes weights that `odd-bench predict --weights` reads, with the model card of the weights it began with.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from odd_bench.detector.losses import change_loss, label_loss, owned, owned_labels
from odd_bench.detector.model import END_TO_END, Detector
from odd_bench.methods import method_spec
from odd_bench.terminal import tracked
from odd_bench.training.run import take_over
from odd_bench.weights import as_exported, find_weights, read_card, read_stored, write_weights

STEPS, ROWS, RATE, DECAY, DROPPED = 2500, 256, 4e-3, 1e-2, 0.2
SCENES_A_STEP, STEEPEST = 4, 5.0  # of the networks on aligned references


@dataclass(frozen=True)
class Looks:
    """All draws of views of the training scenes. again: random draws of each scene in addition to the views of the test."""

    folders: list[Path]
    config: object
    again: int

    def __iter__(self) -> Iterator[SceneBatch]:
        for folder in self.folders:
            dataset, train = open_dataset(folder), self.config.train
            names = dataset.scene_names("train")
            as_tested = TestScenes(dataset, names, train.views, train.pixels)
            random = TrainScenes(dataset, names, 2 * train.views, train.pixels, self.config.augment, 0, spread=True)
            for number in tracked(range(len(names)), folder.name):
                yield as_tested[number]
                for draw in range(self.again):
                    yield random[draw * len(names) + number, number].with_views(range(train.views))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["heights", "sides", "aligned"], help="the networks to fit")
    parser.add_argument("--data", type=Path, action="append", required=True, help="a data set with training scenes")
    parser.add_argument("--weights", default="both", help="shipped weights, a .safetensors file or a run")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--networks", type=int, default=1, help="number of networks to add (heights, aligned)")
    parser.add_argument("--draws", type=int, default=0, help="random draws of views a scene (heights, aligned)")
    parser.add_argument("--steps", type=int, default=STEPS, help="training steps of each network")
    parser.add_argument("--keep", type=Path, help="folder for the channels of aligned; default: a temporary one")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    asked = parser.parse_args()
    torch.manual_seed(asked.seed)
    spec, stored = method_spec("reference"), read_stored(asked.weights)
    config = spec.configurations.from_mapping(stored.config, asked.weights)
    model = with_further(config.model, asked.part, asked.networks)
    detector = build(replace(model, backbone=replace(model.backbone, weights="none")))
    detector.start_stage(END_TO_END)
    take_over(detector, stored.weights, "--weights")
    looks = Looks(asked.data, config, 0 if asked.part == "sides" else asked.draws)
    {"heights": fit_heights, "sides": fit_sides, "aligned": fit_aligned}[asked.part](detector.eval(), looks, asked)
    card = {**read_card(find_weights(asked.weights)), "config": to_mapping(replace(config, model=model))}
    half = any(value.dtype == torch.half for value in stored.weights.values())
    write_weights(asked.out, {key: as_exported(value, half) for key, value in detector.state_dict().items()}, card)
    print(asked.out)


def with_further(model, part: str, networks: int):
    """The configuration of a model with `networks` more networks of a part."""
    if part == "sides":
        return replace(model, sides=True)
    config = getattr(model, part)
    return replace(model, **{part: replace(config, networks=config.networks + networks)})


@torch.no_grad()
def fit_heights(detector: Detector, looks: Looks, asked) -> None:
    """Fit the last networks of heights; features are standardised as for the earlier ones."""
    compare, features, wanted = detector.compare, [], []
    for batch in looks:
        volumes, true = detector.reconstruct(batch), batch.boxes[0].numpy()
        found = compare.carved(volumes, 0)
        owner = heights.above_one_another(found.boxes, true)
        judged = owner >= 0
        features.append(compare.height_features(volumes, 0, found)[judged])
        wanted.append(heights.wanted_heights(found.boxes[judged], true[owner[judged]]))
    rows = compare.heights.standardised(torch.from_numpy(np.concatenate(features)).float())
    fit(compare.heights.networks[-asked.networks :], rows, wanted, heights.SLIGHT, asked.steps)


@torch.no_grad()
def fit_sides(detector: Detector, looks: Looks, asked) -> None:
    """Fit all networks of sides and the standardisation of their features."""
    compare, features, wanted = detector.compare, [], []
    for batch in looks:
        volumes = detector.reconstruct(batch)
        boxes = compare.lowered(volumes, 0)
        if len(boxes) < 2:
            continue
        registered = compare.register(volumes, 0, boxes)
        moves, judged = sides.wanted_moves(boxes, batch.boxes[0].numpy())
        found = sides.side_features(boxes, sides.measured(boxes, registered.hulls, registered.agreed))
        features.append(found[judged].reshape(-1, found.shape[-1]))
        wanted.append(moves[judged].reshape(-1))
    rows, standardised = torch.from_numpy(np.concatenate(features)).float(), compare.sides.standardised
    standardised.note(rows)
    fit(
        compare.sides.members,
        standardised(rows).clamp(-sides.LARGEST, sides.LARGEST),
        wanted,
        sides.SLIGHT,
        asked.steps,
    )


@torch.enable_grad()
def fit(networks: nn.ModuleList, rows: Tensor, wanted: list[np.ndarray], slight: float, steps: int) -> None:
    """Fit each network to rows (r, f) and r wanted numbers, with dropout after its first layer."""
    aims = torch.from_numpy(np.concatenate(wanted)).float()
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


def fit_aligned(detector: Detector, looks: Looks, asked) -> None:
    """Fit the last networks of aligned references; each starts from the first network."""
    with TemporaryDirectory() as folder:
        kept = asked.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        files = [keep_channels(detector, batch, kept / f"{number}.pt") for number, batch in enumerate(looks)]
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
