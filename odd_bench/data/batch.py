"""The input of every model: several scenes with some of their views, as torch tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class SceneBatch:
    """A batch of b scenes with v views each. The number n of objects differs from scene to scene.

    names: names of the scenes. views: indices of the views within each scene. images: (b, v, 3, h, w) uint8 sRGB.
    instance: (b, v, h, w) uint8, 0 = background, i + 1 = object i. change: (b, v, h, w) uint8, see SceneRecord.
    K: (b, v, 3, 3) in pixels of these images, centres at half-integers. camera_from_world: (b, v, 4, 4).
    boxes: b tensors (n, 6), centre and size in metres, world. obbs: b tensors (n, 7), the same and yaw in radians.
    labels: b tensors (n,), 1 = anomalous. world_from_object: b tensors (n, 4, 4).
    teacher: (b, v, c, h', w') float16, features of the teacher network, or None.
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
        """Copy all tensors to `device`."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> SceneBatch:
        """Copy all tensors to pinned memory; torch's DataLoader calls this."""
        return self._mapped(Tensor.pin_memory)

    def with_views(self, chosen: Sequence[int]) -> SceneBatch:
        """A batch of some of the views, given by their positions in this batch."""
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
    """Join batches of one scene each. Raises ValueError if their pictures differ in number or size."""
    shapes = {tuple(sample.images.shape[1:]) for sample in samples}
    if len(shapes) > 1:
        raise ValueError(f"scenes of one batch: found pictures of shapes {sorted(shapes)}; expected one shape")

    def joined(name: str):
        values = [getattr(sample, name) for sample in samples]
        if values[0] is None:
            return None
        return torch.cat(values) if isinstance(values[0], Tensor) else [one for value in values for one in value]

    return SceneBatch(**{field.name: joined(field.name) for field in fields(SceneBatch)})
