"""What the reader of values does not tell of .xls sheets: errors, links, what is hidden or shown otherwise.

An .xls file is a small file system (a compound file) with a stream of records. Lengths and offsets are those of
[MS-CFB] and [MS-XLS]; every chain is followed for no more steps than the file has sectors.
"""

import re
import struct
from collections.abc import Iterator

from loaders.cells import Address, Marks, UnreadableFileError
from loaders.limits import check_area
from loaders.number_formats import BUILT_IN, PLAIN, number_format

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER_SIZE, _DIRECTORY_ENTRY, _MINI_SECTOR, _MINI_STREAM_BELOW = 512, 128, 64, 4096
_IN_HEADER = 109
"""How many sectors of the allocation table the header itself lists."""
_LAST_SECTOR = 0xFFFFFFFA

_BOF, _EOF, _BOUNDSHEET, _SUPBOOK, _FILEPASS = 0x0809, 0x000A, 0x0085, 0x01AE, 0x002F
_ROW, _COLUMNS, _FORMULA, _BOOL_OR_ERROR = 0x0208, 0x007D, 0x0006, 0x0205
_FORMAT, _STYLE, _SEVERAL_NUMBERS = 0x041E, 0x00E0, 0x00BD
# Records of one cell, or of several side by side: whatever holds a value.
_CELLS = {_FORMULA, _BOOL_OR_ERROR, 0x0203, 0x0204, 0x00D6, 0x00FD, 0x027E, _SEVERAL_NUMBERS}
_OWN_BOOK, _ADD_IN = b"\x01\x04", b"\x01\x3a"
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_WORKSHEET = 0
_BLANK_TEXT = 3
_COMES_TO_A_NUMBER = re.compile(
    rb"(?:[\x03-\x07\x12-\x14]"  # an operation, a sign
    rb"|\x19\x10.."  # SUM of one range
    rb"|[\x21\x41\x61]\x1b\x00"  # ROUND
    rb"|[\x22\x42\x62].(?:[\x00\x04-\x07]\x00|\x58\x01)"  # COUNT, SUM, AVERAGE, MIN, MAX, SUBTOTAL
    rb")\x15*\Z",
    re.DOTALL,
)
"""How the tokens of a formula end that can have no text as its result."""


def is_compound(content: bytes) -> bool:
    """Whether the file starts as a compound file does: an .xls workbook, or any workbook under a password."""
    return content.startswith(_SIGNATURE)


def marks(content: bytes) -> tuple[dict[str, Marks], bool]:
    """What is to be known of each worksheet, by its name; and whether the file takes values from other files.

    Raises UnreadableFileError for a damaged file, one under a password, and one that is no workbook.
    """
    try:
        streams = _streams(content)
        if "encryptedpackage" in streams:
            raise UnreadableFileError("the workbook is protected by a password")
        book = streams.get("workbook", streams.get("book"))
        if book is None:
            raise UnreadableFileError("it is not a workbook")
        return _marks_of_book(book)
    except (struct.error, IndexError) as error:
        raise UnreadableFileError("it is damaged or was not sent whole") from error


# The compound file


def _streams(content: bytes) -> dict[str, bytes]:
    shift, mini_shift = struct.unpack_from("<HH", content, 30)
    if content[:8] != _SIGNATURE or shift not in (9, 12) or mini_shift != 6:
        raise UnreadableFileError("it is damaged: it does not begin as a workbook does")
    size = 1 << shift
    sectors = (len(content) - 1) // size
    first_directory, first_mini_table, first_difat = (struct.unpack_from("<I", content, at)[0] for at in (48, 60, 68))
    tables = [number for number in struct.unpack_from(f"<{_IN_HEADER}I", content, 76) if number < _LAST_SECTOR]
    for _ in range(sectors):
        if first_difat >= _LAST_SECTOR:
            break
        listed = struct.unpack_from(f"<{size // 4}I", content, (first_difat + 1) * size)
        tables += [number for number in listed[:-1] if number < _LAST_SECTOR]
        first_difat = listed[-1]
    allocation: list[int] = []
    for number in tables[:sectors]:
        allocation += struct.unpack_from(f"<{size // 4}I", content, (number + 1) * size)

    def chained(first: int) -> bytes:
        return b"".join(
            content[(number + 1) * size : (number + 2) * size] for number in _chain(allocation, first, sectors)
        )

    directory = chained(first_directory)
    entries = [directory[at : at + _DIRECTORY_ENTRY] for at in range(0, len(directory), _DIRECTORY_ENTRY)]
    named = {_entry_name(entry): struct.unpack_from("<II", entry, 116) for entry in entries if entry[66] in (2, 5)}
    mini_stream = chained(named.get("root entry", (_LAST_SECTOR, 0))[0])
    mini_table = chained(first_mini_table)
    mini_allocation = list(struct.unpack(f"<{len(mini_table) // 4}I", mini_table))
    streams = {}
    for name, (first, length) in named.items():
        if length >= _MINI_STREAM_BELOW:
            streams[name] = chained(first)[:length]
        else:
            numbers = _chain(mini_allocation, first, len(mini_allocation))
            mini = (mini_stream[number * _MINI_SECTOR : (number + 1) * _MINI_SECTOR] for number in numbers)
            streams[name] = b"".join(mini)[:length]
    return streams


