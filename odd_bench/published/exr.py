"""Depth maps as OpenEXR files: ZIP-compressed, with three equal float32 channels, as in the published data."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np

from odd_bench.data.damage import check_plain, reading
from odd_bench.data.errors import DataError
from odd_bench.extras import install_command
from odd_bench.published.refused import Refused

BACKGROUND = 1e10  # value of the published depth maps where no surface was hit
FARTHEST_M = 1e6
MOST_SIDE = 4096  # pixels
MOST_CHANNELS = 16


def write_depth(path: Path, depth_m: np.ndarray) -> None:
    """Write planar z, (h, w) float32 metres with 0 where no surface was hit."""
    OpenEXR = open_exr()
    depth = np.where(depth_m > 0, depth_m, BACKGROUND).astype(np.float32)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {"RGB": np.repeat(depth[..., None], 3, axis=-1)}).write(str(path))


def read_depth(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """Planar z, (h, w) float32 metres, 0 where no surface was hit. size: required height and width. Raises Refused."""
    channels = _float_channels(path, size)
    depth = channels[0]
    if any(not np.array_equal(depth, other, equal_nan=True) for other in channels[1:]):
        raise Refused("unreadable EXR", f"{path.name}: its channels differ, so the depth is ambiguous")
    if np.isnan(depth).any():
        raise Refused("NaN depth", f"{path.name}: {np.isnan(depth).sum():,} pixels")
    if (depth <= 0).any():
        raise Refused("NaN depth", f"{path.name}: {(depth <= 0).sum():,} pixels at or behind the camera")
    return np.where(depth < FARTHEST_M, depth, 0).astype(np.float32)


def _float_channels(path: Path, size: tuple[int, int] | None) -> list[np.ndarray]:
    OpenEXR = open_exr()
    try:
        check_plain(path, "an EXR")
        with reading(path, "an EXR", ""):
            _check_size(path, size, OpenEXR)
            with OpenEXR.File(str(path), separate_channels=True) as file:
                channels = [np.array(channel.pixels) for channel in file.channels().values()]
    except DataError as error:
        raise Refused("unreadable EXR", f"{path.name}: {error.found}") from error
    if not channels or any(channel.ndim != 2 or channel.dtype.kind != "f" for channel in channels):
        found = ", ".join(f"{channel.dtype} {channel.shape}" for channel in channels) or "no channel"
        raise Refused("unreadable EXR", f"{path.name}: {found}; expected float channels of one size")
    return channels


def _check_size(path: Path, size: tuple[int, int] | None, OpenEXR: ModuleType) -> None:
    """Raise Refused for a size that the header already shows to be wrong, before memory is allocated for it."""
    with OpenEXR.File(str(path), header_only=True) as file:
        header = file.header()
        low, high = header["dataWindow"]
        width, height = (int(end) - int(start) + 1 for start, end in zip(low, high, strict=True))
        if size is not None and (height, width) != size:
            raise Refused("sizes differ", f"{'/'.join(path.parts[-2:])}: {(height, width)}; pictures have {size}")
        if max(height, width) > MOST_SIDE or len(header["channels"]) > MOST_CHANNELS:
            found = f"{height:,} x {width:,} pixels, {len(header['channels'])} channels"
            raise Refused(
                "unreadable EXR", f"{path.name}: {found}; expected at most {MOST_SIDE} pixels, {MOST_CHANNELS} channels"
            )


def open_exr() -> ModuleType:
    """The package that reads and writes the files. Raises DataError if it is not installed."""
    try:
        import OpenEXR
    except ImportError as error:
        raise DataError(
            "OpenEXR", "no such package", "this package, which reads depth maps", install_command("view")
        ) from error
    return OpenEXR
