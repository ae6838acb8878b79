"""The networks that move the sides of boxes, fitted alone: minutes, where training the whole comparison again takes hours.

    python benchmarks/fit_sides.py --data data/toys --data data/parts --out build/both.safetensors [--weights both]

Every training scene is looked at once, in five spread views; what is measured at each side of its boxes is kept, and the networks
of `odd_bench.detector.sides` learn from all of it. All other weights stay as they are. Writes weights that `odd-bench predict
--weights` reads, with the card of those it began with.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import dropout, smooth_l1_loss

from odd_bench.data.dataset import TestScenes
from odd_bench.data.reader import open_dataset
from odd_bench.detector.builder import build
from odd_bench.detector.sides import LARGEST, SLIGHT, measured, side_features, wanted_moves
from odd_bench.methods import method_spec
from odd_bench.terminal import tracked
from odd_bench.training.run import take_over
from odd_bench.weights import find_weights, read_card, read_stored, write_weights

STEPS, ROWS, RATE, DECAY, DROPPED = 2500, 256, 4e-3, 1e-2, 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, action="append", required=True, help="folder of a data set with training scenes"
    )
    parser.add_argument("--weights", default="both", help="shipped weights, a .safetensors file or a run")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.manual_seed(asked.seed)
    spec, stored = method_spec("reference"), read_stored(asked.weights)
    config = spec.configurations.from_mapping(stored.config, asked.weights)
    model = replace(config.model, sides=True, backbone=replace(config.model.backbone, weights="none"))
    detector = build(model)
    take_over(detector, stored.weights, "--weights")
    rows = [rows_of(detector.eval(), data, config.train) for data in asked.data]
    features, wanted = (torch.from_numpy(np.concatenate(parts)).float() for parts in zip(*rows, strict=True))
    fit(detector.compare.sides, features, wanted)
    card = read_card(find_weights(asked.weights))
    card["config"]["model"]["sides"] = True
    write_weights(asked.out, {key: value.contiguous() for key, value in detector.state_dict().items()}, card)
    print(f"{len(wanted)} sides of boxes: {asked.out}")


@torch.no_grad()
def rows_of(detector, folder: Path, train) -> tuple[np.ndarray, np.ndarray]:
    """(r, FEATURES) and (r,): what is measured at the sides of the boxes of all training scenes, and where they should lie."""
    dataset, features, wanted = open_dataset(folder), [], []
    scenes = TestScenes(dataset, dataset.scene_names("train"), train.views, train.pixels)
    for number in tracked(range(len(scenes)), "measuring"):
        batch = scenes[number]
        volumes, compare = detector.reconstruct(batch), detector.compare
        boxes = compare.lowered(volumes, 0)
        if len(boxes) < 2:
            continue
        laid = compare.laid(volumes, 0, boxes)
        moves, judged = wanted_moves(boxes, batch.boxes[0].numpy())
        found = side_features(boxes, measured(boxes, laid.hulls, laid.agreed))
        features.append(found[judged].reshape(-1, found.shape[-1]))
        wanted.append(moves[judged].reshape(-1))
    return np.concatenate(features), np.concatenate(wanted)


def fit(sides, features: Tensor, wanted: Tensor) -> None:
    """Fit each of the networks to features (r, FEATURES) and moves (r,), with values inside it left out at random."""
    sides.standardised.train()(features)
    features = sides.standardised.eval()(features).clamp(-LARGEST, LARGEST)
    for member in sides.members:
        optimizer = torch.optim.AdamW(member.parameters(), RATE, weight_decay=DECAY)
        rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
        for _ in range(STEPS):
            drawn = torch.randint(0, len(features), (ROWS,))
            said = member[2:](dropout(member[:2](features[drawn]), DROPPED))[:, 0]
            optimizer.zero_grad()
            smooth_l1_loss(said, wanted[drawn], beta=SLIGHT).backward()
            optimizer.step()
            rates.step()


if __name__ == "__main__":
    main()
