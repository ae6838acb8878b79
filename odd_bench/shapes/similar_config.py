"""The bounds of similarity: near enough to be mistaken for each other, different enough to be seen."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from odd_bench.errors import WrongUse
from odd_bench.plain_file import open_plain


class SimilarError(WrongUse):
    """A bound does not exist or cannot be used, or features cannot be computed."""


@dataclass(frozen=True)
class SimilarConfig:
    """When two shapes are similar, and how that is measured. Lengths are fractions of the largest side of a shape."""

    least_chamfer: float = 0.003
    """Least Chamfer distance between the surfaces."""
    most_chamfer: float = 0.02
    """Largest Chamfer distance between the surfaces."""
    least_seen: float = 0.1
    """Least share of the pixels of both shapes that differ, in the view where most differ."""
    contrast: float = 0.15
    """Least difference of a pixel that counts, for shapes in matt grey, black to white being 1."""
    candidates: int = 12
    """Number of shapes, nearest by features, that are measured."""
    pixels: int = 64
    """Width and height of a view, pixels."""
    components: int = 64
    """Number of principal components of the features that are compared."""
    points: int = 2000
    """Number of points on each surface."""
    features: str = "views"
    """`views`, which needs no weights, or `dinov2`."""
    weights_sha256: str = ""
    """sha256 of the DINOv2 checkpoint."""
    weights: Path | None = None
    """Path of the DINOv2 checkpoint."""

    def as_dict(self) -> dict:
        """All values that a result depends on; the checksum stands for the weights."""
        return {key: value for key, value in asdict(self).items() if key != "weights"}


def config_from(assignments: Sequence[str], teacher_weights: Path | None) -> SimilarConfig:
    """The defaults, changed by `key=value` assignments and, if given, with DINOv2 weights.

    Raises SimilarError for an unknown key, a value that is not a number, wrong bounds or unreadable weights.
    """
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
