"""A sheet of a collection of assets: its shapes, environments or floors."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from odd_bench.assets.fetch import READY
from odd_bench.assets.manifest import Manifest
from odd_bench.assets.verify import NotFetched, bundled_folder
from odd_bench.counted import counted
from odd_bench.data.damage import check_plain, reading
from odd_bench.data.errors import DataError
from odd_bench.data.marks import font
from odd_bench.data.walk import walk
from odd_bench.picture_file import write_picture
from odd_bench.shapes.library import SUFFIXES
from odd_bench.terminal import tracked
from odd_bench.view.preview import spread

SIZE, CAPTION, GAP, COLUMNS = 160, 20, 6, 8
PAPER, INK = (250, 250, 248), (20, 22, 26)
ENVIRONMENTS, PICTURES = (".exr", ".hdr"), (".jpg", ".jpeg", ".png")
Tile = tuple[str, np.ndarray]


def manifest_tiles(manifest: Manifest, folder: Path, most: int) -> tuple[list[Tile], dict[str, str]]:
    """Captions and pictures of at most `most` assets, and the reason by name for each that cannot be shown."""
    if manifest.obtain == "procedural":
        return _procedural_tiles(manifest, most), {}
    if manifest.obtain == "bundled":
        return _environment_tiles([bundled_folder() / entry.file for entry in manifest.entries][:most])
    if not folder.is_dir() or not walk(folder).files:
        raise NotFetched(folder)
    return folder_tiles(folder / READY if (folder / READY).is_dir() else folder, most)


def folder_tiles(folder: Path, most: int) -> tuple[list[Tile], dict[str, str]]:
    """As `manifest_tiles`, for a folder of meshes, environments or texture sets."""
    found = walk(folder)
    files, passed_over = found.files, {str(path): reason for path, reason in found.passed_over.items()}
    shapes = [path for path in files if path.suffix.lower() in SUFFIXES]
    if shapes:
        tiles, refused = _mesh_tiles(spread(shapes, most))
        return tiles, {**passed_over, **refused}
    lights = [path for path in files if path.suffix.lower() in ENVIRONMENTS]
    floors = _color_maps(files)
    if not lights and not floors:
        raise DataError(
            folder, f"{counted(len(files), 'file')}, none that can be shown", "meshes, environments or texture sets"
        )
    tiles, refused = _environment_tiles(spread(lights, most)) if lights else ([], {})
    refused = {**passed_over, **refused}
    for path in spread(floors, most):
        try:
            check_plain(path, "a picture")
            with reading(path, "a picture", ""):
                tiles.append((path.parent.name, _picture(path)))
        except DataError as error:
            refused[str(path)] = error.found
    return tiles, refused


def save_sheet(tiles: Sequence[Tile], path: Path) -> None:
    """Write the pictures in rows, each with its caption."""
    rows = -(-len(tiles) // COLUMNS)
    width, height = SIZE + GAP, SIZE + CAPTION + GAP
    sheet = Image.new("RGB", (min(len(tiles), COLUMNS) * width + GAP, rows * height + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (caption, picture) in enumerate(tiles):
        x, y = GAP + number % COLUMNS * width, GAP + number // COLUMNS * height
        sheet.paste(Image.fromarray(picture), (x, y + (SIZE - len(picture)) // 2))
        draw.text((x + 2, y + SIZE + 3), caption[:27], font=font(11), fill=INK)
    write_picture(sheet, path)


def _procedural_tiles(manifest: Manifest, most: int) -> list[Tile]:
    from odd_bench.view.shade import shaded

    names = [entry.name for entry in manifest.entries]
    if manifest.kind == "floors":
        return _floor_tiles(spread(names, most))
    if manifest.name == "toys":
        from odd_bench.shapes.toys import make_toy as make
    else:
        from odd_bench.shapes.cad import make_part as make
    return [(name, shaded(make(name, 0).shape(), SIZE)) for name in tracked(spread(names, most), "drawing")]


def _mesh_tiles(paths: Sequence[Path]) -> tuple[list[Tile], dict[str, str]]:
    """Pictures of mesh files as they are, with their colours, without repair."""
    from odd_bench.geometry.shape import Shape
    from odd_bench.shapes.mesh_file import ShapeRefused, read_mesh
    from odd_bench.view.shade import shaded

    tiles, refused = [], {}
    for path in tracked(paths, "drawing"):
        try:
            raw = read_mesh(path)
        except ShapeRefused as error:
            refused[str(path)] = str(error)
            continue
        color = raw.colors(np.arange(len(raw.faces)), np.full((len(raw.faces), 3), 1 / 3))
        slots = raw.face_slot.astype(np.int32)
        shape = Shape(
            path.stem, path.parent.name, raw.vertices, raw.faces, slots, slots, color, raw.slot_names, raw.materials
        )
        tiles.append((path.stem, shaded(shape, SIZE)))
    return tiles, refused


def _environment_tiles(paths: Sequence[Path]) -> tuple[list[Tile], dict[str, str]]:
    tiles, refused = [], {}
    answers = _from_blender([("environment", str(path), SIZE) for path in paths])
    for path, answer in zip(paths, answers, strict=True):
        if isinstance(answer, str):
            refused[str(path)] = answer
        else:
            tiles.append((path.stem, answer))
    return tiles, refused


def _floor_tiles(kinds: Sequence[str]) -> list[Tile]:
    """One floor of each kind; Blender draws them."""
    from odd_bench.render.surroundings import draw_floor

    draws = {}
    rng = np.random.default_rng(0)
    while set(draws) < set(kinds):
        draw = draw_floor(rng)
        draws.setdefault(draw.kind, draw)
    answers = _from_blender([("floor", draws[kind], SIZE) for kind in kinds])
    for kind, answer in zip(kinds, answers, strict=True):
        if isinstance(answer, str):
            raise DataError(f"floor {kind}", answer, "a picture")
    return list(zip(kinds, answers, strict=True))


def _from_blender(requests: Sequence[tuple]) -> list:
    """The answers of a separate Blender process, one per request."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        answers = []
        for request in tracked(requests, "drawing"):
            here.send(request)
            answers.append(here.recv())
        here.send(None)
        process.join(5)
        return answers
    except (EOFError, ConnectionResetError) as error:
        raise DataError("Blender", "a crash", "pictures") from error
    finally:
        process.kill()
        process.join()


def _serve(connection) -> None:
    sys.path[:] = [
        path for path in sys.path if Path(path).parts[-2:] != ("scripts", "modules")
    ]  # of a parent that runs Blender
    from odd_bench.blender_jobs.swatches import serve

    serve(connection)


def _color_maps(files: Sequence[Path]) -> list[Path]:
    """The colour picture of each texture set, found by the names that texture libraries use."""
    names = ("color", "albedo", "diff", "col")
    pictures = [path for path in files if path.suffix.lower() in PICTURES]
    return [path for path in pictures if any(f"_{name}" in path.stem.lower() for name in names)]


def _picture(path: Path) -> np.ndarray:
    with Image.open(path, formats=("PNG", "JPEG")) as image:
        return np.asarray(image.convert("RGB").resize((SIZE, SIZE)))
