"""Converting Blender files to GLB: visible meshes only, with modifiers applied. Scripts in the files are not run."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

from odd_bench.blender_jobs.process import leave, quiet


def serve(connection: Connection) -> None:
    """Convert each pair (source, target) that is received, and answer with an empty string or an error message; None ends
    the process.
    """
    while (request := connection.recv()) is not None:
        try:
            convert(Path(request[0]), Path(request[1]))
            connection.send("")
        except Exception as error:  # report a bad file and continue with the others
            connection.send(" ".join(str(error).split()) or type(error).__name__)
    connection.close()
    leave(0)


def convert(source: Path, target: Path) -> None:
    """Write the meshes of a .blend file to a .glb file, with y up as this format requires. Raises ValueError if there are none."""
    import bpy

    with quiet():
        bpy.ops.wm.open_mainfile(filepath=str(source), load_ui=False, use_scripts=False)
    meshes = [item for item in bpy.context.scene.objects if item.type == "MESH" and not item.hide_render]
    if not any(len(item.data.polygons) for item in meshes):
        raise ValueError("no visible mesh")
    _select(meshes)
    part = target.with_name(f"{target.stem}.part.glb")  # the exporter requires this ending
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
    """Select exactly these objects. Objects hidden in the viewport cannot be selected, so all are shown first."""
    import bpy

    for item in bpy.context.view_layer.objects:
        item.hide_set(False)
        item.select_set(item in meshes)
