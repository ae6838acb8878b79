"""pycolmap in a separate process: `python -m odd_bench.captures.colmap_process JOB.json`.

The process is separate because pycolmap corrupts memory if it is imported before zlib, Pillow, torch or h5py. The job is a JSON
file (see ColmapJob). Standard output shows the stages, one word a line, and the number of registered cameras. After an error, the
last line of standard error is the reason.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import zlib  # noqa: F401 - before pycolmap
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.captures.agreement import LEAST_AGREEING, agreeing_share
from odd_bench.child_process import die_with_parent
from odd_bench.plain_file import read_plain_text

EXHAUSTIVE, SEQUENTIAL = "exhaustive", "sequential"
FEATURES, MATCHES, MAPPING, NEIGHBOURS, PLACED = "features", "matches", "mapping", "neighbours", "placed"
TOLD_EVERY = 25  # registered cameras between two reports
OVERLAP = 10  # photographs before and after, for sequential matching
NEXT = 2  # photographs after, on a floor that repeats itself
AGREEMENT = "agreement.json"
SEED = 0


@dataclass(frozen=True)
class ColmapJob:
    """folder: holds images/; database.db and sparse/ are written there. names: of the images, below images/.

    matching: exhaustive or sequential. per_folder: whether only images of one sub-folder share a camera, instead of all images.
    features: most features of an image. poses: known cameras to triangulate with, by image name: the COLMAP model, its parameters,
    width, height and the rows of camera_from_world; empty to reconstruct the cameras.
    """

    folder: str
    names: list[str]
    matching: str = EXHAUSTIVE
    per_folder: bool = False
    features: int = 2048
    poses: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


@dataclass(frozen=True)
class Agreement:
    """share: of the pairs of photographs that agree with the model. neighbours: whether only neighbours in the walk were matched,
    since the model from all pairs contradicted them.
    """

    share: float
    neighbours: bool

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


def read_agreement(path: Path) -> Agreement:
    return Agreement(**json.loads(read_plain_text(path)))


def read_job(path: Path) -> ColmapJob:
    return ColmapJob(**json.loads(read_plain_text(path)))


def work(job: ColmapJob) -> int:
    """Write folder/sparse/0, 1, ...; returns the number of models."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    import pycolmap

    pycolmap.logging.minloglevel = pycolmap.logging.ERROR.value
    pycolmap.set_random_seed(SEED)
    folder = Path(job.folder)
    database, images, sparse = folder / "database.db", folder / "images", folder / "sparse"
    sparse.mkdir(exist_ok=True)
    _tell(FEATURES)
    extraction = pycolmap.FeatureExtractionOptions(use_gpu=False)
    extraction.sift.max_num_features = job.features
    mode = pycolmap.CameraMode.PER_FOLDER if job.per_folder else pycolmap.CameraMode.SINGLE
    if job.poses:
        mode = pycolmap.CameraMode.PER_IMAGE
    pycolmap.extract_features(
        database, images, job.names, camera_mode=mode, extraction_options=extraction, device=pycolmap.Device.cpu
    )
    model = _posed_model(pycolmap, job, database) if job.poses else None
    _tell(MATCHES)
    _match(pycolmap, job, database)
    _tell(MAPPING)
    options = pycolmap.IncrementalPipelineOptions(random_seed=SEED, min_model_size=3)
    if model is not None:
        (sparse / "0").mkdir(exist_ok=True)
        pycolmap.triangulate_points(model, database, images, sparse / "0", options=options)
        return 1
    options.ba_global_max_refinements = 3
    models = _placed(pycolmap, folder, options)
    found = Agreement(_agreement(pycolmap, database, models), False)
    if models and found.share < LEAST_AGREEING:
        _tell(NEIGHBOURS)
        _match_neighbours(pycolmap, job, database)
        shutil.rmtree(sparse)
        sparse.mkdir()
        models = _placed(pycolmap, folder, options)
        found = Agreement(_agreement(pycolmap, database, models), True)
    found.write(folder / AGREEMENT)
    return len(models)


