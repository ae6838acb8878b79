"""The only code that imports bpy. A job takes a scene and returns pictures or poses.

- `job`, `process`, `device`: the input of a job, the process that runs it, and the device that it uses;
- `render`, `lens`, `light`, `floors`, `meshes`, `textures`, `nodes`: rendering a scene, and the parts of a scene in Blender;
- `settle`: the rest poses of a dropped shape;
- `swatches`, `convert`: pictures of environments and floors, and conversion of Blender files to GLB.
"""
