"""Reference rows for anomaly maps on a split: a random map, a map of one level, and nearest neighbours within the scene.

Nearest neighbours are PatchCore's idea (Roth et al. 2022) with the scene as its own memory: how far the features of a cell are from
the nearest cell of any other object in any view. It is told which object a pixel shows.

    python benchmarks/map_rows.py data/toys-mini --split test-unseen
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from odd_bench.blocks.efficientnet import EfficientNetLite0, pretrained
from odd_bench.data.anomaly_maps import enlarged
from odd_bench.data.reader import Dataset, open_dataset
from odd_bench.data.views import spread_views
from odd_bench.scoring.bootstrap import draw_resamples
from odd_bench.scoring.map_counts import DOMAINS, SceneObjects, View, empty_counts
from odd_bench.scoring.map_metrics import map_metrics
from odd_bench.scoring.map_text import DOMAIN_NAMES, MAP_METRICS

STRIDES = (4, 8)
CHUNK = 512  # cells compared at a time

Suspicion = Callable[[str, np.ndarray, np.ndarray], np.ndarray]


def nearest_elsewhere(network: EfficientNetLite0, images: np.ndarray, instance: np.ndarray) -> np.ndarray:
    """(v, h / 4, w / 4) distances to the nearest cell of another object, 0 where no object is. images: (v, h, w, 3) uint8."""
    pictures = torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).float() / 255
    first, second = network.maps(pictures, STRIDES)
    features = torch.cat([first, interpolate(second, first.shape[2:], mode="bilinear")], dim=1)
    features = avg_pool2d(features, 3, 1, 1, count_include_pad=False).movedim(1, -1).flatten(0, 2)  # (v h' w', c)
    owner = torch.from_numpy(instance[:, 2::4, 2::4].astype(np.int64)).flatten()
    found = torch.zeros(len(owner))
    for number in owner[owner > 0].unique().tolist():
        mine, others = (owner == number).nonzero()[:, 0], features[(owner > 0) & (owner != number)]
        found[mine] = torch.cat([nearest(some, others) for some in features[mine].split(CHUNK)])
    return found.view(instance[:, 2::4, 2::4].shape).numpy()


def nearest(queries: Tensor, others: Tensor) -> Tensor:
    return torch.cdist(queries, others).min(dim=1).values if len(others) else queries.new_zeros(len(queries))


def row(dataset: Dataset, names: list[str], views: int, suspicion: Suspicion) -> str:
    """All numbers of one kind of map, every object found."""
    shapes = {shape: number for number, shape in enumerate(sorted({dataset.scene(name).shape for name in names}))}
    counts = empty_counts(len(shapes))
    for name in names:
        scene = dataset.scene(name)
        chosen = spread_views(len(scene.cameras), views)
        instance, change = dataset.masks(name, chosen)
        maps = suspicion(name, dataset.images(name, chosen), instance)
        asked = SceneObjects(
            tuple(one.id for one in scene.objects if one.label), frozenset(one.id for one in scene.objects)
        )
        counts.add_scene(shapes[scene.shape], asked, [View(*one) for one in zip(maps, instance, change, strict=True)])
    found = map_metrics(counts, draw_resamples(len(shapes)))
    texts = [f"{DOMAIN_NAMES[domain]}: " + ", ".join(
        f"{title} {found[domain][key].value:.4f}" for key, title in MAP_METRICS.items()) for domain in DOMAINS]  # fmt: skip
    return "; ".join(texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--split", default="test-unseen")
    parser.add_argument("--views", type=int, default=5)
    options = parser.parse_args()
    dataset, rng = open_dataset(options.data), np.random.default_rng(0)
    names, network = dataset.scene_names(options.split), pretrained().eval()

    def distances(name: str, images: np.ndarray, instance: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return nearest_elsewhere(network, images, instance)

    scenes = [(dataset.scene(name), name) for name in names]
    chosen = {name: spread_views(len(scene.cameras), options.views) for scene, name in scenes}
    kept = {name: distances(name, dataset.images(name, at), dataset.masks(name, at)[0]) for name, at in chosen.items()}
    top = float(np.quantile(np.concatenate([one[one > 0] for one in kept.values()]), 0.999))  # one scale for the split

    def nearest_map(name: str, images: np.ndarray, instance: np.ndarray) -> np.ndarray:
        levels = np.clip(255 * kept[name] / top, 0, 255).astype(np.uint8)
        return np.stack([enlarged(one, 4) for one in levels])

    kinds: dict[str, Suspicion] = {
        "random": lambda name, images, instance: rng.integers(0, 256, instance.shape, dtype=np.uint8),
        "one level": lambda name, images, instance: np.zeros_like(instance),
        "nearest neighbour within the scene": nearest_map,
    }
    for kind, suspicion in kinds.items():
        print(f"{kind}: {row(dataset, names, options.views, suspicion)}", flush=True)


if __name__ == "__main__":
    main()
