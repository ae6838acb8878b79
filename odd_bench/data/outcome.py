"""What became of one scene that was to be made or imported."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

BY_MACHINE = ("killed", "hung")  # says nothing about the scene: the next call tries again


@dataclass(frozen=True)
class Outcome:
    """What became of one scene. kind: empty if made, else refused, error, storage, crashed, killed, hung or garbage."""

    scene: str
    kind: str = ""
    message: str = ""
    attempts: int = 1
    seconds: dict[str, float] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)

    @property
    def made(self) -> bool:
        return not self.kind

    @property
    def by_machine(self) -> bool:
        """Whether the machine, not the scene, is to blame."""
        return self.kind in BY_MACHINE

    def as_dict(self) -> dict:
        return asdict(self)
