"""The bounds of similarity: near enough to be mistaken, different enough to be seen."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from odd_bench.errors import WrongUse
from odd_bench.plain_file import open_plain


class SimilarError(WrongUse):
    """A bound that does not exist or cannot be used, or features that cannot be made."""


@dataclass(frozen=True)
class SimilarConfig:
    """Lengths are fractions of the largest side of a shape."""

    least_chamfer: float = 0.003
    """Least mean distance between the surfaces, both ways."""
    most_chamfer: float = 0.02
    """Greatest mean distance between the surfaces, both ways."""
    least_seen: float = 0.1
    """Share of a shape's pixels that differ, in the view where most do."""
    contrast: float = 0.15
    """Least difference of a pixel of a matt grey shape, black to white being 1."""
    candidates: int = 12
    """Number of nearest shapes by features that are measured."""
    pixels: int = 64
    """Side of a view, pixels."""
    components: int = 64
    """Number of components of the features that are compared."""
    points: int = 2000
    """Points on each surface."""
    features: str = "views"
    """`views`, which need no weights, or `dinov2`."""
    weights_sha256: str = ""
    """sha256 of DINOv2's checkpoint."""
    weights: Path | None = None
    """File of DINOv2's checkpoint."""

    def as_dict(self) -> dict:
        """All values that a result depends on; the weights by their checksum."""
        return {key: value for key, value in asdict(self).items() if key != "weights"}


def config_from(assignments: Sequence[str], teacher_weights: Path | None) -> SimilarConfig:
    """The defaults with `key=value` assignments and, if given, DINOv2 weights. Raises SimilarError."""
    config = SimilarConfig()
    types = {field.name: type(getattr(config, field.name)) for field in fields(config)}
    known = [key for key in types if types[key] in (int, float)]
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f". Did you mean {near[0]}?" if near else ""
            raise SimilarError(f"--set: found {key!r}; expected one of {', '.join(known)}{hint}")
        try:
            config = replace(config, **{key: types[key](value)})
        except ValueError as error:
            raise SimilarError(f"--set {key}: found {value!r}; expected a number") from error
    if not 0 <= config.least_chamfer < config.most_chamfer:
        raise SimilarError(
            f"chamfer: found bounds {config.least_chamfer:g} and {config.most_chamfer:g}; expected 0 <= least < most"
        )
    return config if teacher_weights is None else _with_weights(config, teacher_weights)


def _with_weights(config: SimilarConfig, path: Path) -> SimilarConfig:
    try:
        with open_plain(path) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SimilarError(f"--teacher-weights: found {error}; expected a DINOv2 checkpoint") from error
    return replace(config, features="dinov2", weights=path, weights_sha256=sha256)
