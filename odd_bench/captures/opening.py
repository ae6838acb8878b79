"""Opening a capture: find its format and its photographs, and check that its cameras are plausible."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from odd_bench.captures.capture import Capture, Photograph
from odd_bench.captures.colmap_model import is_model, read_model
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.lens import check_lens
from odd_bench.captures.nerfstudio import FILE, missing_note, read_transforms
from odd_bench.captures.photograph_file import find_photograph, list_photographs, no_folder
from odd_bench.captures.polycam import is_polycam, read_polycam
from odd_bench.captures.poses import check_apart, check_looks_at, check_rotations, common_point
from odd_bench.captures.stored_size import with_stored_sizes

LEAST, MOST = 3, 200
FORMATS = (
    "a COLMAP model (sparse/0 or cameras.bin, images.bin, points3D.bin, also as .txt) next to images/, "
    "transforms.json, or keyframes/ of a raw export of Polycam"
)


def open_capture(path: Path, images: Path | None = None) -> Capture:
    """The capture at a path, checked. images: folder of the photographs, if the capture does not name it.

    Raises CaptureError if there is no capture, if fewer than three photographs are left, or if the poses are implausible.
    """
    path = Path(path)
    if not path.exists():
        raise CaptureError(path, "no such file or folder", FORMATS)
    if images is not None and not images.is_dir():
        raise CaptureError(images, "no such folder", "the folder of the photographs")
    return checked(path, _read(path, images))


def checked(where: Path, capture: Capture) -> Capture:
    """The capture, with at most 200 photographs. Raises CaptureError if cameras are implausible or photographs are cropped."""
    capture = each_once(where, capture)
    photographs = capture.photographs
    if len(photographs) < LEAST:
        raise CaptureError(
            where, f"{len(photographs)} photographs with cameras ({'; '.join(capture.notes) or capture.source})",
            f"at least {LEAST}", "Name the folder of the photographs with --images",
        )  # fmt: skip
    for one in photographs:
        check_lens(f"{where}: camera of {one.name}", one.lens)
    check_rotations(where, [one.name for one in photographs], np.stack([one.camera_from_world for one in photographs]))
    check_apart(where, capture.eyes)
    check_looks_at(where, capture.eyes, capture.rotations, common_point(capture.eyes, capture.rotations))
    if len(photographs) > MOST:
        kept = np.unique(np.linspace(0, len(photographs) - 1, MOST).round().astype(int))
        note = f"of {len(photographs)} photographs, {MOST} are used, evenly spread"
        capture = replace(capture, photographs=tuple(photographs[i] for i in kept), notes=(*capture.notes, note))
    return with_stored_sizes(where, capture)


def each_once(where: Path, capture: Capture) -> Capture:
    """The capture without photographs that are listed twice. Raises CaptureError if a photograph has two different cameras."""
    first: dict[Path, Photograph] = {}
    for one in capture.photographs:
        same = first.setdefault(one.path.resolve(), one)
        if not np.array_equal(same.camera_from_world, one.camera_from_world, equal_nan=True):
            raise CaptureError(
                where, f"two different cameras for the photograph {one.name}", "one camera for each photograph"
            )
    again = len(capture.photographs) - len(first)
    if not again:
        return capture
    note = f"{again} of {len(capture.photographs)} entries list a photograph again and are left out"
    return replace(capture, photographs=tuple(first.values()), notes=(*capture.notes, note))


def capture_name(path: Path) -> str:
    """The name of a capture: that of its folder, or of the file of cameras if it has an uncommon name."""
    whole = Path(os.path.realpath(path))
    if whole.is_file() and whole.name != FILE:
        return whole.stem
    return (whole.parent if whole.is_file() else whole).name or "capture"


def _read(path: Path, images: Path | None) -> Capture:
    if path.is_file():
        if path.suffix == ".json":
            return read_transforms(path, images)
        raise no_folder(path, f"a folder, or {FILE}")
    model, notes = _largest_model(path)
    if model is not None:
        return _from_colmap(path, model, images, notes)
    if (path / FILE).exists():
        return read_transforms(path / FILE, images)
    if is_polycam(path):
        return read_polycam(path)
    loose = [folder for folder in (path, path / "images") if folder.is_dir() and list_photographs(folder)]
    if loose:
        photographs = len(list_photographs(loose[0]))
        enough = photographs >= LEAST
        hint = (
            "Reconstruct the cameras with --reconstruct"
            if enough
            else f"Take more photographs: at least {LEAST}, better about 25"
        )
        raise CaptureError(path, f"{photographs} photographs and no cameras", FORMATS, hint)
    raise CaptureError(path, "no photographs and no cameras", FORMATS)


def _largest_model(path: Path) -> tuple[Path | None, list[str]]:
    """The folder of the model with most images, and a note if there are several models."""
    places = [path, path / "sparse", path / "colmap", path / "colmap" / "sparse"]
    folders = [folder for folder in places if is_model(folder)]
    for place in places:
        if place.is_dir():
            folders += [folder for folder in sorted(place.iterdir()) if folder.is_dir() and is_model(folder)]
    if len(folders) < 2:
        return (folders[0] if folders else None), []
    sizes = [len(read_model(folder).images) for folder in folders]
    best = int(np.argmax(sizes))
    named = ", ".join(f"{_relative(folder, path)} ({size})" for folder, size in zip(folders, sizes, strict=True))
    chosen = _relative(folders[best], path)
    return folders[best], [
        f"there are {len(folders)} models (photographs in brackets): {named}; the largest, {chosen}, is used"
    ]


def _from_colmap(path: Path, folder: Path, images: Path | None, notes: list[str]) -> Capture:
    model = read_model(folder)
    place = images or _image_folder(path, folder, [image.name for image in model.images])
    photographs, missing = [], []
    for image in model.images:
        found = None if place is None else find_photograph(place, image.name, place)
        if found is None:
            missing.append(image.name)
        else:
            photographs.append(Photograph(found, model.lenses[image.camera], image.camera_from_world))
    if not model.images:
        raise CaptureError(
            folder, "a model without photographs", f"at least {LEAST}", "Check that it is the right reconstruction"
        )
    if not photographs:
        raise CaptureError(
            path, f"none of the {len(missing)} photographs of {_relative(folder, path)}, such as {missing[0]}",
            "the photographs in images/ next to the model", "Name their folder with --images",
        )  # fmt: skip
    notes = [*notes, *missing_note(missing, len(model.images))]
    return Capture(
        f"COLMAP model {_relative(folder, path)}", tuple(photographs), model.reliable_points(), notes=tuple(notes)
    )


def _image_folder(path: Path, model: Path, names: list[str]) -> Path | None:
    """The usual folder that holds most of the images."""
    above = [model, *list(model.parents)[:3]]
    places = [folder / sub for folder in [path, *above] for sub in ("images", ".", "input")]
    places = [place for place in dict.fromkeys(places) if place.is_dir()]
    counts = [sum(find_photograph(place, name, place) is not None for name in names) for place in places]
    return places[int(np.argmax(counts))] if counts and max(counts) else None


def _relative(folder: Path, path: Path) -> str:
    return str(folder.relative_to(path)) if folder.is_relative_to(path) and folder != path else folder.name