def _placed(pycolmap, folder: Path, options) -> dict:
    """Models of the matched photographs, by number. Reports the number of registered cameras, since many take minutes."""
    number = 0

    def first_two() -> None:  # of one model; photographs that do not fit into it start another one
        nonlocal number
        number = 2

    def one_more() -> None:
        nonlocal number
        number += 1
        if number % TOLD_EVERY == 0:
            _tell(f"{PLACED} {number}")

    paths = folder / "database.db", folder / "images", folder / "sparse"
    return pycolmap.incremental_mapping(*paths, options, "", first_two, one_more)


def _agreement(pycolmap, database: Path, models: dict) -> float:
    """The share of agreeing pairs of the model with most photographs; 0 without a model."""
    largest = max(models.values(), key=lambda model: model.num_reg_images(), default=None)
    return 0.0 if largest is None else agreeing_share(pycolmap, database, largest)


def _match_neighbours(pycolmap, job: ColmapJob, database: Path) -> None:
    """Match again, each photograph only with its neighbours in a walk around the objects, and the last with the first.

    Neighbours differ little, so one plank or tile is rarely mistaken for the next. Matches are searched along epipolar lines.
    """
    with pycolmap.Database.open(database) as stored:
        stored.clear_matches()
        stored.clear_two_view_geometries()
    names, listed = job.names, Path(job.folder) / "neighbours.txt"
    pairs = {(one, names[(i + step) % len(names)]) for i, one in enumerate(names) for step in range(1, NEXT + 1)}
    listed.write_text("".join(f"{one} {other}\n" for one, other in sorted(pairs)))
    pycolmap.match_image_pairs(
        database,
        matching_options=pycolmap.FeatureMatchingOptions(use_gpu=False, guided_matching=True),
        pairing_options=pycolmap.ImportedPairingOptions(match_list_path=str(listed)),
        verification_options=pycolmap.TwoViewGeometryOptions(ransac={"random_seed": SEED}),
        device=pycolmap.Device.cpu,
    )


def _match(pycolmap, job: ColmapJob, database: Path) -> None:
    matching = pycolmap.FeatureMatchingOptions(use_gpu=False)
    verification = pycolmap.TwoViewGeometryOptions(ransac={"random_seed": SEED})
    known = {"matching_options": matching, "verification_options": verification, "device": pycolmap.Device.cpu}
    if job.matching == EXHAUSTIVE:
        pycolmap.match_exhaustive(database, **known)
    else:
        pairing = pycolmap.SequentialPairingOptions(overlap=OVERLAP, quadratic_overlap=True)
        pycolmap.match_sequential(database, pairing_options=pairing, **known)


def _posed_model(pycolmap, job: ColmapJob, database: Path):
    """A pycolmap.Reconstruction of the known cameras, without points. Images and cameras have the numbers of `database`.

    The known intrinsics are written to the database as well.
    """
    model = pycolmap.Reconstruction()
    with pycolmap.Database.open(database) as stored:
        for image in stored.read_all_images():
            pose = job.poses[image.name]
            camera = pycolmap.Camera(
                model=pose["model"],
                width=pose["width"],
                height=pose["height"],
                params=pose["parameters"],
                camera_id=image.camera_id,
            )
            stored.update_camera(camera)
            model.add_camera_with_trivial_rig(camera)
            posed = pycolmap.Image(image.name, [], camera_id=image.camera_id, image_id=image.image_id)
            model.add_image_with_trivial_frame(posed, pycolmap.Rigid3d(np.array(pose["camera_from_world"], float)[:3]))
        model.transcribe_image_ids_to_database(stored)
    return model


def _tell(stage: str) -> None:
    print(stage, flush=True)


if __name__ == "__main__":
    die_with_parent()  # otherwise it would continue to write to the folder that the next call uses
    print(f"models {work(read_job(Path(sys.argv[1])))}", flush=True)
