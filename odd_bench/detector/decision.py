"""Odd or normal, by a line through the figures of an object, which learns from the last few thousand objects at every step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

LARGEST = 5.0  # standard deviations at which figures are cut


class Decision(nn.Module):
    """figures: how many an object has. ridge, memory: see RelationsConfig."""

    def __init__(self, figures: int, ridge: float, memory: int):
        super().__init__()
        self.ridge = ridge
        self.scale = RunningScale(figures)
        self.linear = nn.Linear(figures, 1)
        nn.init.zeros_(self.linear.weight)
        self.memory = Memory(memory, figures)

    def forward(self, figures: Tensor) -> Tensor:
        """(n,) logits from the figures (n, f) of a scene's objects. A loss on them teaches what the figures come from."""
        return linear(self.scaled(figures), self.linear.weight.detach(), self.linear.bias.detach())[:, 0]

    def recalled(self, figures: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and labels of all objects in memory, to which those with figures (n, f) and labels (n,) are added.

        A loss on them teaches the decision, a convex problem of a hundred weights: thousands of objects a step, not a handful.
        """
        self.memory.add(figures.detach(), labels)
        figures, labels = self.memory.kept()
        return self.linear(self.scaled(figures))[:, 0], labels

    def scaled(self, figures: Tensor) -> Tensor:
        return (figures / self.scale.unit()).clamp(-LARGEST, LARGEST)

    def penalty(self) -> Tensor:
        """Keeps the weights small: there are a hundred figures, much alike, for a few hundred scenes."""
        return self.ridge * self.linear.weight.square().sum()


class Memory(nn.Module):
    """The figures and labels of the last objects seen."""

    def __init__(self, size: int, width: int):
        super().__init__()
        self.register_buffer("figures", torch.zeros(size, width))
        self.register_buffer("labels", torch.zeros(size, dtype=torch.long))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def add(self, figures: Tensor, labels: Tensor) -> None:
        """figures: (n, width), labels: (n,)."""
        places = (self.seen + torch.arange(len(labels), device=labels.device)) % len(self.labels)
        self.figures[places], self.labels[places] = figures, labels
        self.seen += len(labels)

    def kept(self) -> tuple[Tensor, Tensor]:
        """(k, width) and (k,), k at most the size."""
        count = min(int(self.seen), len(self.labels))
        return self.figures[:count], self.labels[:count]


class RunningScale(nn.Module):
    """The root mean square of what came by in training. A scene has too few objects to be its own measure."""

    def __init__(self, width: int):
        super().__init__()
        self.register_buffer("square", torch.ones(width))
        self.register_buffer("steps", torch.zeros(()))

    @torch.no_grad()
    def learn(self, x: Tensor) -> None:
        """From x (n, width), while training."""
        if self.training and len(x) > 1:
            self.steps += 1
            self.square.lerp_(x.square().mean(dim=0), float((1 / self.steps).clamp(min=0.002)))

    def unit(self) -> Tensor:
        """(width,)"""
        return (self.square + 1e-8).sqrt()
