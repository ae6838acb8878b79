"""Converting shapes to Blender meshes with colours and materials."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from odd_bench.blender_jobs.nodes import Nodes, Socket
from odd_bench.color import linear
from odd_bench.geometry.normals import HARD_EDGE_RAD
from odd_bench.geometry.shape import Material, Shape
from odd_bench.render.draft.wear import DIRT, MARKS

COLOR = "face_color"  # name of the mesh attribute
RELIEF_M = 0.002  # height of the relief of a material whose bump is 1
RELIEF_FREQUENCY = 45.0  # number of bumps along the largest side


def build_objects(objects: tuple[tuple[Shape, np.ndarray], ...]) -> list[bpy.types.Object]:
    """Add each pair (shape, world_from_object) to the scene. Instances of the same Shape object share one mesh."""
    meshes: dict[int, bpy.types.Mesh] = {}
    built = []
    for i, (shape, world_from_object) in enumerate(objects):
        if id(shape) not in meshes:
            meshes[id(shape)] = build_mesh(shape)
        instance = bpy.data.objects.new(f"object-{i}", meshes[id(shape)])
        instance.matrix_world = Matrix(np.asarray(world_from_object, float).tolist())
        bpy.context.scene.collection.objects.link(instance)
        built.append(instance)
    return built


def build_mesh(shape: Shape) -> bpy.types.Mesh:
    """The triangles of a shape, with a linear colour and a material per face and smooth shading."""
    mesh = bpy.data.meshes.new(shape.name)
    count = len(shape.faces)
    mesh.vertices.add(len(shape.vertices))
    mesh.vertices.foreach_set("co", np.ascontiguousarray(shape.vertices, np.float32).ravel())
    mesh.loops.add(3 * count)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(shape.faces, np.int32).ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * count, 3, dtype=np.int32))
    mesh.polygons.foreach_set("material_index", np.ascontiguousarray(shape.face_material, np.int32))
    colors = mesh.attributes.new(COLOR, "FLOAT_COLOR", "FACE")
    rgba = np.concatenate([linear(shape.face_color / 255), np.ones((count, 1))], axis=1)
    colors.data.foreach_set("color", rgba.astype(np.float32).ravel())
    for material in shape.materials:
        mesh.materials.append(build_material(material))
    mesh.update(calc_edges=True)
    mesh.set_sharp_from_angle(angle=HARD_EDGE_RAD)
    return mesh


def build_material(material: Material) -> bpy.types.Material:
    """A Principled BSDF with colour from the mesh, and relief from noise in the canonical coordinates of the object."""
    built = bpy.data.materials.new(material.name)
    built.use_nodes = True
    nodes = Nodes(built.node_tree)
    point = nodes.add("TexCoord", {}).outputs["Object"]
    color = nodes.add("Attribute", {}, attribute_name=COLOR).outputs["Color"]
    inputs = {
        "Base Color": _worn(nodes, color, point, material.metallic > 0.5),
        "Roughness": material.roughness,
        "Metallic": material.metallic,
        "Coat Weight": material.coat,
        "Coat Roughness": 0.05,
        "Transmission Weight": material.transmission,
    }
    if material.bump > 0:
        relief = nodes.noise(point, RELIEF_FREQUENCY, 3, 0.6)
        height = nodes.math("MULTIPLY", relief, material.bump * RELIEF_M)
        inputs["Normal"] = nodes.add("Bump", {"Height": height, "Distance": 1.0}).outputs[0]
    nodes.add("OutputMaterial", {"Surface": nodes.add("BsdfPrincipled", inputs).outputs[0]})
    return built


def _worn(nodes: Nodes, color: Socket, point: Socket, metal: bool) -> Socket:
    """The colour varied by dirt and wear and, on metal, by machining marks, about as strongly as in drafts."""
    factor = nodes.smoothstep(nodes.noise(point, 4.0, 5, 0.6), 0.25, 0.75, 1 - 1.3 * DIRT, 1 + 0.8 * DIRT)
    if metal:
        marks = nodes.noise(nodes.scale(point, (2.0, 40.0, 6.0)), 1.0, 2, 0.5)
        factor = nodes.math("MULTIPLY", factor, nodes.smoothstep(marks, 0.25, 0.75, 1 - MARKS, 1 + MARKS))
    return nodes.dimmed(color, factor)
