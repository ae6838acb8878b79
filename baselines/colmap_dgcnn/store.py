"""A store of clouds on disk, so that each scene is reconstructed only once."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from odd_bench.atomic import write_atomically
from odd_bench.baselines.colmap_dgcnn.reconstruct import Cloud, ReconstructionConfig, reconstruct
from odd_bench.baselines.colmap_dgcnn.views import Views, views_of
from odd_bench.data.damage import reading
from odd_bench.data.dataset import read_scene, spread_views
from odd_bench.data.reader import Dataset
from odd_bench.plain_file import read_plain

FOLDER, FORMAT = "clouds", 1
Track = Callable[[Iterable[str], str], Iterable[str]]


class CloudStore:
    """Files `clouds/<key>/<scene>.npz` in the folder of the data set. The key covers everything that the clouds depend on.

    pixels: side that the pictures are resized to, None = as stored. With `gt-depth`, pictures and depth are used as stored.
    """

    def __init__(self, dataset: Dataset, config: ReconstructionConfig, pixels: int | None):
        self.dataset, self.config = dataset, config
        self.pixels = None if config.stereo == "gt-depth" else pixels
        self.digest = dataset.digest

    def path(self, name: str, views: list[int]) -> Path:
        """Path of the cloud of a scene from these views."""
        facts = [FORMAT, self.digest, asdict(self.config), self.pixels, sorted(views)]
        key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
        return self.dataset.folder / FOLDER / f"{self.config.stereo}-{key}" / f"{name}.npz"

    def cloud(self, name: str, views: list[int], device: torch.device | str = "cpu") -> tuple[Cloud, float]:
        """The cloud, reconstructed if it is not stored, and the seconds of reconstruction that were spent before this call."""
        path = self.path(name, views)
        if path.is_file():
            cloud = read_cloud(path)
            return cloud, cloud.seconds
        cloud = reconstruct(self.views(name, views), self.config, device)
        write_cloud(path, cloud)
        return cloud, 0.0

    def views(self, name: str, views: list[int]) -> Views:
        """Pictures, cameras and, for `gt-depth`, depth of a scene, in the order of the view indices."""
        views, scene = sorted(views), self.dataset.scene(name)
        found = views_of(read_scene(self.dataset, scene, scene, views, self.pixels), 0)
        if self.config.stereo != "gt-depth":
            return found
        return replace(found, depth_m=self.dataset.depths(name, views))

    def fill(self, names: list[str], count: int, device: torch.device | str, track: Track) -> None:
        """Reconstruct the scenes that are not stored, each from `count` evenly spread views. track: shows progress."""
        views = {name: spread_views(len(self.dataset.scene(name).cameras), count) for name in names}
        missing = [name for name in names if not self.path(name, views[name]).is_file()]
        for name in track(missing, "reconstructing"):
            self.cloud(name, views[name], device)


def write_cloud(path: Path, cloud: Cloud) -> None:
    """Write the complete file, or none."""
    content = io.BytesIO()
    np.savez_compressed(content, **asdict(cloud))
    write_atomically(path, content.getvalue())


def read_cloud(path: Path) -> Cloud:
    """Read a stored cloud. Raises DataError if the file is damaged."""
    hint = "Delete the file: it is computed again"
    with reading(path, "a stored cloud", hint), np.load(io.BytesIO(read_plain(path))) as stored:
        return Cloud(stored["points"], stored["colors"], int(stored["sparse"]), float(stored["seconds"]))
