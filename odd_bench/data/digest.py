"""Digests of a scene and its plan. Labels and pictures have separate digests: pictures may differ between machines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from odd_bench.data.tables import scene_tables
from odd_bench.scene import Scene


def label_sha256(
    scene: Scene, instance: np.ndarray, change: np.ndarray, depth_steps: np.ndarray | None, plan_sha256: str
) -> str:
    """Digest of the values of all fields except the pictures. It does not depend on the encoders of PNG and gzip.

    instance, change: (views, h, w) uint8. depth_steps: (views, h, w) uint16 or None.
    """
    return _sha256(_label_fields(scene, instance, change, depth_steps, plan_sha256))


def image_sha256(images: np.ndarray, image_offsets: np.ndarray) -> str:
    """Digest of the encoded pictures. images: (bytes,) uint8. image_offsets: (views + 1,)."""
    return _sha256(
        [("images", images.astype("u1", copy=False)), ("image_offsets", image_offsets.astype("<u4", copy=False))]
    )


def plan_digest(line: str) -> str:
    """The SHA-256 digest of a plan line, which is stored with the scene made from it."""
    return hashlib.sha256(line.encode()).hexdigest()


def _label_fields(scene, instance, change, depth_steps, plan_sha256) -> Iterable[tuple[str, np.ndarray]]:
    texts = (scene.name, scene.split, scene.category, scene.shape, plan_sha256)
    yield "texts", np.frombuffer("\n".join(texts).encode(), "u1")
    yield from scene_tables(scene).items()
    yield "instance", instance.astype("u1", copy=False)
    yield "change", change.astype("u1", copy=False)
    if depth_steps is not None:
        yield "depth", depth_steps.astype("<u2", copy=False)


def _sha256(fields: Iterable[tuple[str, np.ndarray]]) -> str:
    digest = hashlib.sha256()
    for name, array in fields:
        digest.update(f"{name} {array.dtype.descr} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
