"""Reconstruction by pycolmap: cameras of photographs that have none, and points of captures that have only cameras."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from itertools import chain, count
from pathlib import Path

import numpy as np
from PIL import Image

from odd_bench.atomic import HINT as HINT_ROOM
from odd_bench.atomic import storage_errors, write_atomically
from odd_bench.captures.agreement import LEAST_AGREEING
from odd_bench.captures.capture import Capture
from odd_bench.captures.colmap_model import is_model, read_model
from odd_bench.captures.colmap_process import (
    AGREEMENT,
    EXHAUSTIVE,
    FEATURES,
    MAPPING,
    MATCHES,
    NEIGHBOURS,
    PLACED,
    SEQUENTIAL,
    ColmapJob,
    read_agreement,
)
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import FISHEYE, RATIONAL, Lens
from odd_bench.captures.opening import LEAST, MOST, open_capture
from odd_bench.captures.photograph_file import (
    DAMAGE,
    REMOVE,
    exif_of,
    list_photographs,
    no_folder,
    open_image,
    picture_size,
    read_photograph,
    unwarned,
)
from odd_bench.captures.small import hint_if_small, told_if_small
from odd_bench.errors import StorageError
from odd_bench.extras import install_command
from odd_bench.picture_file import write_picture
from odd_bench.plain_file import open_plain, read_plain_text

Report = Callable[[str], None]
LARGEST_SIDE = 1600  # of the pictures that pycolmap is given, pixels
LEAST_FREE = 20_000_000  # bytes: less than the features and matches of 40 photographs need
FEW = 60  # photographs up to which every pair is matched
STAMP = "photographs.json"  # which photographs a reconstruction was made from
FOCAL_TAGS = (0x920A, 0xA405)  # focal length, and that of a 35 mm camera
EXIF_IFD = 0x8769
CAMERA_TAGS = (0x010F, 0x0110)  # maker and model: COLMAP knows the sensors of many
REPEATED = "Tiles and planks repeat: put newspaper below the objects, or name the photographs in the order of a walk around them"
NEIGHBOURS_NOTE = (
    "the floor repeats itself: only photographs with neighbouring names were matched, as of one walk around"
)
HINT = "Take more photographs with more overlap, of a scene with texture"


def reconstruct(
    photographs: Path, folder: Path, matching: str | None = None, report: Report = lambda line: None
) -> Capture:
    """The capture of the photographs in a folder, or in its `images`. folder: for copies and the model; a model of the same
    photographs is used again.

    matching: exhaustive or sequential; None chooses by number. Raises CaptureError if pycolmap is missing, finds no model, or
    registers too few photographs.
    """
    files = listed_photographs(photographs)
    total = len(files)
    if total > MOST:
        files = [files[i] for i in np.unique(np.linspace(0, total - 1, MOST).round().astype(int))]
    stamp = _stamp(files)
    if not (_stamped(folder) == stamp and is_model(folder / "sparse" / "0")):
        _begin(folder)
        report(f"preparing {len(files)} photographs")
        names = copy_photographs(files, folder / "images")
        chosen = matching or (EXHAUSTIVE if len(files) <= FEW else SEQUENTIAL)
        per_folder = any("/" in name for name in names)
        run_colmap(ColmapJob(str(folder), names, chosen, per_folder), photographs, report)
        write_atomically(folder / STAMP, stamp.encode())
    agreement = read_agreement(folder / AGREEMENT) if (folder / AGREEMENT).is_file() else None
    if agreement is not None and agreement.share < LEAST_AGREEING:
        raise CaptureError(
            photographs, f"{len(files)} photographs that fit together in several ways", "only one way", REPEATED
        )
    used = max(len(read_model(model).images) for model in (folder / "sparse").iterdir() if is_model(model))
    if used < max(LEAST, len(files) // 3):
        hint = REPEATED if agreement is not None and agreement.neighbours else hint_if_small(_sizes(files), HINT)
        raise CaptureError(
            photographs, f"{used} of {len(files)} photographs that fit together", "a third or more", hint
        )
    capture = open_capture(folder)
    notes = [f"pycolmap found the cameras of {used} of {len(files)} photographs"] if used < len(files) else []
    notes += [NEIGHBOURS_NOTE] if agreement is not None and agreement.neighbours else []
    notes += [f"of {total} photographs, {MOST} are used, evenly spread"] if total > MOST else []
    return replace(capture, source="pycolmap's reconstruction", notes=(*notes, *capture.notes))


def with_points(capture: Capture, where: Path, report: Report = lambda line: None) -> Capture:
    """The capture with points that pycolmap triangulates from its photographs and cameras. Raises CaptureError without pycolmap."""
    with tempfile.TemporaryDirectory(prefix="odd-bench-points-") as name:
        folder, poses = Path(name), {}
        (folder / "images").mkdir()
        for number, one in enumerate(capture.photographs):
            copy = f"{number:04d}.jpg"
            picture = Image.fromarray(read_photograph(one.path, one.lens))
            picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
            write_picture(picture, folder / "images" / copy, quality=92)
            model, parameters = colmap_parameters(one.lens.scaled(*picture.size))
            poses[copy] = {
                "model": model, "parameters": parameters, "width": picture.width, "height": picture.height,
                "camera_from_world": one.camera_from_world.tolist(),
            }  # fmt: skip
        matching = EXHAUSTIVE if len(poses) <= FEW else SEQUENTIAL
        run_colmap(ColmapJob(str(folder), list(poses), matching, poses=poses), where, report)
        points = read_model(folder / "sparse" / "0").reliable_points()
    return replace(capture, points=points)


def colmap_parameters(lens: Lens) -> tuple[str, list[float]]:
    """A lens as one of COLMAP's camera models with its parameters."""
    K = lens.K
    pinhole = [float(value) for value in (K[0, 0], K[1, 1], K[0, 2], K[1, 2])]
    radial = [*lens.radial, *[0.0] * 6][:6]
    if lens.kind == FISHEYE:
        return "OPENCV_FISHEYE", [*pinhole, *radial[:4]]
    if lens.kind == RATIONAL or radial[2]:
        return "FULL_OPENCV", [*pinhole, *radial[:2], *lens.tangential, *radial[2:]]
    return "OPENCV", [*pinhole, *radial[:2], *lens.tangential]


