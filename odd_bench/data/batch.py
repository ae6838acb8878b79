"""The input of every model: several scenes with some of their views, as torch tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class SceneBatch:
    """b scenes of v views; the number of objects n differs from scene to scene.

    names: scene names. views: the numbers of the views in their scene. images: (b, v, 3, h, w) uint8 sRGB.
    instance: (b, v, h, w) uint8, 0 = background, i + 1 = object i. change: (b, v, h, w) uint8, see SceneRecord.
    K: (b, v, 3, 3) pixels of these pictures, centres at half-integers. camera_from_world: (b, v, 4, 4).
    boxes: b times (n, 6) centre and size, metres, world. obbs: b times (n, 7), yaw in radians. labels: b times (n,) 1 =
    anomalous. world_from_object: b times (n, 4, 4). teacher: (b, v, c, h', w') float16 features of a teacher, if there is one.
    """

    names: list[str]
    views: list[list[int]]
    images: Tensor
    instance: Tensor
    change: Tensor
    K: Tensor
    camera_from_world: Tensor
    boxes: list[Tensor]
    obbs: list[Tensor]
    labels: list[Tensor]
    world_from_object: list[Tensor]
    teacher: Tensor | None = None

    def __len__(self) -> int:
        return len(self.names)

    def to(self, device: torch.device | str) -> SceneBatch:
        """The same batch with all tensors on `device`."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> SceneBatch:
        return self._mapped(Tensor.pin_memory)

    def with_views(self, chosen: Sequence[int]) -> SceneBatch:
        """The batch with some of its views, given by position."""
        index = list(chosen)
        teacher = None if self.teacher is None else self.teacher[:, index]
        return replace(
            self, views=[[views[i] for i in index] for views in self.views], images=self.images[:, index],
            instance=self.instance[:, index], change=self.change[:, index], K=self.K[:, index],
            camera_from_world=self.camera_from_world[:, index], teacher=teacher,
        )  # fmt: skip

    def _mapped(self, change) -> SceneBatch:
        def on(value):
            if isinstance(value, Tensor):
                return change(value)
            return [change(one) for one in value] if isinstance(value, list) and isinstance(value[0], Tensor) else value

        return SceneBatch(**{field.name: on(getattr(self, field.name)) for field in fields(self)})


def collate(samples: list[SceneBatch]) -> SceneBatch:
    """Join batches of one scene. Raises ValueError where their pictures differ in number or size."""
    shapes = {tuple(sample.images.shape[1:]) for sample in samples}
    if len(shapes) > 1:
        raise ValueError(f"scenes of one batch must have equal views, found {sorted(shapes)}; expected one shape")

    def joined(name: str):
        values = [getattr(sample, name) for sample in samples]
        if values[0] is None:
            return None
        return torch.cat(values) if isinstance(values[0], Tensor) else [one for value in values for one in value]

    return SceneBatch(**{field.name: joined(field.name) for field in fields(SceneBatch)})
