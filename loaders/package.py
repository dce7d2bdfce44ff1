"""The zip package that .xlsx, .xlsm and .ods files are: unpacked within limits, before anything else looks inside.

What the package says of itself is not believed: sizes are counted while unpacking and checksums compared. Nothing here
parses XML, and what would make a parser fetch or repeat something (a document type with its entities) is refused.
"""

import io
import re
import struct
import zipfile
import zlib
from functools import lru_cache

from loaders.cells import TooLargeFileError, UnreadableFileError, UnsafeFileError

LARGEST_UNPACKED = 64 << 20
"""Bytes that a package may unpack to; real submissions stay below a hundredth of it."""
LARGEST_NUMBER_OF_PARTS = 2_000
_LARGEST_REMEMBERED = 16 << 10
_REMEMBERED = 256
"""How many small parts are remembered, unpacked: themes, styles and lists of parts are the same in file after file."""

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED, _NAME_IN_UTF8 = 0x1, 0x800
_READ_AS_XML = (".xml", ".rels", ".vml")
_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_OTHER_ENCODING = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["'](?!utf-8["']|us-ascii["'])""", re.IGNORECASE)

Parts = dict[str, bytes]
"""The XML parts of a package by name, unpacked."""


def is_package(content: bytes) -> bool:
    """Whether the file starts as a zip does."""
    return content.startswith(b"PK\x03\x04")


def unpack(content: bytes) -> Parts:
    """Every XML part of the package, checked.

    Raises TooLargeFileError where it unpacks to more than any real submission; UnsafeFileError for parts that no
    spreadsheet program writes; UnreadableFileError for a damaged package, and for one under a password.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
        raise UnreadableFileError(f"it is damaged or was not sent whole ({error})") from error
    _check_names(parts)
    _check_sizes(parts)
    unpacked = {
        part.filename: _unpacked(content, part) for part in parts if part.filename.lower().endswith(_READ_AS_XML)
    }
    for name, body in unpacked.items():
        _check_xml(name, body)
    return unpacked


def _check_names(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > LARGEST_NUMBER_OF_PARTS:
        raise TooLargeFileError(f"it has {len(parts):,} parts, more than the {LARGEST_NUMBER_OF_PARTS:,} that are read")
    seen = set()
    for part in parts:
        name = part.filename
        climbs = ".." in name and ".." in re.split(r"[/\\]", name)
        if climbs or name.startswith(("/", "\\")) or "\0" in name or ":" in name:
            raise UnsafeFileError(f"its part '{name}' is named like a place outside the file")
        if name.lower() in seen:
            raise UnsafeFileError(f"it has its part '{name}' twice")
        seen.add(name.lower())


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    if unpacked > LARGEST_UNPACKED:
        raise TooLargeFileError(
            f"it unpacks to {unpacked >> 20} MB, more than the {LARGEST_UNPACKED >> 20} MB that are read"
        )


def _unpacked(content: bytes, part: zipfile.ZipInfo) -> bytes:
    """One part's bytes: as many as it says it has, with the checksum it says they have."""
    if part.flag_bits & _ENCRYPTED:
        raise UnreadableFileError("it is protected by a password")
    start = part.header_offset
    header = content[start : start + _LOCAL_HEADER.size]
    if len(header) < _LOCAL_HEADER.size:
        raise UnreadableFileError("it is damaged or was not sent whole")
    signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    start += _LOCAL_HEADER.size
    name = content[start : start + name_length]
    encoding = "utf-8" if part.flag_bits & _NAME_IN_UTF8 or part.orig_filename.isascii() else "cp437"
    if signature != b"PK\x03\x04" or name != part.orig_filename.encode(encoding):
        raise UnreadableFileError("it is damaged: its list of parts is not that of the parts themselves")
    start += name_length + extra_length
    packed = content[start : start + part.compress_size]
    inflate = _inflated_remembered if part.file_size <= _LARGEST_REMEMBERED >= part.compress_size else _inflated
    return inflate(packed, part.filename, part.compress_type, part.file_size, part.CRC)


def _inflated(packed: bytes, name: str, method: int, size: int, checksum: int) -> bytes:
    if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnsafeFileError(f"its part '{name}' is packed in a way that no spreadsheet program writes")
    body = packed
    if method == zipfile.ZIP_DEFLATED:
        try:
            # One byte more than is said to be there is enough to know that more is there.
            body = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
        except zlib.error as error:
            raise UnreadableFileError(f"it is damaged: the part '{name}' cannot be unpacked") from error
    if len(body) != size or zlib.crc32(body) != checksum:
        raise UnreadableFileError(f"it is damaged: the part '{name}' is not what the package says it is")
    return body


_inflated_remembered = lru_cache(_REMEMBERED)(_inflated)


def _check_xml(name: str, body: bytes) -> None:
    if b"<!" in body and _DECLARATION.search(body):
        raise UnsafeFileError(f"its part '{name}' declares a document type, which can make a reader run out of memory")
    if b"\0" in body or _OTHER_ENCODING.search(body[:200]):
        raise UnsafeFileError(f"its part '{name}' is not written in UTF-8")
