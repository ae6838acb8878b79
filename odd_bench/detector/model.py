"""The reference detector for odd-one-out scenes from a few views (paper section 3, figure 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from odd_bench.blocks.backbone import Backbone, parameter_groups
from odd_bench.blocks.backprojection import backproject
from odd_bench.blocks.unet3d import Unet3d
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.boxes import CentreHead, centre_losses
from odd_bench.detector.comparison import Comparison, Locates
from odd_bench.detector.config import DetectorConfig
from odd_bench.detector.correspondences import canonical_loss
from odd_bench.detector.hulls import HULL_CHANNELS, soft_hull
from odd_bench.detector.losses import occupancy_loss, owners_of_voxels, rendering_losses, weighted
from odd_bench.detector.pictures import box_picture, rendered_picture
from odd_bench.detector.silhouettes import photometric
from odd_bench.detector.teacher import Pca
from odd_bench.detector.volumes import Heads, Recorded, Volumes
from odd_bench.errors import WrongUse
from odd_bench.training.method import SceneAnswer

RECONSTRUCTION, END_TO_END = "reconstruction", "end-to-end"


class Detector(nn.Module):
    """The model, which implements odd_bench.training.method.Method.

    It receives its parts from odd_bench.detector.builder. pca: PCA of the teacher's features, saved because the projected features
    are meaningless without it.
    """

    stages = (RECONSTRUCTION, END_TO_END)

    def __init__(
        self,
        config: DetectorConfig,
        backbone: Backbone,
        volume: Unet3d,
        heads: Heads,
        compare: Comparison,
        centres: CentreHead | None = None,
        pca: Pca | None = None,
    ):
        super().__init__()
        self.config, self.grid, self.stage = config, config.grid, END_TO_END
        self.backbone, self.volume, self.heads, self.compare = backbone, volume, heads, compare
        self.centres = centres
        width = config.backbone.width
        self.beside = nn.Conv3d(width + HULL_CHANNELS, width, 1) if config.soft_hull else None
        self.agreement = nn.Conv3d(width, width, 1, bias=False) if config.variance else None
        if self.agreement is not None:
            nn.init.zeros_(self.agreement.weight)  # starts at 0, so that weights trained without it remain valid
        self.recorded: Recorded | None = None
        self.maps_kept = False
        self.register_buffer("pca_mean", None if pca is None else pca.mean)
        self.register_buffer("pca_components", None if pca is None else pca.components)

    @property
    def threshold(self) -> float:
        """Objects with a score above it are anomalous."""
        return self.config.threshold

    @property
    def gt_boxes(self) -> bool:
        """Whether the detector is given the true boxes."""
        return self.config.boxes.source == "oracle-box"

    @property
    def gt_count(self) -> bool:
        """Whether the detector is given the true number of objects."""
        return self.config.boxes.source == "oracle-count"

    # Stages of training

    @property
    def learnt_later(self) -> tuple[str, ...]:
        """Names of the parts that the first stage does not train."""
        return tuple(f"compare.{name}" for name in self.compare.learnt_later)

    @property
    def learnt_first(self) -> list[nn.Module]:
        """The parts that the first stage trains: those that represent a scene, before objects are compared."""
        seeing = [part for name, part in self.compare.named_children() if name not in self.compare.learnt_later]
        own = [self.backbone, self.volume, self.heads, self.centres, self.beside, self.agreement]
        return [part for part in (*own, *seeing) if part is not None]

    @property
    def keeps_volume(self) -> bool:
        """Whether the current stage does not train the volume."""
        return self.stage == END_TO_END and self.config.loss.reconstruction == 0

    def start_stage(self, name: str) -> None:
        """Select what is trained: the volume in the first stage; in the second, everything or only the comparison."""
        self.stage = name
        for part in self.learnt_later:
            self.get_submodule(part).requires_grad_(name == END_TO_END)
        if self.keeps_volume:
            for part in self.learnt_first:
                part.requires_grad_(False)

    def scenes_of(self, stage: str, names: list[str]) -> list[str]:
        """The training scenes of a stage. With `held_share`, the stages have disjoint shapes. Raises WrongUse if there are none."""
        share = self.config.held_share
        if not share:
            return names
        kept = [name for name in names if (shape_draw(name) < share) == (stage == END_TO_END)]
        if not kept:
            raise WrongUse(
                f"{stage}: found none of {len(names)} training scenes for it with model.held_share={share}; "
                "expected some. Use more scenes, or another share"
            )
        return kept

    def train(self, mode: bool = True) -> Detector:
        """Set the mode. A volume that is not trained stays in evaluation mode, which keeps the statistics of its norms."""
        super().train(mode)
        if self.keeps_volume:
            for part in self.learnt_first:
                part.eval()
        return self

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """Parameter groups for the optimizer: the image network has backbone_rate."""
        return parameter_groups(self, self.backbone.pyramid, learning_rate, backbone_rate)

    # Scene representation, section 3.1

    def reconstruct(self, batch: SceneBatch) -> Volumes:
        """The volumes of every scene from all views of the batch."""
        b, m, _, height, width = batch.images.shape
        images = batch.images.flatten(0, 1).float() / 255
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.keeps_volume):
            pyramid = self.backbone.pyramid.levels
            levels = pyramid(images)
            maps = self.backbone.from_levels(levels).unflatten(0, (b, m))
            volume, seen = backproject(
                maps, batch.K, batch.camera_from_world, (height, width), self.grid, self.config.interpolation,
                self.config.variance,
            )  # fmt: skip
            looked = self.compare.look(batch, images, levels, pyramid, self.stage == RECONSTRUCTION)
            a_view = {name: by_view(value, b, m) for name, value in looked.items()}
            features = self.volume(self.joined(volume, a_view.get("silhouettes"), batch), seen)
            color_alpha = self.heads.color_alpha(features)
            centres = None if self.centres is None else self.centres(features)
        above = self.config.hulls.object_above
        return Volumes(
            features, color_alpha, self.grid, batch, self.heads.beta, object_above=above, centres=centres, **a_view
        )

    def joined(self, volume: Tensor, silhouettes: Tensor | None, batch: SceneBatch) -> Tensor:
        """Input (b, d, z, y, x) of the 3D network: means over the views, combined with soft hull and variance if configured.

        volume: (b, d, z, y, x), means, or (b, 2 d, z, y, x) with variances. silhouettes: (b, m, h, w), logits for the soft hull.
        """
        mean, variance = (volume, None) if self.agreement is None else volume.chunk(2, dim=1)
        if self.beside is not None:
            hull = soft_hull(silhouettes.detach().sigmoid(), batch.K, batch.camera_from_world, self.grid)
            mean = self.beside(torch.cat([mean, hull], dim=1))
        return mean if variance is None else mean + self.agreement(variance)

    # Losses, sections 3.2 and 3.4

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """`total` and its parts. Half of the views build the volumes, the others are rendered; then the reverse, if configured."""
        if self.stage == RECONSTRUCTION:
            batch = photometric(batch, self.config.loss.photometric)
        half = batch.images.shape[1] // 2
        first, second = batch.with_views(range(half)), batch.with_views(range(half, 2 * half))
        ways = [(first, second), (second, first)] if self.config.loss.both_ways else [(first, second)]
        parts = [self.losses_one_way(seen, held, batch) for seen, held in ways]
        return {name: sum(part[name] for part in parts) / len(parts) for name in parts[0]}

    def losses_one_way(self, seen: SceneBatch, held: SceneBatch, every: SceneBatch) -> dict[str, Tensor]:
        """Losses of volumes built from `seen`, with pictures and features of `held` and masks of `every` view as targets."""
        volumes, weights = self.reconstruct(seen), self.config.loss
        scene = {} if self.keeps_volume else self.scene_losses(volumes, held, every)
        objects = self.object_losses(volumes) if self.stage == END_TO_END else {}
        factor = weights.reconstruction if self.stage == END_TO_END else 1.0
        return {"total": weighted(objects, weights) + factor * weighted(scene, weights), **scene, **objects}

    def scene_losses(self, volumes: Volumes, held: SceneBatch, every: SceneBatch) -> dict[str, Tensor]:
        """Losses of the volumes, and of what the comparison reads from pictures."""
        config, parts = self.config, self.compare.picture_losses(volumes)
        if config.loss.rendering:
            parts |= rendering_losses(volumes, held, config.render, config.loss)
        if config.loss.occupancy:
            parts |= self.voxel_losses(volumes, every)
        if config.teacher.kind == "canonical":
            parts["canonical"] = canonical_loss(volumes, volumes.batch, config.canonical, config.roi)
        return parts

    def voxel_losses(self, volumes: Volumes, every: SceneBatch) -> dict[str, Tensor]:
        """Losses of occupancy and, if configured, of centres, averaged over scenes. Targets come from the masks of `every` view."""
        found = []
        for scene in range(len(every)):
            boxes = every.boxes[scene]
            views = every.instance[scene], every.K[scene], every.camera_from_world[scene]
            owner = owners_of_voxels(*views, boxes, self.grid)
            losses = {"occupancy": occupancy_loss(volumes.alpha[scene], owner >= 0)}
            if volumes.centres is not None:
                losses |= centre_losses(volumes.centres, scene, owner, boxes, self.grid)
            found.append(losses)
        return {name: torch.stack([losses[name] for losses in found]).mean() for name in found[0]}

    def object_losses(self, volumes: Volumes) -> dict[str, Tensor]:
        """Losses of detected objects, averaged over scenes; 0 if no object is found."""
        scenes = range(len(volumes.batch))
        found = [one for one in (self.compare.object_losses(volumes, scene) for scene in scenes) if one]
        if not found:
            return {"label": sum(p.sum() for p in self.compare.parameters()) * 0}
        return {name: torch.stack([one[name] for one in found]).sum() / len(scenes) for name in found[0]}

    # Objects and their comparison, sections 3.3 and 3.4

    def record(self) -> None:
        """From now on, predict by replaying CUDA graphs, three times as fast. The weights must stay at their place in memory."""
        self.recorded = Recorded(self.reconstruct)

    def keep_maps(self) -> None:
        """From now on, predict anomaly maps as well. Raises WrongUse if the comparison does not judge pixels."""
        if not isinstance(self.compare, Locates):
            raise WrongUse(
                "anomaly maps: found a comparison of whole objects; expected one that judges pixels. "
                "Train with model.attention.kind=relations, or leave --maps out"
            )
        self.maps_kept = True

    @torch.no_grad()
    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """Boxes and probabilities of being anomalous for every scene. A scene without detections has none."""
        volumes = (self.recorded or self.reconstruct)(batch)
        return [self.answer(volumes, scene) for scene in range(len(batch))]

    def answer(self, volumes: Volumes, scene: int) -> SceneAnswer:
        """Boxes of one scene from the configured source, their scores and, if they are the true boxes, the ids of the objects."""
        boxes = self.compare.boxes(volumes, scene)
        objects = np.arange(len(boxes)) if self.gt_boxes else None
        if not len(boxes):
            views, _, height, width = volumes.batch.images.shape[1:]
            nothing = np.zeros((views, height, width), np.uint8) if self.maps_kept else None
            return SceneAnswer(boxes, np.zeros(0), objects, maps=nothing)
        logits, maps = (
            self.compare.located(volumes, scene, boxes)
            if self.maps_kept
            else (self.compare.logits(volumes, scene, boxes), None)
        )
        maps = None if maps is None else maps.cpu().numpy()
        return SceneAnswer(boxes, logits.double().sigmoid().cpu().numpy(), objects, maps=maps)

    @torch.no_grad()
    def measures(self, batch: SceneBatch) -> dict[str, float]:
        """`PCK`: share of correspondences between true instances within a tenth of the diagonal. Symmetries are ignored."""
        volumes = self.reconstruct(batch)
        found = [self.compare.accuracy(volumes, scene) for scene in range(len(batch))]
        return {"PCK": float(np.nanmean(found)) if not np.isnan(found).all() else float("nan")}

    @torch.no_grad()
    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """Pictures of the first scene that training shows, from a view that did not build its volume."""
        half = batch.images.shape[1] // 2
        seen, held = batch.with_views(range(half)), batch.with_views(range(half, 2 * half))
        volumes = self.reconstruct(seen)
        answer = self.answer(volumes, 0)
        return {
            "rendered": rendered_picture(volumes, held, self.config.render),
            "boxes": box_picture(held, answer.boxes, answer.scores),
            **self.compare.pictures(volumes, held, answer.boxes),
        }


def shape_draw(scene: str) -> float:
    """A number in [0, 1) that all scenes of a shape share, because a scene is named after its shape and a number."""
    return crc32(scene.rpartition("-")[0].encode()) / 2**32


def by_view(values: Tensor | tuple[Tensor, ...], scenes: int, views: int) -> Tensor | tuple[Tensor, ...]:
    """Reshape values (b m, ...) of all pictures to (b, m, ...), for one tensor or several."""
    if isinstance(values, Tensor):
        return values.unflatten(0, (scenes, views))
    return tuple(one.unflatten(0, (scenes, views)) for one in values)
