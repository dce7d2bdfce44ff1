"""Csv files: their encoding, delimiter and line endings are found, not assumed, and kept beside their cells."""

import csv
import io
import re

from loaders.cells import Address, CsvDialect, Sheet, TooLargeFileError, UnreadableFileError
from loaders.limits import LARGEST_CSV, LARGEST_LINE, check_area, check_size
from loaders.links import is_outward
from loaders.text import CellValue

CSV_SHEET = "(csv)"
SUFFIXES = (".csv", ".tsv", ".txt")

_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\xef\xbb\xbf": "UTF-8"}
_CODECS = {"UTF-8": "utf-8-sig", "UTF-16": "utf-16", "Windows-1252": "cp1252"}
_DELIMITERS = (",", ";", "\t", "|")
# What the delimiter is found from.
_CHARACTERS_LOOKED_AT, _LINES_LOOKED_AT = 1 << 16, 50
_QUOTED = re.compile(r'"[^"]*"')
_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"}
_FORMULA_MARKS = ("=", "+", "-", "@")


def read_csv(content: bytes) -> Sheet:
    """The file's content as one sheet of text cells.

    Raises TooLargeFileError, before anything is decoded, for a file or a line of a length that no return has;
    UnreadableFileError for what is not text or not whole, and for a quotation mark that is never closed.
    """
    check_size(len(content), LARGEST_CSV)
    _check_lines(content)
    encoding, text = _decode(content)
    del content
    if "\0" in text:
        raise UnreadableFileError("it is named like a csv file but is not text")
    declared, text = _declared_delimiter(text)
    delimiter = declared or _delimiter(text[:_CHARACTERS_LOOKED_AT])
    check_area(text.count(delimiter) + text.count("\n") + text.count("\r"), CSV_SHEET)
    rows = _rows(text, delimiter)
    if len(rows) > 1 and not text.endswith(("\n", "\r")) and len(rows[-1]) < len(rows[-2]):
        raise UnreadableFileError("it ends in the middle of a line; it was not sent whole")
    check_area(len(rows) * max(map(len, rows), default=0), CSV_SHEET)
    dialect = CsvDialect(encoding, delimiter, _line_endings(text), ends_its_last_line=text.endswith(("\n", "\r")))
    return Sheet(CSV_SHEET, rows, faults=_take_errors(rows), typed=False, links=_links(rows), dialect=dialect)


def _check_lines(content: bytes) -> None:
    check_area(content.count(b"\n") + content.count(b"\r"), CSV_SHEET)
    longest = max(map(len, content.replace(b"\r", b"\n").split(b"\n")))
    if longest > LARGEST_LINE:
        raise TooLargeFileError(f"one of its lines has {longest:,} bytes, more than the {LARGEST_LINE:,} that are read")


def _decode(content: bytes) -> tuple[str, str]:
    """The encoding's name and the text: what the byte-order mark says, else UTF-8, else what Windows writes."""
    marked = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    for encoding in [marked] if marked else ["UTF-8", "Windows-1252"]:
        try:
            return encoding, content.decode(_CODECS[encoding])
        except UnicodeDecodeError:
            continue
    raise UnreadableFileError(f"it is not {marked} text" if marked else "it is neither UTF-8 nor Windows-1252 text")


def _declared_delimiter(text: str) -> tuple[str | None, str]:
    """What a first line `sep=;` says, as spreadsheets write it and do not show it, and the text behind that line."""
    first, _, rest = text.partition("\n")
    said = first.strip().lower()
    if said.startswith("sep=") and len(first.rstrip("\r\n")) == len("sep=") + 1:
        return first[len("sep=")], rest
    return None, text


def _delimiter(beginning: str) -> str:
    """The delimiter that parts the most lines into the same number of cells; a comma where none parts any."""

    def regularity(delimiter: str) -> tuple[int, int]:
        reader = csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter, skipinitialspace=True)
        try:
            widths = [len(row) for row, _ in zip(reader, range(_LINES_LOOKED_AT), strict=False)]
        except csv.Error:
            return 0, 0
        several = [width for width in widths if width > 1]
        commonest = max(set(several), key=several.count, default=1)
        return several.count(commonest), commonest

    best = max(_DELIMITERS, key=regularity)
    return best if regularity(best) > (0, 1) else ","


def _rows(text: str, delimiter: str) -> list[list[CellValue]]:
    csv.field_size_limit(LARGEST_LINE)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        return [list(row) for row in reader]
    except csv.Error as error:
        raise UnreadableFileError(
            f"its line {reader.line_num} has quotation marks that do not pair up ({error})"
        ) from error


def _take_errors(rows: list[list[CellValue]]) -> dict[Address, str]:
    """Cells that a spreadsheet showed in error when it wrote the file; they hold no value, and none is left in them."""
    errors = {}
    for row, values in enumerate(rows):
        for column, value in enumerate(values) if not _ERRORS.isdisjoint(values) else ():
            if value in _ERRORS:
                errors[row, column], values[column] = str(value), ""
    return errors


def _links(rows: list[list[CellValue]]) -> dict[Address, str]:
    """Cells that a spreadsheet would take for formulas that fetch from elsewhere."""
    return {
        (row, column): str(value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if str(value).startswith(_FORMULA_MARKS) and is_outward(str(value))
    }


def _line_endings(text: str) -> tuple[str, ...]:
    """The kinds of line endings there are outside quotation marks."""
    lines = _QUOTED.sub("", text)
    both = lines.count("\r\n")
    counts = {"\r\n": both, "\n": lines.count("\n") - both, "\r": lines.count("\r") - both}
    return tuple(ending for ending, count in counts.items() if count)