def run_colmap(job: ColmapJob, where: Path, report: Report) -> None:
    """Run the job in a child process, with a line for every stage. Raises CaptureError if it fails."""
    if find_spec("pycolmap") is None:
        raise CaptureError(where, "no package pycolmap", "version 4.2 or later", install_command("capture"))
    folder = Path(job.folder)
    job.write(folder / "job.json")
    command = [sys.executable, "-m", "odd_bench.captures.colmap_process", str(folder / "job.json")]
    with (folder / "colmap.log").open("w+") as log:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as child:
            try:
                for line in child.stdout:
                    _tell(line.strip(), job, report)
            except BaseException:
                child.kill()
                raise
        code = child.returncode
        log.seek(0)
        said = [line.strip() for line in log.read().splitlines() if line.strip()]
    if code != 0:
        check_room(folder)
        raise CaptureError(
            where, f"that pycolmap ended with code {code} ({said[-1][:160] if said else 'no message'})", "a model"
        )
    if not is_model(folder / "sparse" / "0"):
        sizes = _sizes([folder / "images" / name for name in job.names])
        found = f"{len(job.names)} photographs{told_if_small(sizes)} that pycolmap cannot register"
        raise CaptureError(where, found, "a model of their cameras", hint_if_small(sizes, HINT))


def _sizes(files: list[Path]) -> list[tuple[int, int]]:
    """Width and height of some photographs."""
    return [picture_size(path) for path in files[:9]]


def check_room(folder: Path) -> None:
    """Raise StorageError if the disk is so full that pycolmap, which does not report it, cannot have continued."""
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise StorageError(folder, f"{free / 1e6:.0f} MB left", "space for features and matches", HINT_ROOM)


def _tell(stage: str, job: ColmapJob, report: Report) -> None:
    """Report the stage that begins with the numbers of the previous one, or the progress of a stage."""
    database, (word, _, number) = Path(job.folder) / "database.db", stage.partition(" ")
    told = {
        FEATURES: lambda: f"finding features in {len(job.names)} photographs",
        MATCHES: lambda: f"matching them ({job.matching}): {_count(database, 'keypoints', 'SUM(rows)'):,} features",
        NEIGHBOURS: lambda: "photographs fit together in several ways: matching only those with neighbouring names",
        MAPPING: lambda: f"finding cameras from {_count(database, 'two_view_geometries', 'COUNT(*)'):,} pairs of photographs",
        PLACED: lambda: f"{number} of {len(job.names)} cameras found",
    }  # fmt: skip
    if word in told:
        report(told[word]())


