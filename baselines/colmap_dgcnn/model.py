"""COLMAP + DGCNN: objects cut from a reconstruction, compared in pairs, voted on (paper, section 4.3)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from odd_bench.baselines.colmap_dgcnn.clouds import centred, sampled, turned
from odd_bench.baselines.colmap_dgcnn.config import ColmapDgcnnConfig
from odd_bench.baselines.colmap_dgcnn.cutting import Objects, cut_boxes, cut_clusters
from odd_bench.baselines.colmap_dgcnn.dgcnn import Dgcnn
from odd_bench.baselines.colmap_dgcnn.reconstruct import Cloud
from odd_bench.baselines.colmap_dgcnn.store import CloudStore
from odd_bench.baselines.colmap_dgcnn.triplet import has_triplets, triplet_violations
from odd_bench.baselines.colmap_dgcnn.voting import PairDistances, beyond_usual, distances, odd_scores
from odd_bench.data.batch import SceneBatch
from odd_bench.data.dataset import spread_views
from odd_bench.data.reader import Dataset
from odd_bench.geometry.boxes import iou_matrix
from odd_bench.training.method import SceneAnswer

CATEGORIES, SIAMESE = "categories", "siamese"
AS_USUAL = 0.0  # score of an object whose box is given and of which too few points are seen: it counts as normal
SHARPNESS = 10.0  # embeddings of length 1 are too short to tell dozens of categories apart


class ColmapDgcnn(nn.Module):
    """See odd_bench.training.method.Method and ReadsData for what it offers to training and prediction.

    Of a batch it takes names, views and labels; clouds come from the data set that `read_from` names. views, pixels: what
    it trains on. categories: how many the training scenes show; the first stage classifies them, in place of ShapeNet's.
    """

    stages = (CATEGORIES, SIAMESE)
    gt_count = False

    def __init__(self, config: ColmapDgcnnConfig, views: int, pixels: int | None, categories: int):
        super().__init__()
        self.config, self.views, self.pixels, self.stage = config, views, pixels, SIAMESE
        self.dgcnn, self.pairs = Dgcnn(config.dgcnn), PairDistances()
        self.categories = nn.Linear(config.dgcnn.embedding, categories)
        self.store: CloudStore | None = None
        self.category_numbers: dict[str, int] = {}
        self.training_objects: dict[
            str, Objects
        ] = {}  # by scene name: cutting takes longer than a GPU does for the rest

    @property
    def threshold(self) -> float:
        return self.pairs.threshold

    @property
    def gt_boxes(self) -> bool:
        return self.config.cut.source == "oracle-box"

    def read_from(self, dataset: Dataset) -> None:
        """Find the clouds of this data set beside it, or make them."""
        self.store = CloudStore(dataset, self.config.reconstruction, self.pixels)
        self.training_objects = {}
        self.category_numbers = {}

    def start_stage(self, name: str) -> None:
        """First what objects are, then how alike."""
        self.stage = name
        self.categories.requires_grad_(name == CATEGORIES)

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """One: there is no 2D encoder."""
        return [{"params": list(self.parameters()), "lr": learning_rate}]

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """Of the stage; 0 where the batch has nothing to learn from."""
        scenes = [self.known_objects(batch, scene) for scene in range(len(batch))]
        if self.stage == CATEGORIES:
            return self.category_loss(batch, [self.drawn(batch, i, clouds) for i, (clouds, _) in enumerate(scenes)])
        useful = [(i, clouds, labels) for i, (clouds, labels) in enumerate(scenes) if has_triplets(labels)]
        return self.triplet_loss([(self.drawn(batch, i, clouds), labels) for i, clouds, labels in useful])

    def category_loss(self, batch: SceneBatch, drawn: list[Tensor]) -> dict[str, Tensor]:
        """`total`: cross-entropy of the objects' categories; `right`: the share named rightly. drawn: clouds of each scene."""
        clouds = torch.cat(drawn)
        if len(clouds) < 2:  # too few for the statistics of a norm
            return {"total": self.nothing(), "right": self.nothing().detach()}
        self.category_numbers = self.category_numbers or numbered(categories_of(self.store.dataset))
        numbers = [self.category_numbers[self.store.dataset.scene(name).category] for name in batch.names]
        counts = torch.tensor([len(scene) for scene in drawn])
        target = torch.tensor(numbers).repeat_interleave(counts).to(clouds.device)
        logits = self.categories(SHARPNESS * self.dgcnn(clouds)).float()
        return {"total": cross_entropy(logits, target), "right": (logits.argmax(dim=1) == target).float().mean()}

    def triplet_loss(self, scenes: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        """`total`: the mean over the triplets of all scenes; `violated`: the share of them that falls short of the margin."""
        if not scenes:
            return {"total": self.nothing(), "violated": self.nothing().detach()}
        embeddings = self.dgcnn(torch.cat([clouds for clouds, _ in scenes])).float().split([len(y) for _, y in scenes])
        labels = [labels for _, labels in scenes]
        self.pairs.add([(distances(one.detach()), y) for one, y in zip(embeddings, labels, strict=True)])
        short = torch.cat(
            [triplet_violations(one, y, self.config.triplet.margin) for one, y in zip(embeddings, labels, strict=True)]
        )
        return {"total": short.mean(), "violated": (short > 0).float().mean().detach()}

    def nothing(self) -> Tensor:
        """A loss without anything to learn from."""
        return sum(parameter.sum() for parameter in self.dgcnn.parameters()) * 0.0

    def known_objects(self, batch: SceneBatch, scene: int) -> tuple[list[np.ndarray], Tensor]:
        """Clouds (p, 3) and labels (n,) of the n objects that were found and whose label is known; n may be 0."""
        name = batch.names[scene]
        if name not in self.training_objects:
            self.training_objects[name], _ = self.objects(batch, scene, self.training_views(name))
        objects = self.training_objects[name]
        labels = labels_of(
            objects, batch.boxes[scene].cpu().numpy(), batch.labels[scene].cpu().numpy(), self.config.match_iou
        )
        known = np.flatnonzero(labels >= 0)
        return [objects.clouds[i] for i in known], torch.from_numpy(labels[known]).to(batch.images.device)

    def drawn(self, batch: SceneBatch, scene: int, clouds: list[np.ndarray]) -> Tensor:
        """(n, points, 3) as the network reads them in training, from clouds (p, 3) of n objects of the scene."""
        if not clouds:
            return torch.zeros(0, self.config.points, 3, device=batch.images.device)
        rng = draw_generator(batch, scene)
        read = centred([sampled(cloud, self.config.points, rng) for cloud in clouds])
        return torch.from_numpy(turned(read, rng) if self.config.turn else read).to(batch.images.device)

    def training_views(self, name: str) -> list[int]:
        return spread_views(len(self.store.dataset.scene(name).cameras), self.views)

    def objects(self, batch: SceneBatch, scene: int, views: list[int]) -> tuple[Objects, float]:
        """What is cut from the scene's cloud, and the seconds spent on the cloud before this call."""
        cloud, seconds = self.store.cloud(batch.names[scene], views, batch.images.device)
        return self.cut(cloud, batch, scene), seconds

    def cut(self, cloud: Cloud, batch: SceneBatch, scene: int) -> Objects:
        if self.gt_boxes:
            return cut_boxes(cloud.points, batch.boxes[scene].double().cpu().numpy(), self.config.cut)
        return cut_clusters(cloud.points, self.config.cut)

    @torch.no_grad()
    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """Boxes of the objects that were found, and by how much each is farther from the others than is usual in the scene."""
        return [self.answer(batch, scene) for scene in range(len(batch))]

    def answer(self, batch: SceneBatch, scene: int) -> SceneAnswer:
        objects, seconds = self.objects(batch, scene, batch.views[scene])
        scores = self.scores(objects, batch.images.device)
        if objects.ids is None:
            return SceneAnswer(objects.boxes, scores, None, seconds)
        told = batch.boxes[scene].double().cpu().numpy()
        every = np.full(len(told), AS_USUAL)
        every[objects.ids] = scores
        return SceneAnswer(told, every, np.arange(len(told)), seconds)

    def scores(self, objects: Objects, device: torch.device) -> np.ndarray:
        """(n,) by how much each object is farther from the others than is usual in the scene."""
        if not len(objects):
            return np.zeros(0)
        clouds = centred([sampled(cloud, self.config.points) for cloud in objects.clouds])
        embeddings = self.dgcnn(torch.from_numpy(clouds).to(device)).float()
        return odd_scores(beyond_usual(distances(embeddings))).cpu().numpy().astype(float)

    @torch.no_grad()
    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """The first scene's objects from above, as they were cut."""
        from odd_bench.baselines.colmap_dgcnn.pictures import from_above

        cloud, _ = self.store.cloud(batch.names[0], self.training_views(batch.names[0]), batch.images.device)
        return {"from_above": from_above(self.cut(cloud, batch, 0))}


def categories_of(dataset: Dataset) -> list[str]:
    """Sorted names of what the training scenes show."""
    return sorted({dataset.scene(name).category for name in dataset.scene_names("train")})


def numbered(names: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def labels_of(objects: Objects, true_boxes: np.ndarray, labels: np.ndarray, match_iou: float) -> np.ndarray:
    """(n,) label of the true box that each object overlaps most, -1 where none does by `match_iou`."""
    if objects.ids is not None:
        return labels[objects.ids]
    overlap = iou_matrix(objects.boxes, true_boxes)  # (n, t)
    return np.where(overlap.max(axis=1, initial=0.0) >= match_iou, labels[overlap.argmax(axis=1)], -1)


def draw_generator(batch: SceneBatch, scene: int) -> np.random.Generator:
    """Random numbers that a resumed run draws again: the loader draws the order of the views anew for every example."""
    seeds = [zlib.crc32(batch.names[scene].encode()), *batch.views[scene]]
    return np.random.default_rng(np.random.SeedSequence(seeds))