def _chain(allocation: list[int], first: int, longest: int) -> Iterator[int]:
    number = first
    for _ in range(longest):
        if number >= _LAST_SECTOR:
            return
        yield number
        number = allocation[number]


def _entry_name(entry: bytes) -> str:
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lower()


# The records


def _marks_of_book(book: bytes) -> tuple[dict[str, Marks], bool]:
    links_out, sheets = False, {}
    formats, styles = dict(BUILT_IN), list[int]()
    for kind, record in _records(book, 0):
        if kind == _FILEPASS:
            raise UnreadableFileError("the workbook is protected by a password")
        if kind == _SUPBOOK and record[2:4] not in (_OWN_BOOK, _ADD_IN):
            links_out = True
        if kind == _BOUNDSHEET and record[5] == _WORKSHEET:
            sheets[_sheet_name(record)] = struct.unpack_from("<I", record)[0]
        if kind == _FORMAT:
            formats[struct.unpack_from("<H", record)[0]] = number_format(_format_code(record))
        if kind == _STYLE:
            styles.append(struct.unpack_from("<H", record, 2)[0])
    telling = {number: formats[used] for number, used in enumerate(styles) if formats.get(used, PLAIN) != PLAIN}
    found = {}
    blank_texts: list[tuple[Marks, Address]] = []
    calculated = True
    area = 0
    for name, start in sheets.items():
        rows = columns = 0
        found[name] = marks_of_sheet = Marks()
        hidden_rows: set[int] = set()
        hidden_columns: set[int] = set()
        for kind, record in _records(book, start):
            if kind == _ROW and struct.unpack_from("<H", record, 12)[0] & 0x20:
                hidden_rows.add(struct.unpack_from("<H", record)[0])
            elif kind == _COLUMNS and struct.unpack_from("<H", record, 8)[0] & 1:
                first, last = struct.unpack_from("<HH", record)
                hidden_columns.update(range(first, last + 1))
            elif kind in _CELLS:
                row, column = struct.unpack_from("<HH", record)
                rows, columns = max(rows, row + 1), max(columns, _last_column(kind, record, column) + 1)
                if (error := _error(kind, record)) is not None:
                    marks_of_sheet.faults[row, column] = _ERRORS.get(error, "#ERROR")
                if kind == _FORMULA and record[12:14] == b"\xff\xff" and record[6] == _BLANK_TEXT:
                    blank_texts.append((marks_of_sheet, (row, column)))
                    calculated = calculated and not _comes_to_a_number(record)
                for number, style in enumerate(_styles_of(kind, record) if telling else ()):
                    if style in telling:
                        marks_of_sheet.formats[row, column + number] = telling[style]
        marks_of_sheet.hidden_rows, marks_of_sheet.hidden_columns = frozenset(hidden_rows), frozenset(hidden_columns)
        area += rows * columns
        check_area(area, name)
    # Programs that do not calculate write a blank text as the value of every formula.
    for marks_of_sheet, cell in blank_texts if not calculated else ():
        marks_of_sheet.faults[cell] = "="
    return found, links_out


def _records(book: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream, less those of substreams within it (charts)."""
    position, depth = start, 0
    while position + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, position)
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, book[position + 4 : position + 4 + length]
        position += 4 + length
    raise UnreadableFileError("it is damaged or was not sent whole")


def _sheet_name(record: bytes) -> str:
    length, is_wide = record[6], record[7] & 1
    return (
        record[8 : 8 + length * 2].decode("utf-16-le", "replace")
        if is_wide
        else record[8 : 8 + length].decode("latin-1")
    )


def _format_code(record: bytes) -> str:
    length, is_wide = struct.unpack_from("<HB", record, 2)
    return record[5 : 5 + length * 2].decode("utf-16-le", "replace") if is_wide & 1 else record[5:].decode("latin-1")


def _styles_of(kind: int, record: bytes) -> list[int]:
    """The numbers of the styles of a record's cells, side by side."""
    if kind != _SEVERAL_NUMBERS:
        return [struct.unpack_from("<H", record, 4)[0]]
    return [struct.unpack_from("<H", record, at)[0] for at in range(4, len(record) - 2, 6)]


def _last_column(kind: int, record: bytes, first: int) -> int:
    return int(struct.unpack_from("<H", record, len(record) - 2)[0]) if kind == _SEVERAL_NUMBERS else first


def _comes_to_a_number(formula: bytes) -> bool:
    length = struct.unpack_from("<H", formula, 20)[0]
    return _COMES_TO_A_NUMBER.search(formula, 22, 22 + length) is not None


def _error(kind: int, record: bytes) -> int | None:
    """The code of the error that a cell shows; None where it shows none."""
    if kind == _BOOL_OR_ERROR and record[7]:
        return record[6]
    # A formula whose result is no number says so in the last two bytes of the result, and what it is in the first.
    if kind == _FORMULA and record[12:14] == b"\xff\xff" and record[6] == 2:
        return record[8]
    return None
