"""Archives as a hostile sender would make them: each function returns the bytes of one."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import stat
import struct
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable

EVIL = "../../victim"
BLOCK = tarfile.BLOCKSIZE


def tar(
    *members: tuple[tarfile.TarInfo | str, bytes], pax: dict[str, str] | None = None, end: bytes = bytes(2 * BLOCK)
) -> bytes:
    """A tar archive. pax: extended values of the last member. end: the bytes after the members."""
    content = io.BytesIO()
    for number, (name, data) in enumerate(members):
        info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
        info.size = info.size or len(data)
        info.pax_headers = (pax or {}) if number == len(members) - 1 else {}
        header = info.tobuf(tarfile.PAX_FORMAT if info.pax_headers else tarfile.GNU_FORMAT)
        content.write(header + data + bytes(-len(data) % BLOCK))
    return content.getvalue() + end


def typed(kind: bytes, name: str = "odd", link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def with_header(place: int, value: bytes, kind: bytes = tarfile.REGTYPE, number: int = 1, data: bytes = b"") -> bytes:
    """A tar archive of three members, in which the header of member `number` has other bytes and a matching checksum."""
    members = [tar((typed(kind if i == number else tarfile.REGTYPE, f"m{i}"), data), end=b"") for i in range(3)]
    block = bytearray(members[number][:BLOCK])
    block[place : place + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    members[number] = bytes(block) + members[number][BLOCK:]
    return b"".join(members) + bytes(2 * BLOCK)


def size(number: int) -> bytes:
    """The size of a member as 12 bytes of two's complement, which GNU tar allows."""
    return (b"\xff" if number < 0 else b"\x80") + number.to_bytes(11, "big", signed=True)


