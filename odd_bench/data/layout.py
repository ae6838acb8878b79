"""How one scene lies in an HDF5 group, field by field.

Group `/scenes/<name>`; attributes: split, category, shape, plan_sha256, label_sha256, image_sha256.

    images          (bytes,)       uint8    encoded pictures end to end
    image_offsets   (views + 1,)   uint32   picture i is images[image_offsets[i]:image_offsets[i + 1]]
    masks           (bytes,)       uint8    PNGs end to end, each pixel 3 * instance + change
    mask_offsets    (views + 1,)   uint32
    depth           (views, h, w)  uint16   planar z in steps of 0.25 mm, 0 = nothing; absent if left out
    cameras         (views,)       table    K (3, 3), camera_from_world (4, 4), width, height
    objects         (objects,)     table    label, type (empty for a normal object), magnitude, world_from_object (4, 4),
                                            aabb (6,), obb (7,), visible_pixels, amodal_pixels, changed_pixels (views,)
    legacy_boxes    (objects, 6)   float64  boxes as published; absent from generated data
"""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

from odd_bench.data.codec import (
    MAX_OBJECTS,
    CodecConfig,
    decode_masks,
    decode_picture,
    depth_from_steps,
    depth_to_steps,
    encode_masks,
    encode_pictures,
    join_blobs,
)
from odd_bench.data.digest import image_sha256, label_sha256
from odd_bench.data.errors import DataError
from odd_bench.data.record import SceneRecord
from odd_bench.data.tables import LEGACY_BOXES, cameras_of, objects_of, scene_tables
from odd_bench.scene import Scene

SCENE_ATTRIBUTES = ("split", "category", "shape", "plan_sha256", "label_sha256", "image_sha256")
FIELDS = ("images", "image_offsets", "masks", "mask_offsets", "cameras", "objects")


def write_scene(scenes: h5py.Group, record: SceneRecord, codec: CodecConfig) -> None:
    """Add `record` to the `/scenes` group. Raises DataError where its arrays do not fit each other."""
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
    """Raise DataError naming the first array that does not fit the cameras and the objects."""
    scene, views, objects = record.scene, len(record.scene.cameras), len(record.scene.objects)
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


def read_scene(group: h5py.Group) -> Scene:
    """Cameras and objects of one scene group."""
    legacy_boxes = group[LEGACY_BOXES][()] if LEGACY_BOXES in group else None
    cameras, objects = cameras_of(group["cameras"][()]), objects_of(group["objects"][()], legacy_boxes)
    name = group.name.rsplit("/", 1)[-1]
    return Scene(name, group.attrs["split"], group.attrs["category"], group.attrs["shape"], cameras, objects)


def read_record(group: h5py.Group) -> SceneRecord:
    """Everything of one scene, decoded."""
    scene = read_scene(group)
    views = range(len(scene.cameras))
    instance, change = read_masks(group, views)
    depth_m = depth_from_steps(group["depth"][()]) if "depth" in group else None
    return SceneRecord(scene, read_images(group, views), instance, change, depth_m, group.attrs["plan_sha256"])


def read_images(group: h5py.Group, views: Sequence[int]) -> np.ndarray:
    """(n, h, w, 3) uint8 pictures of the given views."""
    return np.stack([decode_picture(blob) for blob in _blobs(group, "images", "image_offsets", views)])


def read_masks(group: h5py.Group, views: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Instance and change masks of the given views, each (n, h, w) uint8."""
    pairs = [decode_masks(blob) for blob in _blobs(group, "masks", "mask_offsets", views)]
    instance, change = zip(*pairs, strict=True)
    return np.stack(instance), np.stack(change)


def read_depth(group: h5py.Group, views: Sequence[int]) -> np.ndarray:
    """(n, h, w) float32 planar z in metres, 0 where nothing was hit. Raises DataError where depth was left out."""
    if "depth" not in group:
        raise DataError(f"{group.file.filename}{group.name}", "no depth", "a data set made with depth")
    depth = group["depth"]
    _check_views(group, views, len(depth))
    return depth_from_steps(np.stack([depth[view] for view in views]))


def _blobs(group: h5py.Group, field: str, offsets_field: str, views: Sequence[int]) -> list[bytes]:
    """Encoded views. Three or more are read in one go: that costs less than finding them one by one."""
    data, offsets = group[field], group[offsets_field][()]
    _check_views(group, views, len(offsets) - 1)
    if len(views) > 2:
        data = data[()]
    return [data[offsets[view] : offsets[view + 1]].tobytes() for view in views]


def _check_views(group: h5py.Group, views: Sequence[int], count: int) -> None:
    if not all(0 <= view < count for view in views):
        raise DataError(f"{group.file.filename}{group.name}", f"views {list(views)}", f"0 to {count - 1}")
