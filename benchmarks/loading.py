"""How fast scenes are read from shards, against the same scenes as a folder of PNG and EXR files, in one run.

`PYTHONPATH=. python benchmarks/loading.py [DATASET] [--scenes 4] [--views 20 5]`: without a data set the views are drawn by ray
casting. The folder is laid out as the published data sets are: for each view a PNG, a mask PNG of each object, a mask PNG of the
odd ones and a depth EXR.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from odd_bench.data.codec import CodecConfig
from odd_bench.data.folder import Description, shard_path, write_description
from odd_bench.data.reader import Dataset, open_dataset
from odd_bench.data.record import SceneRecord
from odd_bench.data.shards import pack_shard, write_staged
from odd_bench.data.views import spread_views
from odd_bench.published.exr import read_depth, write_depth


def drawn_dataset(folder: Path, scenes: int, pixels: int = 256) -> Dataset:
    """A data set of ray-cast drums."""
    from tests.data.synthetic import make_record

    staged = [folder / "work" / f"{i}.h5" for i in range(scenes)]
    for i, path in enumerate(staged):
        write_staged(path, make_record(index=i, pixels=pixels, views=20), CodecConfig())
    pack_shard(staged, shard_path(folder, "train", 0), "loading", "train")
    write_description(folder, Description("loading", "1.0.0", "sha256:0", {}))
    return open_dataset(folder)


def write_folder(folder: Path, record: SceneRecord) -> None:
    """One scene as PNG and EXR files."""
    folder.mkdir(parents=True)
    odd = [one.id + 1 for one in record.scene.objects if one.label]
    for view in range(len(record.images)):
        Image.fromarray(record.images[view]).convert("RGBA").save(folder / f"rgb-{view}.png")
        Image.fromarray(np.isin(record.instance[view], odd).astype(np.uint8) * 255).save(folder / f"odd-{view}.png")
        for one in record.scene.objects:
            mask = (record.instance[view] == one.id + 1).astype(np.uint8) * 205
            Image.fromarray(mask).convert("RGBA").save(folder / f"object-{one.id}-{view}.png")
        if record.depth_m is not None:
            write_depth(folder / f"depth-{view}.exr", record.depth_m[view])


def read_folder(folder: Path, views: Sequence[int], objects: int, depth: bool) -> None:
    """The same pictures, masks and depth as `read_shard`, from files, by Pillow as most loaders do.

    Cameras and boxes are not read from the folder, though `read_shard` does read them.
    """
    for view in views:
        np.asarray(Image.open(folder / f"rgb-{view}.png"))[..., :3]
        np.asarray(Image.open(folder / f"odd-{view}.png"))
        instance = [np.asarray(Image.open(folder / f"object-{k}-{view}.png"))[..., 0] > 127 for k in range(objects)]
        np.argmax(instance, axis=0)
        if depth:
            read_depth(folder / f"depth-{view}.exr")


def read_shard(dataset: Dataset, name: str, views: Sequence[int], depth: bool) -> None:
    """A scene that was not read before, or was forgotten since; its shard may be open."""
    dataset.forget_scenes()
    read_again(dataset, name, views, depth)


def read_again(dataset: Dataset, name: str, views: Sequence[int], depth: bool) -> None:
    """A scene that was read before and is remembered, as in the later epochs of a training."""
    dataset.scene(name)
    dataset.images(name, views)
    dataset.masks(name, views)
    if depth:
        dataset.depths(name, views)


def loader(dataset: Dataset, names: list[str]) -> Callable[[str], None]:
    """What a loader process does for a scene in training: 5 random views, moved, as tensors."""
    from odd_bench.data.augment import AugmentConfig
    from odd_bench.data.dataset import TrainScenes

    scenes = TrainScenes(dataset, names, views=5, augment=AugmentConfig())

    def load(name: str) -> None:
        dataset.forget_scenes()
        scenes[0, names.index(name)]

    return load


def scenes_per_second(reads: Sequence[Callable[[str], None]], names: list[str], rounds: int = 12) -> list[float]:
    """Of each way of reading, the best of some rounds, in processor time, so that other work counts as little as can be.

    The ways take turns: what else the machine does meets all of them.
    """
    best = [float("inf")] * len(reads)
    for _ in range(rounds):
        for place, read in enumerate(reads):
            started = time.process_time()
            for name in names:
                read(name)
            best[place] = min(best[place], time.process_time() - started)
    return [len(names) / one for one in best]


def compare(dataset: Dataset, scenes: int, views_of: Sequence[int]) -> None:
    """Print a line for each way of reading a scene. views_of: how many views are read, spread over those there are."""
    names = dataset.scene_names()[:scenes]
    with tempfile.TemporaryDirectory() as folder:
        counts = {}
        for name in names:
            record = dataset.record(name)
            counts[name], has_depth = len(record.scene.objects), record.depth_m is not None
            write_folder(Path(folder) / name, record)
        (loaded,) = scenes_per_second([loader(dataset, names)], names)
        print(f"a loader process, 5 views: {loaded:.0f} scenes a second")
        available = len(record.images)
        print(f"{len(names)} scenes of {available} views of {record.images.shape[2]} px; scenes a second")
        for views in (spread_views(available, wanted) for wanted in views_of):
            for depth in (False, True)[: 1 + has_depth]:
                files, first, again = scenes_per_second(
                    [
                        lambda name, v=views, d=depth: read_folder(Path(folder) / name, v, counts[name], d),
                        lambda name, v=views, d=depth: read_shard(dataset, name, v, d),
                        lambda name, v=views, d=depth: read_again(dataset, name, v, d),
                    ],
                    names,
                )
                what = f"{len(views):2d} views {'with' if depth else 'without'} depth"
                shards = (
                    f"read first {first:6.1f}   {first / files:.1f}x   read again {again:6.1f}   {again / files:.1f}x"
                )
                print(f"{what:24s} files {files:6.1f}   {shards}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", nargs="?", type=Path)
    parser.add_argument("--scenes", type=int, default=4)
    parser.add_argument("--views", type=int, nargs="+", default=[20, 5], help="read of a scene")
    parser.add_argument("--pixels", type=int, default=256, help="of the drawn views")
    args = parser.parse_args()
    if args.dataset:
        compare(open_dataset(args.dataset), args.scenes, args.views)
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(drawn_dataset(Path(folder), args.scenes, args.pixels), args.scenes, args.views)


if __name__ == "__main__":
    main()
