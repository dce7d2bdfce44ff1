"""The formats files come in, read into sheets."""

import csv
from pathlib import Path
from zipfile import BadZipFile

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from loaders import package
from loaders.cells import CellValue, Sheet, UnreadableFileError

CSV_SHEET = "(csv)"
# In the order they are tried: a byte-order mark is dropped, and what is not UTF-8 is what Windows spreadsheets write.
CSV_ENCODINGS = ("utf-8-sig", "cp1252")


def read_sheets(path: Path, suffix: str) -> list[Sheet]:
    """Every sheet of a workbook or csv file. `suffix` is that of the sender's file name.

    Raises UnreadableFileError for bytes that are neither.
    """
    return [_read_csv(path)] if suffix.lower() == ".csv" else _read_workbook(path)


def _read_workbook(path: Path) -> list[Sheet]:
    try:
        package.check_size(path)
        faults = package.faults(path)
        with path.open("rb") as stream:
            workbook = CalamineWorkbook.from_filelike(stream)
            sheets = []
            for metadata in workbook.sheets_metadata:
                sheet = workbook.get_sheet_by_name(metadata.name)
                merged = {
                    (row, column): (top, left)
                    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                    for row in range(top, bottom + 1)
                    for column in range(left, right + 1)
                }
                visible = metadata.visible == SheetVisibleEnum.Visible
                rows = sheet.to_python(skip_empty_area=False)
                sheets.append(Sheet(metadata.name, rows, merged, faults.get(metadata.name, {}), visible))
            return sheets
    except PasswordError as error:
        raise UnreadableFileError("the workbook is protected by a password") from error
    except (CalamineError, BadZipFile, OSError, ValueError) as error:
        raise UnreadableFileError(f"the file is not a workbook that can be opened ({error})") from error


def _read_csv(path: Path) -> Sheet:
    raw = path.read_bytes()
    for encoding in CSV_ENCODINGS:
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableFileError("the file is neither UTF-8 nor Windows-1252 text")
    if "\0" in text:
        raise UnreadableFileError("the file is named .csv but is not text")
    rows: list[list[CellValue]] = [list(row) for row in csv.reader(text.splitlines(keepends=True))]
    return Sheet(CSV_SHEET, rows, typed=False)
