"""The result of making or importing one scene."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

BY_MACHINE = ("killed", "hung")  # failures of the machine, not of the scene: the next call tries again


@dataclass(frozen=True)
class Outcome:
    """The result of making one scene.

    kind: empty if the scene was made; otherwise `refused`, `error`, `storage`, `crashed`, `killed`, `hung` or `garbage`.
    seconds: time by stage. refusals: number of refusals by reason.
    """

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
        """Whether the machine, not the scene, caused the failure."""
        return self.kind in BY_MACHINE

    def as_dict(self) -> dict:
        return asdict(self)
