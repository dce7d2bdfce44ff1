"""The marts as a workbook that people can read with any aid, by the rules of the Government Analysis Function.

A cover, a sheet of contents, notes, the dictionary, and one sheet a mart, with one table that starts in column A: one
row of headings, no merged cell, no blank row, no empty cell.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from publication.disclosure import token
from publication.manifest import MartContent
from publication.outlets import DICTIONARY_COLUMNS, Outlets, dictionary
from publication.sql import quoted, records

if TYPE_CHECKING:
    import pandas as pd
    from gptables import GPTable

COVER, CONTENTS, NOTES, DICTIONARY = "Cover", "Contents", "Notes", "Data dictionary"
BLANK = "[x]"
"""Stands in every cell that would be empty: there is nothing there in the return."""

_SHORTHAND, _STATUS = "shorthand", "status"
_ONE_TABLE = "This worksheet contains one table."
# What a cell can hold, and what a control character is.
_LONGEST_TEXT = 32_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WIDEST, _LOOKED_AT = 60, 200
# What names of columns shorten.
_WRITTEN = {"gbp": "(£)", "percent": "(%)", "fte": "(FTE)", "rag": "RAG", "id": "ID", "sha256": "SHA-256"}


def write(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    version: str,
    created_at: datetime,
    marts: Mapping[str, MartContent],
    declared: Outlets,
) -> None:
    """Write the workbook of a version under composition, whose marts stand in `marts.main`."""
    from gptables import Cover, produce_workbook

    shown = {name: mart for name, mart in sorted(marts.items()) if _is_shown(name, mart, declared)}
    tables = {DICTIONARY: _table("data_dictionary", "What each column of each mart means.", _words(marts))}
    tables |= {
        _sheet_name(name): _table(name, mart.description, _frame(connection, name, mart, declared))
        for name, mart in shown.items()
    }
    cover = Cover(
        title=f"{declared.title}, version {version}",
        intro=[declared.description, f"Published on {created_at.day} {created_at:%B %Y}."],
        about=[declared.limitations, declared.usage, *_elsewhere(marts, shown)],
        cover_label=COVER,
    )
    # Numbers stay numbers and texts stay texts, whatever they look like.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = produce_workbook(
            str(path),
            tables,
            cover=cover,
            contentsheet_label=CONTENTS,
            contentsheet_options={"additional_elements": ["subtitles"]},
            notes_table=_notes(declared),
            notesheet_label=NOTES,
            auto_width=False,
            workbook_options=options,
        )
    # Excel knows no time zones; with the publication's own time, equal versions are equal files.
    workbook.set_properties({"title": cover.title, "created": created_at.replace(tzinfo=None)})
    for sheet in workbook.worksheets():
        if sheet.name in tables:
            _set_widths(sheet, tables[sheet.name].table)
        elif sheet.name != COVER:
            sheet.set_column(0, 0, _WIDEST // 2)
            sheet.set_column(1, 1, _WIDEST)
    workbook.close()


def _is_shown(name: str, mart: MartContent, declared: Outlets) -> bool:
    return name not in declared.workbook.leave_out and 0 < mart.rows <= declared.workbook.most_rows


def _elsewhere(marts: Mapping[str, MartContent], shown: Mapping[str, MartContent]) -> Iterator[str]:
    """What the workbook does not hold."""
    empty = [name for name, mart in sorted(marts.items()) if not mart.rows]
    others = [name for name in sorted(marts) if name not in shown and name not in empty]
    if others:
        yield f"In the CSV and Parquet files only: {', '.join(others)}."
    if empty:
        yield f"Without a row in this version: {', '.join(empty)}."


def _notes(declared: Outlets) -> "pd.DataFrame":
    import pandas as pd

    signs = "; ".join(
        f"{sign} {means}" for sign, means in (declared.shorthand_means | {BLANK: "not available"}).items()
    )
    notes = {
        _SHORTHAND: f"Shorthand in place of a figure: {signs}.",
        _STATUS: "Figures are provisional while an expected return of the quarter is missing, final when all are in, "
        "and revised when one was restated after that.",
    }
    return pd.DataFrame({"Note reference": list(notes), "Note text": list(notes.values())})


def _sheet_name(mart: str) -> str:
    # Excel allows 31 characters.
    return mart[:31]


def _table(name: str, description: str, frame: "pd.DataFrame") -> "GPTable":
    from gptables import GPTable

    return GPTable(
        frame,
        table_name=name,
        title=f"{_heading(name)}$${_SHORTHAND}$$$${_STATUS}$$",
        subtitles=[_without_marks(description)] if description else [],
        instructions=f"{_ONE_TABLE} Notes are on the notes worksheet.",
        index_columns={},
    )


def _words(marts: Mapping[str, MartContent]) -> "pd.DataFrame":
    """The dictionary, with the column's heading beside its name."""
    import pandas as pd

    rows = [
        [mart, column or "(the mart)", _heading(column or mart), kind, _text(description) if description else BLANK]
        for mart, column, kind, description in dictionary(marts)
    ]
    first, second, *others = map(_heading, DICTIONARY_COLUMNS)
    return pd.DataFrame(rows, columns=[first, second, "Heading", *others])


def _frame(connection: duckdb.DuckDBPyConnection, name: str, mart: MartContent, declared: Outlets) -> "pd.DataFrame":
    """The rows of a mart as they are shown; a word in place of a figure stands in the figure's own column."""
    import pandas as pd

    left_out = {*declared.workbook.leave_out_columns, *map(token, mart.columns)}
    columns = [column for column in mart.columns if column not in left_out]
    cells = [
        [_cell(row[column], row.get(token(column)), declared) for column in columns]
        for row in records(connection, f"select * from marts.main.{quoted(name)}")
    ]
    return pd.DataFrame(cells, columns=[_heading(column) for column in columns], dtype=object)


def _cell(value: Any, word: str | None, declared: Outlets) -> Any:
    """A value as it stands in a cell: numbers as they are, dates as 2018-09-30, truth as yes or no."""
    if value is None:
        return declared.shorthand.get(word, word) if word else BLANK
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return int(value) if value == int(value) else float(value)
    return _text(str(value))


def _text(text: str) -> str:
    """A text that every spreadsheet takes as one: nothing in it is markup, and it says something."""
    clean = _without_marks(_CONTROL.sub(" ", text)).strip()
    if not clean:
        return BLANK
    if not re.search(r"[a-zA-Z0-9]", clean):
        return f"printed as {clean}"
    return clean if len(clean) <= _LONGEST_TEXT else f"{clean[:_LONGEST_TEXT]} (cut; the CSV file has it whole)"


def _without_marks(text: str) -> str:
    """Without what gptables would take for a note or a link."""
    return text.replace("$$", "$ $").replace("](", "] (")


def _heading(column: str) -> str:
    """A column's or mart's name for people.

    >>> _heading("at_risk_gbp"), _heading("rag"), _heading("project_status")
    ('At risk (£)', 'RAG', 'Project status')
    """
    words = " ".join(_WRITTEN.get(word, word) for word in column.split("_"))
    return words[:1].upper() + words[1:]


def _set_widths(sheet: Any, frame: "pd.DataFrame") -> None:
    for number, column in enumerate(frame.columns):
        longest = max(len(str(value)) for value in (column, *frame[column].head(_LOOKED_AT)))
        sheet.set_column(number, number, min(longest + 2, _WIDEST))
