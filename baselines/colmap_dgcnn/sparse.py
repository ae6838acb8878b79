"""Sparse points of a scene: features, matches and triangulation of COLMAP, with the true cameras."""

from __future__ import annotations

from pathlib import Path

from odd_bench.baselines.colmap_dgcnn.colmap import pycolmap
from odd_bench.baselines.colmap_dgcnn.views import Views
from odd_bench.baselines.colmap_dgcnn.workspace import DATABASE, IMAGES, SPARSE, picture_name, posed_model

SEED = 0  # of COLMAP's own RANSAC


def triangulate(folder: Path, views: Views):
    """A pycolmap.Reconstruction with triangulated points, which is also written to `folder/sparse`.

    folder: contains the pictures. COLMAP runs in one thread, so that the same pictures give the same points.
    """
    colmap, database = pycolmap(), folder / DATABASE
    colmap.set_random_seed(SEED)
    names = [picture_name(view) for view in range(len(views))]
    extraction = colmap.FeatureExtractionOptions(num_threads=1, use_gpu=False)
    colmap.extract_features(
        database, folder / IMAGES, names, camera_mode=colmap.CameraMode.PER_IMAGE, extraction_options=extraction,
        device=colmap.Device.cpu,
    )  # fmt: skip
    model = posed_model(views)
    write_cameras(database, model)
    colmap.match_exhaustive(
        database, colmap.FeatureMatchingOptions(num_threads=1, use_gpu=False), device=colmap.Device.cpu,
        verification_options=colmap.TwoViewGeometryOptions(ransac={"random_seed": SEED}),
    )  # fmt: skip
    (folder / SPARSE).mkdir()
    options = colmap.IncrementalPipelineOptions(num_threads=1, random_seed=SEED)
    return colmap.triangulate_points(model, database, folder / IMAGES, folder / SPARSE, options=options)


def write_cameras(database: Path, model) -> None:
    """Write the true intrinsics to the database, and give the images of the model the ids that they have there."""
    with pycolmap().Database.open(database) as stored:
        for image in stored.read_all_images():
            camera = model.camera(model.find_image_with_name(image.name).camera_id).todict()
            stored.update_camera(pycolmap().Camera({**camera, "camera_id": image.camera_id}))
        model.transcribe_image_ids_to_database(stored)
