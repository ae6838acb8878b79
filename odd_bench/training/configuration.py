"""How any model of the project is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainConfig:
    """views: M, the pictures a volume is built from; training draws 2M. pixels: side of the pictures, None = as stored.

    batch: scenes a step, over all devices. steps: of each stage; where None, `epochs` of each stage counts.
    learning_rate: of each stage. backbone_rate: factor for the 2D encoder. betas: of Adam. schedule: `constant`, or `cosine`
    down to a hundredth after `warmup` steps up. clip: largest gradient norm, 0 = none. precision: of Fabric, `32-true` or
    `bf16-mixed`; `auto` is the latter where the device computes in it. workers: loader processes. report_every, save_every,
    picture_every: steps. augment: move scenes at random.
    """

    views: int = 5
    pixels: int | None = 256
    batch: int = 4
    steps: tuple[int, ...] | None = None
    epochs: tuple[int, ...] = (50, 50)
    learning_rate: tuple[float, ...] = (2e-5, 2e-5)
    backbone_rate: float = 1.0
    betas: tuple[float, ...] = (0.9, 0.999)
    schedule: str = "constant"
    warmup: int = 0
    clip: float = 1.0
    precision: str = "32-true"
    workers: int = 0
    report_every: int = 10
    save_every: int = 200
    picture_every: int = 500
    augment: bool = True
    seed: int = 0

    def stage_steps(self, stage: int, scenes: int) -> int:
        """Steps of a stage on a training set of `scenes` scenes."""
        if self.steps is not None:
            return self.steps[stage]
        return -(-self.epochs[stage] * scenes // self.batch)
