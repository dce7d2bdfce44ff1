"""The formats files come in, told apart by their first bytes and read into sheets."""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from loaders import biff, excel_xml, opendocument, package
from loaders.cells import (
    Address,
    Marks,
    Sheet,
    TooLargeFileError,
    UnknownErrorError,
    UnreadableFileError,
    Workbook,
    address,
)
from loaders.csv_text import SUFFIXES as CSV_SUFFIXES
from loaders.csv_text import read_csv
from loaders.limits import LARGEST_MERGED_AREA, check_size
from loaders.text import CellValue

_UNKNOWN_ERROR = re.compile(r"Unsupported cell error value '(.*)'")


def read_workbook(path: Path, suffix: str) -> Workbook:
    """Every sheet of a workbook or csv file. `suffix` is that of the sender's file name.

    Raises UnreadableFileError for bytes that are neither, and its kinds for files that are not safe to read.
    """
    with open(path, "rb") as stream:
        check_size(os.fstat(stream.fileno()).st_size)
        content = stream.read()
    if not content:
        raise UnreadableFileError("it is empty: it has not a single byte")
    if package.is_package(content):
        marks, links_out = _marks_of_package(content)
    elif biff.is_compound(content):
        marks, links_out = biff.marks(content)
    elif suffix.lower() in CSV_SUFFIXES:
        return Workbook([read_csv(content)])
    else:
        raise UnreadableFileError("it is not a workbook, whatever its name says")
    return Workbook(list(_sheets(content, marks)), links_out)


def _marks_of_package(content: bytes) -> tuple[dict[str, Marks], bool]:
    parts = package.unpack(content)
    if excel_xml.is_excel(parts):
        return excel_xml.marks(parts), excel_xml.has_links(parts)
    if opendocument.is_encrypted(parts):
        raise UnreadableFileError("the workbook is protected by a password")
    if opendocument.is_opendocument(parts):
        return opendocument.marks(parts)
    raise UnreadableFileError("it is not a workbook of a kind that is read: .xlsx, .xlsm, .xls, .ods or .csv")


def _sheets(content: bytes, marks: dict[str, Marks]) -> Iterator[Sheet]:
    try:
        seen = set[str]()
        with io.BytesIO(content) as stream:
            workbook = CalamineWorkbook.from_filelike(stream)
            for number, metadata in enumerate(workbook.sheets_metadata):
                if metadata.typ != SheetTypeEnum.WorkSheet:
                    continue
                if metadata.name in seen:
                    raise UnreadableFileError(f"it is damaged: two of its sheets are named '{metadata.name}'")
                seen.add(metadata.name)
                if metadata.name not in marks:
                    raise UnreadableFileError(f"it is damaged: its sheet '{metadata.name}' is not in it")
                found = marks[metadata.name]
                sheet = _sheet_of(workbook, number, metadata.name, found)
                rows = sheet.to_python(skip_empty_area=False)
                # A row of formulas that were never calculated is one, though nothing can be read from it.
                rows += [[] for _ in range(max((row for row, _ in found.faults), default=-1) + 1 - len(rows))]
                yield Sheet(
                    metadata.name,
                    rows,
                    _merged(sheet.merged_cell_ranges if found.merged is None else found.merged, rows),
                    found.faults,
                    visible=metadata.visible == SheetVisibleEnum.Visible,
                    links=found.links,
                    hidden_rows=found.hidden_rows,
                    hidden_columns=found.hidden_columns,
                    formats=found.formats,
                )
    except PasswordError as error:
        raise UnreadableFileError("the workbook is protected by a password") from error
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFileError(f"it is damaged, or not a workbook ({error})") from error
    except BaseException as error:
        # What the reader, which is not written in Python, raises where it gives up is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFileError("it is damaged in a way that its reader gives up on") from error


def _sheet_of(workbook: CalamineWorkbook, number: int, name: str, found: Marks) -> CalamineSheet:
    """A sheet; refused with the cell's name where one shows an error that the reader of values does not know."""
    try:
        return workbook.get_sheet_by_index(number)
    except CalamineError as error:
        unknown = _UNKNOWN_ERROR.search(str(error))
        cell = min((cell for cell, shown in found.faults.items() if unknown and shown == unknown[1]), default=None)
        if cell is None:
            raise
        shown = found.faults[cell]
        raise UnknownErrorError(f"its cell {address(*cell)} on the sheet '{name}' shows {shown}") from error


def _merged(ranges: list[tuple[Address, Address]] | None, rows: list[list[CellValue]]) -> dict[Address, Address]:
    """From every cell of a merged range to its first, within the rows and columns that hold something."""
    height, width = len(rows), max(map(len, rows), default=0)
    merged = {}
    area = 0
    for (top, left), (bottom, right) in ranges or ():
        last_row, last_column = min(bottom, height - 1), min(right, width - 1)
        area += max(0, last_row - top + 1) * max(0, last_column - left + 1)
        if area > LARGEST_MERGED_AREA:
            raise TooLargeFileError(f"its merged cells cover more than the {LARGEST_MERGED_AREA:,} that are read")
        for row in range(top, last_row + 1):
            for column in range(left, last_column + 1):
                merged[row, column] = (top, left)
    return merged
