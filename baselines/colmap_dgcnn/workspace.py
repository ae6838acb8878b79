"""A working folder for COLMAP, with the pictures and a model of their cameras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from odd_bench.baselines.colmap_dgcnn.colmap import pycolmap
from odd_bench.baselines.colmap_dgcnn.views import Views

IMAGES, SPARSE, DATABASE = "images", "sparse", "database.db"


def picture_name(view: int) -> str:
    """File name of the picture of a view."""
    return f"{view:04d}.png"


def write_pictures(folder: Path, views: Views) -> Path:
    """Write the pictures to `folder/images` and return this path."""
    (folder / IMAGES).mkdir()
    for view, image in enumerate(views.images):
        Image.fromarray(image).save(folder / IMAGES / picture_name(view), compress_level=1)
    return folder / IMAGES


def posed_model(views: Views, points2D: list[np.ndarray] | None = None):
    """A pycolmap.Reconstruction with the true cameras and no 3D points; view i is image i + 1. points2D: v arrays (n, 2)."""
    colmap = pycolmap()
    model = colmap.Reconstruction()
    for view, (K, camera_from_world) in enumerate(zip(views.K, views.camera_from_world, strict=True)):
        parameters = [K[0, 0], K[1, 1], K[0, 2], K[1, 2]]
        camera = colmap.Camera(
            model="PINHOLE", width=views.width, height=views.height, params=parameters, camera_id=view + 1
        )
        model.add_camera_with_trivial_rig(camera)
        seen = np.zeros((0, 2)) if points2D is None else points2D[view]
        image = colmap.Image(
            picture_name(view), [colmap.Point2D(point) for point in seen], camera_id=view + 1, image_id=view + 1
        )
        model.add_image_with_trivial_frame(image, colmap.Rigid3d(camera_from_world[:3]))
    return model
