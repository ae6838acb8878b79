"""The fields of one scene in an HDF5 group, and writing them.

Each scene is a group `/scenes/<name>` with the attributes split, category, shape, plan_sha256, label_sha256 and image_sha256, and
these fields:

    images          (bytes,)       uint8    concatenated encoded pictures
    image_offsets   (views + 1,)   uint32   picture i is images[image_offsets[i]:image_offsets[i + 1]]
    masks           (bytes,)       uint8    concatenated PNGs, whose pixels are 3 * instance + change
    mask_offsets    (views + 1,)   uint32   offsets of the masks, like image_offsets
    depth           (views, h, w)  uint16   planar depth in steps of 0.25 mm, 0 = nothing was hit; optional
    cameras         (views,)       table    K (3, 3), camera_from_world (4, 4), width, height
    objects         (objects,)     table    label, type (empty for a normal object), magnitude, world_from_object (4, 4),
                                            aabb (6,), obb (7,), visible_pixels, amodal_pixels, changed_pixels (views,)
    legacy_boxes    (objects, 6)   float64  boxes as published; only in imported data
"""

from __future__ import annotations

import h5py
import numpy as np

from odd_bench.data.codec import MAX_OBJECTS, CodecConfig, depth_to_steps, encode_masks, encode_pictures, join_blobs
from odd_bench.data.digest import image_sha256, label_sha256
from odd_bench.data.errors import DataError
from odd_bench.data.record import SceneRecord
from odd_bench.data.tables import LEGACY_BOXES, scene_tables
from odd_bench.names import name_problem

SCENE_ATTRIBUTES = ("split", "category", "shape", "plan_sha256", "label_sha256", "image_sha256")
FIELDS = ("images", "image_offsets", "masks", "mask_offsets", "cameras", "objects")


def write_scene(scenes: h5py.Group, record: SceneRecord, codec: CodecConfig) -> None:
    """Add `record` to the group `/scenes`. Raises DataError if its arrays do not match each other."""
    check_shapes(record)
    steps = depth_to_steps(record.depth_m) if codec.depth and record.depth_m is not None else None
    images, image_offsets = join_blobs(encode_pictures(record.images, codec))
    masks, mask_offsets = join_blobs([encode_masks(*pair) for pair in zip(record.instance, record.change, strict=True)])
    arrays = {"images": images, "image_offsets": image_offsets, "masks": masks, "mask_offsets": mask_offsets}
    arrays |= scene_tables(record.scene)

    group = scenes.create_group(record.scene.name)
    for name in (*FIELDS, LEGACY_BOXES) if LEGACY_BOXES in arrays else FIELDS:
        group.create_dataset(name, data=arrays[name], track_times=False)
    if steps is not None:
        chunk = (1, *steps.shape[1:])
        group.create_dataset("depth", data=steps, chunks=chunk, compression="gzip", shuffle=True, track_times=False)
    group.attrs["split"], group.attrs["category"] = record.scene.split, record.scene.category
    group.attrs["shape"], group.attrs["plan_sha256"] = record.scene.shape, record.plan_sha256
    group.attrs["label_sha256"] = label_sha256(record.scene, record.instance, record.change, steps, record.plan_sha256)
    group.attrs["image_sha256"] = image_sha256(images, image_offsets)


def check_shapes(record: SceneRecord) -> None:
    """Raise DataError for the first array that does not match the cameras and objects."""
    scene, views, objects = record.scene, len(record.scene.cameras), len(record.scene.objects)
    for name in (scene.name, scene.split, scene.category, scene.shape):
        if problem := name_problem(name):
            raise DataError(scene.name, f"{problem}: {name[:60]!r}", "names of one path component")
    if not views or not objects or objects > MAX_OBJECTS:
        raise DataError(scene.name, f"{views} views, {objects} objects", f"1 or more views, 1 to {MAX_OBJECTS} objects")
    size = (scene.cameras[0].height, scene.cameras[0].width)
    pictures = {"images": (record.images, np.uint8, (views, *size, 3)), "instance": (record.instance, np.uint8, (views, *size)),
                "change": (record.change, np.uint8, (views, *size))}  # fmt: skip
    if record.depth_m is not None:
        pictures["depth_m"] = (record.depth_m, np.float32, (views, *size))
    for name, (array, dtype, shape) in pictures.items():
        if array.dtype != dtype or array.shape != shape:
            raise DataError(f"{scene.name}/{name}", f"{array.dtype} {array.shape}", f"{np.dtype(dtype)} {shape}")
    if record.instance.max() > objects or record.change.max() > 2:
        found = f"instance up to {record.instance.max()}, change up to {record.change.max()}"
        raise DataError(f"{scene.name}/masks", found, f"instance up to {objects}, change up to 2")