def _count(database: Path, table: str, what: str) -> int:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as stored:
            return int(stored.execute(f"SELECT {what} FROM {table} WHERE rows > 0").fetchone()[0] or 0)
    except sqlite3.Error:
        return 0


def listed_photographs(photographs: Path) -> list[Path]:
    """The photographs in a folder, or in its `images`. Raises CaptureError if there are fewer than three."""
    if photographs.is_file():
        raise no_folder(photographs, "a folder of photographs")
    if not photographs.is_dir():
        raise CaptureError(photographs, "no such folder", "a folder of photographs")
    files = list_photographs(photographs) or (
        list_photographs(photographs / "images") if (photographs / "images").is_dir() else []
    )
    if len(files) < LEAST:
        deeper = (
            []
            if files
            else [folder for folder in photographs.rglob("*") if folder.is_dir() and list_photographs(folder)]
        )
        hint = f"Did you mean the folder {min(deeper)}?" if deeper else ""
        raise CaptureError(photographs, f"{len(files)} photographs", f"at least {LEAST}, .jpg, .png or .heic", hint)
    return files


def _stamp(files: list[Path]) -> str:
    """A digest of names and contents, since uncompressed pictures of different content may have the same size."""
    summed = hashlib.sha256()
    for path in files:
        summed.update(f"{len(path.name)}{path.name}".encode(errors="surrogateescape"))
        try:
            with open_plain(path) as file:
                summed.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise CaptureError(path, error.strerror or str(error), "a file that can be read", REMOVE) from error
    return summed.hexdigest()


def _stamped(folder: Path) -> str:
    return read_plain_text(folder / STAMP) if (folder / STAMP).is_file() else ""


def _begin(folder: Path) -> None:
    """Empty the folder of images and model."""
    for name in ("images", "sparse"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob("database.db*"):
        path.unlink()
    for name in (STAMP, AGREEMENT):
        (folder / name).unlink(missing_ok=True)
    with storage_errors(folder, "a writable folder"):
        (folder / "images").mkdir(parents=True)


def copy_photographs(files: list[Path], images: Path) -> list[str]:
    """Write rotated, reduced copies of the photographs that keep the EXIF focal length; returns their names below `images`.

    Spaces in names are replaced, because a name ends at a space in COLMAP's lists of pairs. If sizes or focal lengths differ, the
    copies are in several folders, one for each camera.
    """
    kinds = [_kind(path) for path in files]
    cameras, names = sorted(set(kinds)), []
    for path, kind in zip(files, kinds, strict=True):
        group = f"{cameras.index(kind)}/" if len(cameras) > 1 else ""
        name = unused_name(f"{group}{'_'.join(path.stem.split()) or 'photograph'}", names)
        picture = Image.fromarray(read_photograph(path))
        picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
        write_picture(picture, images / name, quality=95, exif=_kept_exif(path))
        names.append(name)
    return names


def unused_name(stem: str, names: Collection[str]) -> str:
    """The name of a JPEG with this stem, numbered if it is taken: of a.jpg and a.png, the second is a-2.jpg."""
    numbered = (f"{stem}-{number}.jpg" for number in count(2))
    return next(name for name in chain([f"{stem}.jpg"], numbered) if name not in names)


def _kind(path: Path) -> tuple[float, ...]:
    """Width, height and focal lengths: photographs in which these agree share a camera."""
    with open_image(path) as image:
        return (*picture_size(path), *(float(value) for value in _focal(exif_of(image)).values()))


def _focal(exif: Image.Exif) -> dict[int, float]:
    """The focal lengths in EXIF that are numbers above 0."""
    try:
        with unwarned():
            inner = exif.get_ifd(EXIF_IFD)
        found = {tag: inner[tag] for tag in FOCAL_TAGS if tag in inner}
        return {tag: value for tag, value in found.items() if np.isfinite(float(value)) and value > 0}
    except DAMAGE:
        return {}


def _kept_exif(path: Path) -> Image.Exif:
    """The EXIF data from which COLMAP reads the focal length, without the orientation, since the copies are rotated already."""
    with open_image(path) as image:
        stored, kept = exif_of(image), Image.Exif()
    for tag in CAMERA_TAGS:
        if isinstance(stored.get(tag), str):
            kept[tag] = stored[tag]
    if _focal(stored):
        kept.get_ifd(EXIF_IFD).update(_focal(stored))
    return kept
