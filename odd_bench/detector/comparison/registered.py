"""The comparison of registered objects: silhouettes, visual hulls, their registration, and the comparison of pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from odd_bench.blocks.backbone import FrozenLevels
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.boxes import ground_truth_boxes, ground_truth_count
from odd_bench.detector.carving import Carved, carved, carved_by_votes
from odd_bench.detector.comparison import Pyramid
from odd_bench.detector.comparison.aligned import (
    AlignedChannels,
    AlignedComparison,
    Judged,
    aligned_channels,
    changed_cells,
    channel_count,
)
from odd_bench.detector.comparison.aligned_references import pasted_maps
from odd_bench.detector.comparison.consensus import KnownPlacements, RegisteredHulls, disagreement, register_objects
from odd_bench.detector.comparison.relations import PIXELS, Compared, Relations
from odd_bench.detector.correspondences import canonical_diagonal
from odd_bench.detector.heights import BoxHeights, above_one_another, height_features
from odd_bench.detector.hulls import HullConfig, Hulls
from odd_bench.detector.losses import change_loss, label_loss, owned, owned_labels, silhouette_loss
from odd_bench.detector.object_pixels import ObjectPixels, changed_pixels, rays_of, suspicion_maps
from odd_bench.detector.pictures import placement_picture, silhouette_picture, suspicion_picture
from odd_bench.detector.registration import Placements, placement_accuracy
from odd_bench.detector.sides import BoxSides, measured, side_features
from odd_bench.detector.silhouettes import (
    FLOOR_CHANNELS,
    Silhouettes,
    cut_windows,
    draw_windows,
    floor_differences,
    level_strides,
)
from odd_bench.detector.volumes import Volumes

if TYPE_CHECKING:
    from odd_bench.detector.config import DetectorConfig


@dataclass(frozen=True)
class Registered:
    """Registered and compared objects. compared: the judgement of the objects and of their matched `pixels`. judged: the
    judgement of the aligned references `aligned`, if there are any.
    """

    compared: Compared
    pixels: ObjectPixels
    hulls: Hulls
    placements: Placements
    aligned: AlignedChannels | None = None
    judged: Judged | None = None

    @property
    def logits(self) -> Tensor:
        """(n,) logits of the objects, above 0 = anomalous: the mean of relations and aligned references, if there are any."""
        return self.compared.logits if self.judged is None else (self.compared.logits + self.judged.logits) / 2


def registered(
    compare: Relations, volumes: Volumes, scene: int, boxes: Tensor, config: HullConfig, registration: str = "auto",
    aligned: AlignedComparison | None = None,
) -> Registered:  # fmt: skip
    """Register and compare the objects in the boxes (n, 6) of one scene, n at least 1. Geometry is computed without autocast.

    aligned: the part that judges aligned references, which need two objects or more.
    """
    batch = volumes.batch
    views = batch.K[scene], batch.camera_from_world[scene]
    objects = register_objects(volumes, scene, boxes, config, registration, PIXELS, volumes.known_placements.get(scene))
    hulls, pixels, placements, agreed = objects.hulls, objects.pixels, objects.placements, objects.agreed
    with torch.autocast(boxes.device.type, enabled=False):
        pictures, shapes = batch.images[scene].float() / 255, None
        if agreed is not None:
            shapes = disagreement(hulls, placements, rays_of(pixels, hulls, *views), agreed)
        maps = [level[scene].float() for level in volumes.levels]
        levels = [pixels.sampled(level) for level in maps]
        compared = compare(pixels.sampled(pictures), levels, pixels.counted, shapes)
        found = Registered(compared, pixels.first(compare.config.compared), hulls, placements)
        if aligned is None or agreed is None:
            return found
        masks, outlines = volumes.masks[scene], volumes.outlines[scene]
        channels = aligned_channels(
            pictures, maps, masks, outlines, objects.shown, boxes, hulls, placements, agreed, *views, aligned.cells
        )
    return replace(found, aligned=channels, judged=aligned(channels))


class RegisteredComparison(nn.Module):
    """See odd_bench.detector.comparison.Comparison. widths: channels of the levels of the image network, from the finest.

    describing: the image network that describes pixels, where it is not the one that builds the volume.
    """

    def __init__(self, config: DetectorConfig, widths: tuple[int, ...], describing: FrozenLevels | None = None):
        super().__init__()
        self.config, self.describing = config, describing
        beside, levels = FLOOR_CHANNELS if config.silhouettes.floor else 0, min(config.relations.levels, len(widths))
        self.silhouettes = Silhouettes(widths, beside)
        self.relations = Relations(levels, config.relations)
        self.heights = BoxHeights(config.heights)
        self.sides = BoxSides(config.sides) if config.sides.networks else None
        aligns = config.attention.kind == "aligned"
        self.aligned = AlignedComparison(channel_count(levels), config.aligned) if aligns else None

    @property
    def learnt_later(self) -> tuple[str, ...]:
        optional = {"sides": self.sides, "aligned": self.aligned}
        return ("relations", "heights", *(name for name, part in optional.items() if part is not None))

    def look(
        self, batch: SceneBatch, images: Tensor, levels: list[Tensor], pyramid: Pyramid, first_stage: bool
    ) -> dict[str, Any]:
        """Silhouettes, and the levels that describe pixels; only all levels, if silhouettes are learnt on windows."""
        floor = {}
        if self.config.silhouettes.floor:
            pictures = images.unflatten(0, batch.images.shape[:2])
            floor = {"floor": floor_differences(pictures, batch.K, batch.camera_from_world).flatten(0, 1)}
        if first_stage and self.training and self.config.loss.silhouette_window is not None:
            return {"levels": tuple(levels), **floor}
        logits, described = self.silhouettes(images, levels, floor.get("floor")).float(), levels
        if first_stage and self.training:
            return {"silhouettes": logits, **floor}
        describe = self.describing or pyramid
        if self.config.relations.enlarge != 1 and not first_stage:
            with torch.no_grad():
                large = interpolate(
                    images, scale_factor=self.config.relations.enlarge, mode="bicubic", align_corners=False
                )
                described = describe(large.clamp(0, 1))
        elif self.describing is not None:
            described = describe(images)
        described = tuple(level.detach() for level in described[: self.config.relations.levels])
        return {"silhouettes": logits, "levels": described, **floor}

    def boxes(self, volumes: Volumes, scene: int) -> np.ndarray:
        """(n, 6) boxes carved by silhouettes, with estimated heights and sides, or the true ones if they are given."""
        given = ground_truth_boxes(self.config.boxes, volumes.batch, scene)
        if given is not None:
            return given
        return self.moved(self.lowered(volumes, scene), volumes, scene)[0]

    def lowered(self, volumes: Volumes, scene: int) -> np.ndarray:
        """(n, 6) boxes carved by silhouettes, with estimated heights."""
        found = self.carved(volumes, scene)
        return self.heights.lowered(found.boxes, self.height_features(volumes, scene, found))

    def moved(
        self, boxes: np.ndarray, volumes: Volumes, scene: int, true: np.ndarray | None = None
    ) -> tuple[np.ndarray, dict[str, Tensor]]:
        """Found boxes (n, 6) with estimated sides, and the loss of these with respect to the true boxes (t, 6)."""
        if self.sides is None:
            return boxes, {}
        if len(boxes) < 2:
            return boxes, {"side": sum(parameter.sum() for parameter in self.sides.parameters()) * 0}
        objects = self.register(volumes, scene, boxes)
        features = side_features(boxes, measured(boxes, objects.hulls, objects.agreed))
        found = self.sides.moved(boxes, features)
        placed = torch.from_numpy(found).to(objects.hulls.centres)
        volumes.known_placements[scene] = KnownPlacements(placed, objects.hulls, objects.placements)
        return found, {} if true is None else {"side": self.sides.loss(boxes, features, true)}

    def register(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> RegisteredHulls:
        """Register the objects in the boxes (n, 6), n at least 1."""
        config, boxes = self.config, torch.from_numpy(boxes).to(volumes.batch.K)
        return register_objects(volumes, scene, boxes, config.hulls, config.registration, PIXELS)

    def height_features(self, volumes: Volumes, scene: int, found: Carved) -> np.ndarray:
        """(n, FEATURES) of the carved objects, see odd_bench.detector.heights."""
        batch = volumes.batch
        pictures = batch.images[scene].float() / 255
        return height_features(volumes.outlines[scene], pictures, batch.K[scene], batch.camera_from_world[scene], found)

    def carved(self, volumes: Volumes, scene: int) -> Carved:
        """The objects that silhouettes carve from the volume."""
        alpha, outlines, batch = volumes.alpha[scene].detach().float(), volumes.outlines[scene], volumes.batch
        views, config = (batch.K[scene], batch.camera_from_world[scene]), self.config
        count = ground_truth_count(config.boxes, batch, scene)
        if volumes.centres is not None and count is None:
            return carved_by_votes(
                alpha, volumes.centres, scene, outlines, *views, volumes.grid, config.centres, config.carving
            )
        return carved(alpha, outlines, *views, volumes.grid, config.boxes, config.carving, count)

    def registered(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Registered:
        """Register and compare the objects in the boxes (n, 6), n at least 1."""
        boxes = torch.from_numpy(boxes).to(volumes.batch.K)
        config = self.config
        return registered(self.relations, volumes, scene, boxes, config.hulls, config.registration, self.aligned)

    def logits(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Tensor:
        """(n,) logits of the boxes (n, 6), n at least 1."""
        return self.registered(volumes, scene, boxes).logits

    def located(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> tuple[Tensor, Tensor]:
        """(n,) logits and (views, h, w) uint8 suspicion of the pixels, of the objects in boxes (n, 6), n at least 1."""
        objects = self.registered(volumes, scene, boxes)
        if objects.judged is None:
            maps = suspicion_maps(objects.pixels, objects.compared.pixel_logits, volumes.batch.images.shape[1])
        else:
            maps = pasted_maps(
                objects.aligned.crops, objects.judged.map_logits, objects.aligned.counted, objects.pixels.size
            )
        return objects.logits, maps

    def picture_losses(self, volumes: Volumes) -> dict[str, Tensor]:
        """The loss of the silhouettes, over all pixels of the views or those in a window of each view."""
        seen = volumes.batch
        if volumes.silhouettes is not None:
            return {"silhouette": silhouette_loss(volumes.silhouettes, seen.instance)}
        images, instance = seen.images.flatten(0, 1), seen.instance.flatten(0, 1)
        strides = level_strides(len(volumes.levels))
        side = min(self.config.loss.silhouette_window, *images.shape[-2:]) // strides[-1] * strides[-1]
        first = draw_windows(instance > 0, side, strides[-1])
        within = [
            cut_windows(level.flatten(0, 1), first, side, stride)
            for level, stride in zip(volumes.levels, strides, strict=True)
        ]
        images, instance = cut_windows(images, first, side).float() / 255, cut_windows(instance, first, side)
        floor = None if volumes.floor is None else cut_windows(volumes.floor.flatten(0, 1), first, side)
        return {"silhouette": silhouette_loss(self.silhouettes(images, within, floor)[None], instance[None])}

    def object_losses(self, volumes: Volumes, scene: int) -> dict[str, Tensor]:
        """Losses of the labels of the found objects, the changes of their pixels, and the heights and sides of their boxes.

        Returns an empty dict if no object is found.
        """
        batch, config = volumes.batch, self.config.loss
        found, true = self.carved(volumes, scene), batch.boxes[scene].cpu().numpy()
        given, high = ground_truth_boxes(self.config.boxes, batch, scene), self.height_features(volumes, scene, found)
        if given is None:
            boxes, side = self.moved(self.heights.lowered(found.boxes, high), volumes, scene, true)
        else:
            boxes, side = given, {}
        boxes, owner = owned(boxes, batch, scene, config)
        if not len(boxes):
            return {}
        objects = self.registered(volumes, scene, boxes)
        changed, judged = changed_pixels(objects.pixels, owner, batch, scene)
        labels, decision = owned_labels(owner, batch.labels[scene]), self.relations.decision
        recalled = label_loss(*decision.recalled(objects.compared.features, labels), config)
        return {
            "label": label_loss(objects.compared.logits, labels, config),
            "recalled": recalled * len(labels) / len(decision.memory.kept()[1]),
            "change": change_loss(objects.compared.pixel_logits, changed.float(), judged),
            "ridge": decision.penalty(),
            "height": self.heights.loss(found.boxes, high, true, above_one_another(found.boxes, true)),
            **side,
            **self.aligned_losses(objects, owner, labels, batch, scene),
        }

    def aligned_losses(
        self, objects: Registered, owner: Tensor, labels: Tensor, batch: SceneBatch, scene: int
    ) -> dict[str, Tensor]:
        """Losses of aligned references, for objects and for cells; 0 for a single object."""
        if self.aligned is None:
            return {}
        if objects.judged is None:
            nothing = sum(parameter.sum() for parameter in self.aligned.parameters()) * 0
            return {"aligned_label": nothing, "aligned_change": nothing}
        changed, judged = changed_cells(
            objects.aligned, batch.instance[scene], batch.change[scene], owner, batch.labels[scene]
        )
        labels_each = [label_loss(one, labels, self.config.loss) for one in objects.judged.logits_each]
        changes_each = [change_loss(one, changed.float(), judged) for one in objects.judged.map_logits_each]
        return {
            "aligned_label": torch.stack(labels_each).mean(),
            "aligned_change": torch.stack(changes_each).mean(),
        }

    def accuracy(self, volumes: Volumes, scene: int) -> float:
        """PCK of the points of registered hulls; NaN for a single object."""
        batch = volumes.batch
        objects, poses = (
            self.registered(volumes, scene, batch.boxes[scene].cpu().numpy()),
            batch.world_from_object[scene],
        )
        return placement_accuracy(
            objects.hulls, objects.placements, poses, canonical_diagonal(batch.obbs[scene], poses)
        )

    def pictures(self, volumes: Volumes, held: SceneBatch, found: np.ndarray) -> dict[str, Tensor]:
        """Silhouettes, the suspicion of pixels of the boxes found (n, 6), and how true objects are registered."""
        suspected = self.registered(volumes, 0, found) if len(found) > 1 else None
        objects = self.registered(volumes, 0, held.boxes[0].cpu().numpy())
        suspicion = None if suspected is None else (suspected.pixels, suspected.compared.pixel_logits.sigmoid())
        return {
            "silhouettes": silhouette_picture(volumes),
            "suspicion": suspicion_picture(volumes, suspicion),
            "correspondences": placement_picture(held, objects.hulls, objects.placements),
        }
