"""Unpacking what deflate packed: never more than was declared.

zlib-ng unpacks masks four times and depth three times as fast as zlib; the bytes are the same, so it need not be there.
"""

from __future__ import annotations

try:
    from zlib_ng import zlib_ng as zlib
except ModuleNotFoundError:
    import zlib


def unpacked(packed: bytes, size: int) -> bytes:
    """The first `size` bytes, fewer where fewer are packed. Raises zlib's error, or ValueError, for what is not packed by it."""
    return zlib.decompressobj().decompress(packed, size) if size else b""  # 0 would mean without bounds


def unpacked_whole(packed: bytes, size: int) -> bytes:
    """All that is packed, `size` bytes at most. Raises as `unpacked`, and where there is more or no whole checksum behind it."""
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(packed, size + 1)
    if len(content) > size or not unpacking.eof:
        raise ValueError(f"no end after {size:,} bytes")
    return content