def sparse(real_size: int, *pieces: tuple[int, int]) -> bytes:
    """An old GNU sparse member: a file of `real_size` bytes of which only some pieces (offset and length) are stored."""
    table = b"".join(b"%011o\0%011o\0" % (offset & (1 << 33) - 1, length & (1 << 33) - 1) for offset, length in pieces)
    return with_header(386, table.ljust(97, b"\0") + size(real_size), tarfile.GNUTYPE_SPARSE, data=b"x" * 1024)


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], change: Callable[[bytearray], None] | None = None) -> bytes:
    """A zip archive. change: a function of its bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    changed = bytearray(content.getvalue())
    if change:
        change(changed)
    return bytes(changed)


def central(place: int, form: str, value: int, local_place: int | None = None) -> Callable[[bytearray], None]:
    """A zip archive with another number in the first entry of the directory, and in the local header if a place there is given."""

    def change(content: bytearray) -> None:
        struct.pack_into(form, content, content.index(b"PK\1\2") + place, value)
        if local_place is not None:
            struct.pack_into(form, content, local_place, value)

    return change


def device(mode: int, name: str = "odd") -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def zip64(value: int) -> bytes:
    """A zip archive with a member whose sizes stand in the 64-bit extra field and are wrong."""
    info = zipfile.ZipInfo("a")
    info.extra = struct.pack("<HHQQ", 1, 16, value, value)
    return zipped(
        (info, b"x" * 99),
        change=lambda content: struct.pack_into("<II", content, content.index(b"PK\1\2") + 20, *[2**32 - 1] * 2),
    )


def twice_the_same_data(content: bytearray) -> None:
    """A zip archive in which both entries of the directory point to the data of the first."""
    second = content.index(b"PK\1\2", content.index(b"PK\1\2") + 4)
    struct.pack_into("<I", content, second + 42, 0)


SPARSE = {"GNU.sparse.name": EVIL, "GNU.sparse.size": "1", "GNU.sparse.map": "0,1"}


def other_name_before_the_data(content: bytearray) -> None:
    content[30:38] = b"../../vi"


def more_members(content: bytearray) -> None:
    struct.pack_into("<HH", content, content.index(b"PK\5\6") + 8, 9, 9)


def pax_record(key: str, value: str) -> bytes:
    """One value of an extended header; a record begins with its own length."""
    rest = f" {key}={value}\n"
    length = len(rest) + 2
    return f"{length}{rest}".encode()


BOMB = 40_000_000
NOISE = random.Random(0).randbytes(10_000)
ACCENTED = "caf\u00e9.obj"
TARS = {
    "a member of minus one block": lambda: with_header(124, size(-1536)),
    "a member of minus a thousand bytes": lambda: with_header(124, size(-1000)),
    "a member of nearly 2**80 bytes": lambda: with_header(124, size(2**79)),
    "a pax size of minus one block": lambda: tar(("a", b""), ("b", b""), pax={"size": "-1536"}),
    "a pax size that is no number": lambda: tar(("a", b""), pax={"size": "nan"}),
    "a long name of minus one block": lambda: with_header(124, size(-1536), tarfile.GNUTYPE_LONGNAME),
    "a long name of a terabyte": lambda: with_header(124, size(2**40), tarfile.GNUTYPE_LONGNAME),
    "an extended header of minus one block": lambda: with_header(124, size(-1536), tarfile.XHDTYPE),
    "a pax path that climbs": lambda: tar(("a", b"x"), pax={"path": EVIL}),
    "a sparse name that climbs": lambda: tar(("a", b"x"), pax=SPARSE),
    "a link to a folder, and a file in it": lambda: tar((typed(tarfile.SYMTYPE, "up", ".."), b""), ("up/victim", b"x")),
    "a link in a folder to a folder above": lambda: tar((typed(tarfile.SYMTYPE, "a/up", "../.."), b""), ("a/up/victim", b"x")),
    "a hard link to a file outside": lambda: tar((typed(tarfile.LNKTYPE, "a", EVIL), b"")),
    "a hard link to itself": lambda: tar((typed(tarfile.LNKTYPE, "a", "a"), b"")),
    "a pax link that climbs": lambda: tar((typed(tarfile.LNKTYPE, "a"), b""), pax={"linkpath": EVIL}),
    "a block device": lambda: tar((typed(tarfile.BLKTYPE), b"")),
    "a member of an unknown kind": lambda: tar((typed(b"Z"), b"x")),
    "a sparse file of a terabyte": lambda: sparse(2**40, (0, 512)),
    "a sparse file whose pieces overlap": lambda: sparse(2048, (512, 512), (512, 512)),
    "a sparse file with a piece behind its end": lambda: sparse(512, (2**32, 512)),
    "names that differ in case": lambda: tar(("Mesh/A.obj", b"1"), ("mesh/a.OBJ", b"2")),
    "names that differ in how accents are written": lambda: tar(
        (unicodedata.normalize("NFC", ACCENTED), b"1"), (unicodedata.normalize("NFD", ACCENTED), b"2")
    ),
    "names that differ in a sharp s": lambda: tar(("stra\u00dfe.obj", b"1"), ("STRASSE.obj", b"2")),
    "a name with a bell and an escape": lambda: tar(("a\x07\x1b[2J", b"x")),
    "a name that turns the line round": lambda: tar(("a\u202egnp.obj", b"x")),
    "a path of a hundred folders": lambda: tar(("/".join(["f" * 99] * 100), b"x")),
    "a header with a wrong checksum in the middle": lambda: tar(("a", b"x"), end=b"\1" * BLOCK + tar(("b", b"y"))),
    "an end in the middle of a file": lambda: tar(("a", b"x" * 5000))[: 3 * BLOCK],
    "a folder of minus one block": lambda: with_header(124, size(-1536), tarfile.DIRTYPE),
    "device names of Windows": lambda: tar(("CON", b"x"), ("nul.txt", b"x"), ("com1/aux.obj", b"x")),
    "names that differ in dots at their end": lambda: tar(("a.obj", b"1"), ("a.obj..", b"2")),
    "folders that differ in a dot at their end": lambda: tar(("mesh/a.obj", b"1"), ("mesh./a.obj", b"2")),
    "the same name by another path": lambda: tar(("mesh/a.obj", b"1"), ("mesh/./a.obj", b"2")),
    "a name from the root": lambda: tar(("/tmp/victim", b"x")),
    "a name on a drive": lambda: tar(("C:victim", b"x")),
    "a name with backslashes": lambda: tar(("..\\..\\victim", b"x")),
    "a name of 250 bytes": lambda: tar(("n" * 250, b"x")),
    "a folder that climbs and a file": lambda: tar((typed(tarfile.DIRTYPE, EVIL), b""), ("a", b"x")),
    "a pipe": lambda: tar((typed(tarfile.FIFOTYPE), b"")),
    "a global header that climbs": lambda: with_header(0, b"global", tarfile.XGLTYPE, 0, pax_record("path", EVIL)),
    "a bomb in gzip": lambda: gzip.compress(tar(("a", bytes(BOMB)))),
    "a bomb in bzip2": lambda: bz2.compress(tar(("a", bytes(BOMB)))),
    "a bomb in xz": lambda: lzma.compress(tar(("a", bytes(BOMB))), preset=0),
    "gzip cut short": lambda: gzip.compress(tar(("a", NOISE)))[:-2000],
    "gzip with another checksum": lambda: gzip.compress(tar(("a", NOISE)))[:-8] + bytes(8),
}  # fmt: skip
ZIPS = {
    "sizes of 64 bits that lie": lambda: zip64(2**60),
    "sizes of 64 bits at the very end": lambda: zip64(2**64 - 1),
    "a size stated too small": lambda: zipped(("a", bytes(10**6)), change=central(24, "<I", 10, 22)),
    "a size stated too large": lambda: zipped(("a", b"x"), change=central(24, "<I", 5000, 22)),
    "a wrong checksum": lambda: zipped(("a", b"x" * 99), change=central(16, "<I", 7, 14)),
    "an unknown way of packing": lambda: zipped(("a", b"x" * 99), change=central(10, "<H", 99, 8)),
    "a password": lambda: zipped(("a", b"x" * 99), change=central(8, "<H", 1, 6)),
    "data far behind the end": lambda: zipped(("a", b"x" * 99), change=central(42, "<I", 2**31)),
    "two names for the same data": lambda: zipped(("a", b"x"), ("b", b"y"), change=twice_the_same_data),
    "another name before the data": lambda: zipped(("abcdefgh", b"x"), change=other_name_before_the_data),
    "a block device": lambda: zipped((device(stat.S_IFBLK | 0o666), b"")),
    "a link to a folder, and a file in it": lambda: zipped((device(stat.S_IFLNK | 0o777, "up"), b".."), ("up/victim", b"x")),
    "a name with a zero in it": lambda: zipped(("abcdefg/victim", b"x"), change=lambda content: content.__setitem__(
        slice(None), bytes(content).replace(b"abcdefg/victim", b"a\0../../victim"))),
    "folders that differ in a blank at their end": lambda: zipped(("mesh/a.obj", b"x"), ("mesh /a.obj", b"y")),
    "a name on a drive": lambda: zipped(("C:/victim", b"x")),
    "a bomb": lambda: zipped(("a", bytes(BOMB))),
    "an end that speaks of more members": lambda: zipped(("a", b"x"), change=more_members),
    "a file that is a folder in other case": lambda: zipped(("Mesh", b"x"), ("mesh/a.obj", b"x")),
    "names that differ in how accents are written": lambda: zipped(
        (unicodedata.normalize("NFC", ACCENTED), b"1"), (unicodedata.normalize("NFD", ACCENTED), b"2")
    ),
}  # fmt: skip
HARMLESS = (  # files in the folder
    "device names of Windows", "a name with a zero in it", "a pax size that is no number", "a sparse file whose pieces overlap",
    "a sparse file with a piece behind its end", "a folder that climbs and a file", "an end that speaks of more members",
)  # fmt: skip
