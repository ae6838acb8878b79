"""The training settings that all methods share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainConfig:
    """How a method is trained."""

    views: int = 5
    """M, the number of pictures a volume is built from; training draws 2M."""
    spread_views: bool = False
    """Whether volumes are built from views that are spread over the full turn, as at test; otherwise from any views."""
    pixels: int | None = 256
    """Side of the pictures; None = as stored."""
    batch: int = 4
    """Scenes per step, over all devices."""
    steps: tuple[int, ...] | None = None
    """Steps of each stage; if None, `epochs` is used."""
    epochs: tuple[int, ...] = (50, 50)
    """Passes over the training scenes for each stage; ignored if `steps` is given."""
    learning_rate: tuple[float, ...] = (2e-5, 2e-5)
    """Learning rate of each stage."""
    backbone_rate: float = 1.0
    """Factor of the learning rate for the image network."""
    betas: tuple[float, ...] = (0.9, 0.999)
    """Betas of Adam."""
    schedule: str = "constant"
    """`constant`, or `cosine`: decay to a hundredth, after `warmup` steps of increase."""
    warmup: int = 0
    """Steps over which the learning rate rises to its value."""
    clip: float = 1.0
    """Largest gradient norm; 0 = no clipping."""
    precision: str = "32-true"
    """Precision of Fabric: `32-true` or `bf16-mixed`; `auto` uses the latter if the device supports it."""
    workers: int = 0
    """Number of loader processes."""
    report_every: int = 10
    """Steps between reports."""
    save_every: int = 200
    """Steps between checkpoints."""
    picture_every: int = 500
    """Steps between pictures."""
    augment: bool = True
    """Whether scenes are augmented at random."""
    seed: int = 0
    """Seed of the weights and of the order of scenes; 0 is a seed."""

    def stage_steps(self, stage: int, scenes: int) -> int:
        """Steps of a stage on a training set of `scenes` scenes."""
        if self.steps is not None:
            return self.steps[stage]
        return -(-self.epochs[stage] * scenes // self.batch)
