"""COLMAP + DGCNN: segment objects in a reconstruction, compare them in pairs, and vote (paper, section 4.3)."""

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
AS_USUAL = 0.0  # score of an object whose box is given and holds too few points: it counts as normal
SHARPNESS = 10.0  # scale of the embeddings, whose length 1 is too small for a classifier of dozens of categories


class ColmapDgcnn(nn.Module):
    """The model, which implements odd_bench.training.method.Method and ReadsData.

    It uses the names, views, boxes and labels of a batch; clouds come from the data set set by `read_from`. views, pixels: number
    of views, and size of the pictures, in training. categories: number of categories in the training scenes. The first stage
    classifies these instead of the categories of ShapeNet.
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
        # by scene name, because segmentation takes longer than all other steps on a GPU
        self.training_objects: dict[str, Objects] = {}

    @property
    def threshold(self) -> float:
        """Objects with a score above it are anomalous."""
        return self.pairs.threshold

    @property
    def gt_boxes(self) -> bool:
        """Whether the method is given the true boxes."""
        return self.config.cut.source == "oracle-box"

    def read_from(self, dataset: Dataset) -> None:
        """Take clouds from this data set. They are stored in its folder, and reconstructed on first use."""
        self.store = CloudStore(dataset, self.config.reconstruction, self.pixels)
        self.training_objects = {}
        self.category_numbers = {}

    def start_stage(self, name: str) -> None:
        """Select the loss: classification of categories first, then the triplet loss."""
        self.stage = name
        self.categories.requires_grad_(name == CATEGORIES)

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """One group, because there is no image network."""
        return [{"params": list(self.parameters()), "lr": learning_rate}]

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """The losses of the current stage; 0 if the batch has nothing to learn from."""
        scenes = [self.known_objects(batch, scene) for scene in range(len(batch))]
        if self.stage == CATEGORIES:
            return self.category_loss(batch, [self.drawn(batch, i, clouds) for i, (clouds, _) in enumerate(scenes)])
        useful = [(i, clouds, labels) for i, (clouds, labels) in enumerate(scenes) if has_triplets(labels)]
        return self.triplet_loss([(self.drawn(batch, i, clouds), labels) for i, clouds, labels in useful])

    def category_loss(self, batch: SceneBatch, drawn: list[Tensor]) -> dict[str, Tensor]:
        """`total`: cross-entropy of the categories of the objects. `right`: accuracy. drawn: clouds of each scene."""
        clouds = torch.cat(drawn)
        if len(clouds) < 2:  # too few for batch statistics
            return {"total": self.nothing(), "right": self.nothing().detach()}
        self.category_numbers = self.category_numbers or numbered(categories_of(self.store.dataset))
        numbers = [self.category_numbers[self.store.dataset.scene(name).category] for name in batch.names]
        counts = torch.tensor([len(scene) for scene in drawn])
        target = torch.tensor(numbers).repeat_interleave(counts).to(clouds.device)
        logits = self.categories(SHARPNESS * self.dgcnn(clouds)).float()
        return {"total": cross_entropy(logits, target), "right": (logits.argmax(dim=1) == target).float().mean()}

    def triplet_loss(self, scenes: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        """`total`: mean over the triplets of all scenes. `violated`: fraction of triplets that violate the margin."""
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
        """A loss of 0 that depends on all parameters of the network."""
        return sum(parameter.sum() for parameter in self.dgcnn.parameters()) * 0.0

    def known_objects(self, batch: SceneBatch, scene: int) -> tuple[list[np.ndarray], Tensor]:
        """Clouds (p, 3) and labels (n,) of the n >= 0 detected objects whose label is known."""
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
        """Random samples (n, points, 3) for the network, from the clouds (p, 3) of n objects of a scene."""
        if not clouds:
            return torch.zeros(0, self.config.points, 3, device=batch.images.device)
        rng = draw_generator(batch, scene)
        read = centred([sampled(cloud, self.config.points, rng) for cloud in clouds])
        return torch.from_numpy(turned(read, rng) if self.config.turn else read).to(batch.images.device)

    def training_views(self, name: str) -> list[int]:
        """Indices of the views from which a training scene is reconstructed."""
        return spread_views(len(self.store.dataset.scene(name).cameras), self.views)

    def objects(self, batch: SceneBatch, scene: int, views: list[int]) -> tuple[Objects, float]:
        """The objects in the cloud of a scene, and the seconds spent on the cloud before this call."""
        cloud, seconds = self.store.cloud(batch.names[scene], views, batch.images.device)
        return self.cut(cloud, batch, scene), seconds

    def cut(self, cloud: Cloud, batch: SceneBatch, scene: int) -> Objects:
        """Segment a cloud into objects, by the true boxes if they are given."""
        if self.gt_boxes:
            return cut_boxes(cloud.points, batch.boxes[scene].double().cpu().numpy(), self.config.cut)
        return cut_clusters(cloud.points, self.config.cut)

    @torch.no_grad()
    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """Boxes and scores of the detected objects of each scene; see `scores`."""
        return [self.answer(batch, scene) for scene in range(len(batch))]

    def answer(self, batch: SceneBatch, scene: int) -> SceneAnswer:
        """The boxes and scores of one scene."""
        objects, seconds = self.objects(batch, scene, batch.views[scene])
        scores = self.scores(objects, batch.images.device)
        if objects.ids is None:
            return SceneAnswer(objects.boxes, scores, None, seconds)
        given = batch.boxes[scene].double().cpu().numpy()
        every = np.full(len(given), AS_USUAL)
        every[objects.ids] = scores
        return SceneAnswer(given, every, np.arange(len(given)), seconds)

    def scores(self, objects: Objects, device: torch.device) -> np.ndarray:
        """Scores (n,): the distance of each object to the others, minus the usual distance in the scene."""
        if not len(objects):
            return np.zeros(0)
        clouds = centred([sampled(cloud, self.config.points) for cloud in objects.clouds])
        embeddings = self.dgcnn(torch.from_numpy(clouds).to(device)).float()
        return odd_scores(beyond_usual(distances(embeddings))).cpu().numpy().astype(float)

    @torch.no_grad()
    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """The segmented objects of the first scene from above."""
        from odd_bench.baselines.colmap_dgcnn.pictures import from_above

        cloud, _ = self.store.cloud(batch.names[0], self.training_views(batch.names[0]), batch.images.device)
        return {"from_above": from_above(self.cut(cloud, batch, 0))}


def categories_of(dataset: Dataset) -> list[str]:
    """The categories of the training scenes, sorted."""
    return sorted({dataset.scene(name).category for name in dataset.scene_names("train")})


def numbered(names: list[str]) -> dict[str, int]:
    """The index of each name."""
    return {name: number for number, name in enumerate(names)}


def labels_of(objects: Objects, true_boxes: np.ndarray, labels: np.ndarray, match_iou: float) -> np.ndarray:
    """Label (n,) of the true box that each object overlaps most, -1 if no IoU reaches `match_iou`."""
    if objects.ids is not None:
        return labels[objects.ids]
    overlap = iou_matrix(objects.boxes, true_boxes)  # (n, t)
    return np.where(overlap.max(axis=1, initial=0.0) >= match_iou, labels[overlap.argmax(axis=1)], -1)


def draw_generator(batch: SceneBatch, scene: int) -> np.random.Generator:
    """A generator seeded by the scene and its views, whose order the loader draws anew for every example. A resumed run
    therefore draws the same numbers.
    """
    seeds = [zlib.crc32(batch.names[scene].encode()), *batch.views[scene]]
    return np.random.default_rng(np.random.SeedSequence(seeds))
