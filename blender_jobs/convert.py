"""Blender files as GLB: what is visible in them, with modifiers applied, scripts switched off."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

from odd_bench.blender_jobs.process import leave, quiet


def serve(connection: Connection) -> None:
    """Convert (source, target) pairs as they come, answering with an empty string or what went wrong; None ends the process."""
    while (request := connection.recv()) is not None:
        try:
            convert(Path(request[0]), Path(request[1]))
            connection.send("")
        except Exception as error:  # one odd file is reported and the others are still read
            connection.send(" ".join(str(error).split()) or type(error).__name__)
    connection.close()
    leave(0)


def convert(source: Path, target: Path) -> None:
    """Write the meshes of a .blend file to a .glb file, y up as that format wants. Raises ValueError if it holds none."""
    import bpy

    with quiet():
        bpy.ops.wm.open_mainfile(filepath=str(source), load_ui=False, use_scripts=False)
    meshes = [item for item in bpy.context.scene.objects if item.type == "MESH" and not item.hide_render]
    if not any(len(item.data.polygons) for item in meshes):
        raise ValueError("no visible mesh")
    _select(meshes)
    part = target.with_name(f"{target.stem}.part.glb")  # the exporter insists on the ending
    with quiet():
        bpy.ops.export_scene.gltf(
            filepath=str(part),
            export_format="GLB",
            use_selection=True,
            export_apply=True,
            export_animations=False,
            export_cameras=False,
            export_lights=False,
            export_yup=True,
        )
    os.replace(part, target)


def _select(meshes: list) -> None:
    """Make exactly these the selection; what is hidden in the viewport cannot be selected, so it is shown first."""
    import bpy

    for item in bpy.context.view_layer.objects:
        item.hide_set(False)
        item.select_set(item in meshes)
