"""The only code that imports bpy: one job is a scene in, pictures or poses out.

- `job`, `process`, `device`: the input of a job, the process that runs it, on which device;
- `render`, `lens`, `light`, `floors`, `meshes`, `textures`, `nodes`: pictures of a scene, and what it consists of in Blender;
- `settle`: how a shape comes to rest;
- `swatches`, `convert`: pictures of environments and floors, Blender files as GLB.
"""
