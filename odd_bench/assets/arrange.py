"""Arranges foreign shapes in a folder that the shape library reads: `CATEGORY/SHAPE.glb`, or an OBJ with its companion files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from odd_bench.assets.blend import BlendReader
from odd_bench.assets.find import Found
from odd_bench.color import linear
from odd_bench.data.errors import DataError
from odd_bench.data.walk import walk
from odd_bench.plain_file import open_plain
from odd_bench.shapes.companions import Companions
from odd_bench.shapes.gltf import with_linear_factors
from odd_bench.shapes.library import SUFFIXES

ALONE = (".glb", ".ply", ".stl", ".off")  # formats that consist of one file
COMPANIONS = (".mtl", ".png", ".jpg", ".jpeg", ".bin")  # companion files of the other formats


@dataclass
class Arranged:
    """shapes: paths of the files made, relative to the target folder, by shape. refused: reason by file of the source.

    unpainted: missing files, mostly textures, by shape.
    """

    shapes: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unpainted: dict[str, str] = field(default_factory=dict)


def arrange(
    found: list[Found],
    root: Path,
    target: Path,
    limit_s: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Arranged:
    """Link, rotate or convert every shape into the target folder; a shape for which this fails is refused with a reason.

    root: the folder that the shapes were found in. limit_s: time limit for one Blender file. progress: called with the numbers of
    finished and of all shapes.
    """
    arranged = Arranged()
    with BlendReader(limit_s) as blender:
        for done, one in enumerate(found, 1):
            folder = target / one.category
            folder.mkdir(parents=True, exist_ok=True)
            try:
                made, missing = _arrange_one(one, root, folder, blender)
                if missing:
                    arranged.unpainted[f"{one.category}/{one.shape}"] = ", ".join(missing)
                arranged.shapes[f"{one.category}/{one.shape}"] = [path.relative_to(target).as_posix() for path in made]
            except DataError as error:
                arranged.refused[one.file.as_posix()] = str(error)
            progress(done, len(found))
    return arranged


def _arrange_one(one: Found, root: Path, folder: Path, blender: BlendReader) -> tuple[list[Path], list[str]]:
    """The files made, and the names of missing files that the shape refers to."""
    suffix = one.file.suffix.lower()
    if suffix == ".blend":
        target = folder / f"{one.shape}.glb"
        blender.convert(one.file, target)
        return [target], []
    if suffix not in SUFFIXES:
        raise DataError(one.file, f"format {suffix}", f"one of {', '.join(SUFFIXES)}, .blend")
    if one.layout.up == "z":
        target, missing = _turned(one.file, root, folder / f"{one.shape}.glb")
        return [target], missing
    if suffix in ALONE:
        return [_link(one.file, folder / f"{one.shape}{suffix}")], []
    own = folder / one.shape
    own.mkdir(exist_ok=True)
    beside = [path for path in sorted(one.file.parent.iterdir()) if path.suffix.lower() in COMPANIONS]
    return [_link(one.file, own / f"{one.shape}{suffix}")] + [_link(path, own / path.name) for path in beside], []


def _link(source: Path, target: Path) -> Path:
    """Link to a file, since shapes are large and remain in the user's folder."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    part.symlink_to(os.path.realpath(source))
    part.replace(target)
    return target


def _turned(source: Path, root: Path, target: Path) -> tuple[Path, list[str]]:
    """Write a GLB with y up from an OBJ with z up; returns its path and the names of missing files.

    The texture may be anywhere in the folder of the shape.
    """
    import trimesh

    try:
        with open_plain(source) as file:  # given a path, trimesh would search for companions only next to it
            textures = _Textures(source, root)
            scene = trimesh.load_scene(file, "obj", process=False, resolver=textures)
        for mesh in scene.geometry.values():
            material = getattr(mesh.visual, "material", None)
            if getattr(material, "image", None) is not None:
                material.diffuse = np.full(4, 255, np.uint8)  # a picture is the whole colour; trimesh assumes grey
            elif mesh.visual.kind in ("vertex", "face"):
                colors = np.array(mesh.visual.vertex_colors)
                colors[:, :3] = np.round(255 * linear(colors[:, :3] / 255))
                mesh.visual.vertex_colors = colors
        scene.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
        content = with_linear_factors(scene.export(file_type="glb"))
    except Exception as error:  # readers of many formats fail in many ways; each is a file that cannot be read
        raise DataError(source, f"{type(error).__name__}: {error}", "a mesh file that can be read") from error
    part = target.with_name(target.name + ".part")
    part.write_bytes(content)
    part.replace(target)
    return target, textures.missing


class _Textures(Companions):
    """Finds the files that an OBJ refers to for trimesh: next to it, else anywhere in the folder of the shape."""

    def __init__(self, source: Path, root: Path):
        super().__init__(source)
        shape = source.relative_to(root).parts[0] if source.is_relative_to(root) else ""
        self._below = root / shape

    def get(self, name: str) -> bytes:
        try:
            return super().get(name)
        except FileNotFoundError:
            wanted = self.missing[-1]
            for path in (path for path in walk(self._below).files if path.name == wanted):
                content = self._content(path)
                if content is not None:
                    self.missing.pop()
                    return content
            raise

    __getitem__ = get
