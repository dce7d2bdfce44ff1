"""What is said of a file's form, whatever its layout: hidden parts, links to elsewhere, how a csv file is written."""

import re
from collections.abc import Iterable, Iterator

from loaders.cells import CsvDialect, Sheet, Workbook, address, column_letters
from quarterdeck.findings import Finding
from quarterdeck.rules import finding

# Spreadsheet programs refuse these in a sheet's name.
_NOT_IN_NAMES = re.compile(r"[\\/?*\[\]:\x00-\x1f]")
_COMMA_OF_EITHER_KIND = re.compile(r"[-(£]*[0-9]{1,3},[0-9]{3}\)?")
# Decimals behind a point, unless they are three, or two commas at thousands, leave no doubt.
_POINT_OR_THOUSANDS = re.compile(r"[-(£]*[0-9,]*(?:[0-9]\.(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{1,3},[0-9]{3},[0-9]{3})%?\)?")
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LINE_ENDINGS = {"\r\n": "CR LF", "\n": "LF", "\r": "CR"}


def form_findings(workbook: Workbook) -> Iterator[Finding]:
    """Findings about the workbook itself and its sheets."""
    for sheet in workbook.sheets:
        if _NOT_IN_NAMES.search(sheet.name):
            yield finding(
                "sheet-name-invalid",
                f"A sheet is named '{sheet.name}', which a spreadsheet program does not allow.",
                remedy="Give the sheet the name it has in the template.",
                sheet=sheet.name,
            )
        yield from _hidden(sheet)
        yield from _links(sheet)
        if sheet.dialect and not sheet.dialect.is_usual:
            yield _dialect(sheet.dialect)
            yield from _commas_of_two_kinds(sheet, sheet.dialect)
    if workbook.links_out and not any(sheet.links for sheet in workbook.sheets):
        yield finding(
            "external-link",
            "The workbook takes values from another file or program.",
            remedy="Break the links (Data, Edit Links), which keeps the values, and save it again.",
        )


def _hidden(sheet: Sheet) -> Iterator[Finding]:
    if not sheet.visible:
        yield finding(
            "sheet-hidden",
            f"The sheet '{sheet.name}' is hidden; it was read like any other.",
            remedy="Show the sheet, or remove it.",
            sheet=sheet.name,
        )
    for first, last in _runs(row for row in sheet.hidden_rows if row < len(sheet.rows) and any(sheet.shown[row])):
        which = f"Row {first + 1} is" if first == last else f"Rows {first + 1} to {last + 1} are"
        yield finding(
            "row-hidden",
            f"{which} hidden; {'it was' if first == last else 'they were'} read like any other.",
            remedy="Show the rows, or remove them.",
            sheet=sheet.name,
            cell=f"{first + 1}:{last + 1}",
        )
    for first, last in _runs(column for column in sheet.hidden_columns if _holds_something(sheet, column)):
        start, end = column_letters(first), column_letters(last)
        which = f"Column {start} is" if first == last else f"Columns {start} to {end} are"
        yield finding(
            "column-hidden",
            f"{which} hidden; {'it was' if first == last else 'they were'} read like any other.",
            remedy="Show the columns, or remove them.",
            sheet=sheet.name,
            cell=f"{start}:{end}",
        )


def _holds_something(sheet: Sheet, column: int) -> bool:
    return any(row[column] for row in sheet.shown if column < len(row))


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of every run of numbers that follow each other.

    >>> list(_runs({4, 2, 3, 7}))
    [(2, 4), (7, 7)]
    """
    first = last = None
    for number in sorted(numbers):
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last


def _links(sheet: Sheet) -> Iterator[Finding]:
    for (row, column), formula in sorted(sheet.links.items()):
        yield finding(
            "external-link",
            f"The formula in {address(row, column)} takes its value from another file or program: {formula[:80]}",
            remedy="Replace the formula by its value.",
            sheet=sheet.name,
            cell=address(row, column),
        )


def _commas_of_two_kinds(sheet: Sheet, dialect: CsvDialect) -> Iterator[Finding]:
    """Numbers like 3,125 where semicolons part the cells, as is done where commas stand before decimals."""
    texts = {text for row in sheet.shown for text in row} if dialect.delimiter == ";" else set()
    if any(map(_POINT_OR_THOUSANDS.fullmatch, texts)):
        return
    cells = [
        (row, column)
        for row, shown in enumerate(sheet.shown if texts else ())
        for column, text in enumerate(shown)
        if _COMMA_OF_EITHER_KIND.fullmatch(text)
    ]
    for row, column in cells:
        yield finding(
            "number-invalid",
            f"'{sheet.text(row, column)}' may have its comma at thousands or, as semicolons part the cells, before "
            "decimals.",
            remedy="Write numbers without commas at their thousands, and with a point before decimals.",
            sheet=sheet.name,
            cell=address(row, column),
        )


def _dialect(dialect: CsvDialect) -> Finding:
    delimiter = _DELIMITERS.get(dialect.delimiter, f"'{dialect.delimiter}'")
    endings = " and ".join(_LINE_ENDINGS[ending] for ending in dialect.line_endings)
    last = "" if dialect.ends_its_last_line else " Its last line has no end."
    return finding(
        "csv-dialect",
        f"The file is written in {dialect.encoding} with {delimiter} between cells"
        f"{f' and {endings} at the ends of lines' if endings else ''}; it was read so.{last}",
        remedy="See that the last figure was not cut off."
        if last
        else "Nothing needs to be done; 'CSV UTF-8' is what is written most widely.",
    )
