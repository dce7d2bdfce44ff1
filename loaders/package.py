"""What the reader of workbooks does not tell: cells in error, formulas that were never calculated, and oversized files.

An .xlsx or .xlsm file is a zip of XML parts. Only the parts that need it are looked at, as bytes: nothing here parses
XML, so nothing here can be made to expand an entity or to fetch a link.
"""

import re
import zipfile
from html import unescape
from pathlib import Path

from loaders.cells import Address, UnreadableFileError

LARGEST_UNPACKED = 256 << 20
"""Bytes that a workbook may unpack to; real submissions stay below a hundredth of it."""

_SHEET = re.compile(rb'<sheet\b[^>]*\bname="([^"]*)"[^>]*\br:id="([^"]*)"')
_RELATION = re.compile(rb"<Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(rb'\b(Id|Target)="([^"]*)"')
_CELL = re.compile(rb"<c\b(?P<head>[^>]*?)(?:/>|>(?P<body>.*?)</c>)", re.DOTALL)
_REFERENCE = re.compile(rb'\br="([A-Z]+)([0-9]+)"')
_VALUE = re.compile(rb"<v>([^<]*)</v>")


def check_size(path: Path) -> None:
    """Refuse a zip that would unpack to more than any real submission.

    Raises UnreadableFileError. Files that are no zip pass: whoever reads them says what they are.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as package:
        unpacked = sum(part.file_size for part in package.infolist())
    if unpacked > LARGEST_UNPACKED:
        raise UnreadableFileError(
            f"it unpacks to {unpacked >> 20} MB, more than the {LARGEST_UNPACKED >> 20} MB that are read"
        )


def faults(path: Path) -> dict[str, dict[Address, str]]:
    """Cells without a value of their own, by sheet name: the error they show (`#N/A`), or `=` for an unsaved formula.

    Empty for files that are no zip of XML parts.
    """
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as package:
        parts = set(package.namelist())
        if "xl/workbook.xml" not in parts or "xl/_rels/workbook.xml.rels" not in parts:
            return {}
        targets = _targets(package.read("xl/_rels/workbook.xml.rels"))
        found = {}
        for name, relation in _SHEET.findall(package.read("xl/workbook.xml")):
            part = _part_name(targets.get(relation, b""))
            if part in parts:
                found[unescape(name.decode("utf-8", "replace"))] = _faults_of(package.read(part))
        return found


def _targets(relations: bytes) -> dict[bytes, bytes]:
    attributes = [dict(_ATTRIBUTE.findall(relation)) for relation in _RELATION.findall(relations)]
    return {found[b"Id"]: found[b"Target"] for found in attributes if b"Id" in found and b"Target" in found}


def _part_name(target: bytes) -> str:
    name = target.decode("utf-8", "replace")
    return name.lstrip("/") if name.startswith("/") else f"xl/{name}"


def _faults_of(sheet: bytes) -> dict[Address, str]:
    if b't="e"' not in sheet and b"<f" not in sheet:
        return {}
    found = {}
    for cell in _CELL.finditer(sheet):
        body, reference = cell["body"] or b"", _REFERENCE.search(cell["head"])
        value = _VALUE.search(body)
        if not reference:
            continue
        if b't="e"' in cell["head"]:
            found[_position(*reference.groups())] = unescape(value[1].decode()) if value else "#ERROR"
        elif b"<f" in body and not value:
            found[_position(*reference.groups())] = "="
    return found


def _position(letters: bytes, row: bytes) -> Address:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(row) - 1, column - 1
