"""Torch data sets over shards: random views for training, evenly spread views for testing.

A training example depends on the seed and the number of the draw alone. A run that is resumed at any step, with any number of
loader workers, therefore sees the same scenes, views and augmentations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import Sampler

from odd_bench.data.augment import AugmentConfig, draw_move, moved_scene
from odd_bench.data.batch import SceneBatch
from odd_bench.data.damage import check_plain, reading
from odd_bench.data.errors import DataError
from odd_bench.data.reader import Dataset
from odd_bench.data.views import draw_views, spread_views
from odd_bench.scene import Camera, Scene

FEATURES = "stored features of a teacher"

ORDER_STREAM, SCENE_STREAM = 0, 1  # streams of random numbers derived from one seed


@dataclass(frozen=True)
class FeatureFolder:
    """A folder of teacher features: one file `<scene>.npy` per scene, (views, c, h, w) float16."""

    folder: Path

    def read(self, name: str, views: list[int], mirrored: bool) -> torch.Tensor:
        """Features (n, c, h, w) float16 of the given views. Raises DataError if the file is missing or damaged.

        mirrored: whether the pictures, and so the features, are flipped.
        """
        path = self.folder / f"{name}.npy"
        check_plain(path, FEATURES)
        with reading(path, FEATURES, "Delete the file, and start the training again: the features are computed again"):
            stored = np.load(path, mmap_mode="r")
            features = np.stack([stored[view] for view in views])
        return torch.from_numpy(np.ascontiguousarray(features[..., ::-1]) if mirrored else features)


class TestScenes(TorchDataset):
    """Scenes with evenly spread views and without augmentation. Item i is a batch of one scene.

    pixels: side to which pictures are resized; None = their own size.
    """

    __test__ = False  # pytest would otherwise take this class for a test

    def __init__(self, dataset: Dataset, names: list[str], views: int, pixels: int | None = None):
        self.dataset, self.names, self.views, self.pixels = dataset, names, views, pixels

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> SceneBatch:
        scene = self.dataset.scene(self.names[index])
        return read_scene(self.dataset, scene, scene, spread_views(len(scene.cameras), self.views), self.pixels)


class TrainScenes(TorchDataset):
    """Scenes with random views and a random augmentation. Item (draw, index) is a batch of one scene.

    pixels: side to which pictures are resized; None = their own size. augment: None = no augmentation. spread: whether the
    first half of the views is spread over the full circle, see `draw_views`.
    """

    def __init__(
        self,
        dataset: Dataset,
        names: list[str],
        views: int,
        pixels: int | None = None,
        augment: AugmentConfig | None = None,
        seed: int = 0,
        features: FeatureFolder | None = None,
        spread: bool = False,
    ):
        self.dataset, self.names, self.views, self.pixels = dataset, names, views, pixels
        self.augment, self.seed, self.features, self.spread = augment, seed, features, spread

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, key: tuple[int, int]) -> SceneBatch:
        draw, index = key
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, SCENE_STREAM, draw]))
        scene = self.dataset.scene(self.names[index])
        available = len(scene.cameras)
        views = draw_views(rng, available, min(self.views, available - available % 2), self.spread)
        if self.augment is None:
            return read_scene(self.dataset, scene, scene, views, self.pixels, self.features)
        move = draw_move(rng, scene, self.augment)
        moved = moved_scene(scene, move)
        return read_scene(self.dataset, scene, moved, views, self.pixels, self.features, move.mirrored)


class Draws(Sampler):
    """Samples pairs (draw, index) from draw `start` to `stop`. Every epoch has each scene once, in an order given by the seed.

    rank, ranks: index of this process, and the number of processes that share the draws.
    """

    def __init__(self, scenes: int, seed: int, start: int, stop: int, rank: int = 0, ranks: int = 1):
        self.scenes, self.seed, self.start, self.stop = scenes, seed, start, stop
        self.rank, self.ranks = rank, ranks

    def __len__(self) -> int:
        return len(range(self.start + self.rank, self.stop, self.ranks))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order, epoch = None, -1
        for draw in range(self.start + self.rank, self.stop, self.ranks):
            if draw // self.scenes != epoch:
                epoch = draw // self.scenes
                order = np.random.default_rng(np.random.SeedSequence([self.seed, ORDER_STREAM, epoch])).permutation(
                    self.scenes
                )
            yield draw, int(order[draw % self.scenes])


def read_scene(
    dataset: Dataset,
    stored: Scene,
    scene: Scene,
    views: list[int],
    pixels: int | None = None,
    features: FeatureFolder | None = None,
    mirrored: bool = False,
) -> SceneBatch:
    """A batch of one scene: the pictures of `stored` with the cameras and labels of `scene`, which may be augmented.

    pixels: side to which pictures are resized; None = their own size. mirrored: whether pictures must be flipped.
    """
    images, (instance, change) = dataset.images(stored.name, views), dataset.masks(stored.name, views)
    if mirrored:
        images, instance, change = (pictures[:, :, ::-1] for pictures in (images, instance, change))
    cameras = [scene.cameras[view] for view in views]
    if len({(camera.width, camera.height) for camera in cameras}) > 1:
        raise DataError(stored.name, "views of different sizes", "views of one size")
    if pixels is not None and images.shape[1:3] != (pixels, pixels):
        images = resized(images, pixels, Image.Resampling.BOX)
        instance, change = (resized(masks, pixels, Image.Resampling.NEAREST) for masks in (instance, change))
        cameras = [resized_camera(camera, pixels) for camera in cameras]
    objects = scene.objects
    return SceneBatch(
        names=[scene.name],
        views=[list(views)],
        images=torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))[None],
        instance=torch.from_numpy(np.ascontiguousarray(instance))[None],
        change=torch.from_numpy(np.ascontiguousarray(change))[None],
        K=_stacked([camera.K for camera in cameras])[None],
        camera_from_world=_stacked([camera.camera_from_world for camera in cameras])[None],
        boxes=[_stacked([one.aabb for one in objects])],
        obbs=[_stacked([one.obb for one in objects])],
        labels=[torch.tensor([one.label for one in objects])],
        world_from_object=[_stacked([one.world_from_object for one in objects])],
        teacher=None if features is None else features.read(stored.name, list(views), mirrored)[None],
    )


def resized(pictures: np.ndarray, pixels: int, filter: Image.Resampling) -> np.ndarray:
    """Resize (n, h, w, ...) uint8 to (n, pixels, pixels, ...). Enlarging uses bilinear interpolation unless filter is NEAREST."""
    if filter != Image.Resampling.NEAREST and pixels > pictures.shape[1]:
        filter = Image.Resampling.BILINEAR
    return np.stack([np.asarray(Image.fromarray(one).resize((pixels, pixels), filter)) for one in pictures])


def resized_camera(camera: Camera, pixels: int) -> Camera:
    """The camera of the resized picture. With pixel centres at half-integers, K is only scaled."""
    factor = np.diag([pixels / camera.width, pixels / camera.height, 1.0])
    return replace(camera, K=factor @ camera.K, width=pixels, height=pixels)


def _stacked(arrays: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(arrays)).float()
