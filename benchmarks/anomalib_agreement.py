"""What anomalib says of random and real anomaly maps, as a fixture with which the tests of odd-bench compare its own numbers.

pip install anomalib
python benchmarks/anomalib_agreement.py data/toys-draft tests/scoring/anomalib

Writes maps.npz, the maps and the masks of what is changed, and values.json, the version of anomalib and its numbers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from odd_bench.data.reader import Dataset, open_dataset
from odd_bench.scoring.map_metrics import LIMITS

RANDOM = {  # side of the pictures, how many, share of changed pixels, levels of the maps
    "many small patches": (48, 4, 0.05, 256),
    "large patches": (48, 3, 0.4, 256),
    "eight levels": (40, 4, 0.1, 8),
    "two levels": (40, 4, 0.1, 2),
}
SCENES, VIEWS = 2, 3
Case = tuple[np.ndarray, np.ndarray]


def random_case(rng: np.random.Generator, side: int, count: int, share: float, levels: int) -> Case:
    """(count, side, side) uint8 maps that know something, and bool masks of what is changed."""
    noise = np.stack([gaussian_filter(rng.random((side, side)), 1.2) for _ in range(count)])
    masks = noise > np.quantile(noise, 1 - share)
    hints = np.stack([gaussian_filter(mask.astype(float), 2) for mask in masks])
    values = np.clip(0.6 * rng.random(noise.shape) + 0.5 * hints, 0, 1 - 1e-9)
    return (np.floor(values * levels) * (255 // (levels - 1))).astype(np.uint8), masks


def real_cases(dataset: Dataset) -> Iterator[tuple[str, Case]]:
    """Scenes with one odd object, so that a region is a patch of an object; the map is how much the picture changes from pixel to
    pixel, which needs no training.
    """
    views, found = range(VIEWS), 0
    for name in dataset.scene_names():
        odd = sum(one.label for one in dataset.scene(name).objects)
        change = dataset.masks(name, views)[1] > 0
        if odd != 1 or change.sum() < 100:
            continue
        grey = np.stack([dataset.image(name, view).mean(axis=2) for view in views])
        edges = np.stack([gaussian_gradient_magnitude(one, 1.5) for one in grey])
        yield f"real scene {found + 1}", (np.clip(edges * 6, 0, 255).astype(np.uint8), change)
        found += 1
        if found == SCENES:
            return


def anomalib_values(maps: np.ndarray, masks: np.ndarray) -> dict[str, float]:
    """The numbers of anomalib: its AUPRO, and the AUROC that it takes from torchmetrics."""
    import torch
    from anomalib.metrics.aupro import _AUPRO
    from anomalib.metrics.auroc import _AUROC

    levels, truth = torch.tensor(maps).float() / 255, torch.tensor(masks).long()
    values = {}
    for name, metric in {
        "pixel_auroc": _AUROC(),
        **{key: _AUPRO(fpr_limit=limit) for key, limit in LIMITS.items()},
    }.items():
        metric.update(levels, truth)
        values[name] = float(metric.compute())
    return values


def main() -> None:
    import anomalib

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    cases = {name: random_case(rng, *shape) for name, shape in RANDOM.items()}
    cases |= dict(real_cases(open_dataset(options.data)))
    values = {name: anomalib_values(*case) for name, case in cases.items()}
    options.out.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{name}/{part}": array
        for name, case in cases.items()
        for part, array in zip(("maps", "masks"), case, strict=True)
    }
    np.savez_compressed(options.out / "maps.npz", **arrays)
    command = "python benchmarks/anomalib_agreement.py data/toys-draft tests/scoring/anomalib"
    document = {"anomalib": anomalib.__version__, "made_with": command, "values": values}
    (options.out / "values.json").write_text(json.dumps(document, indent=1) + "\n")
    print(f"{len(cases)} cases with anomalib {anomalib.__version__} in {options.out}")


if __name__ == "__main__":
    main()
