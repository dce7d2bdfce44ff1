"""How a sheet differs from its layout: columns renamed, moved or doubled, rows that are totals without saying so.

What is harmless is told for information; whatever could change what a figure means is an error.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Any

from loaders.beside import is_figure
from loaders.cells import Sheet, whole_address
from loaders.kinship import names_another_unit, run_that_has
from loaders.layout import TableLayout
from loaders.patterns import PARTS, TOKEN, as_path, match, match_path
from loaders.rows import Block, first_text, own_words
from loaders.text import LONGEST_REMEMBERED, REMEMBERED, key, plain, visible
from loaders.totals import missing_totals, says_total, unlabelled_totals
from quarterdeck.findings import Finding
from quarterdeck.periods import MONTH_NAMES, fiscal_year
from quarterdeck.rules import finding

Path = tuple[str, ...]
Mapped = Mapping[str, list[tuple[int, dict[str, str]]]]
"""Of every column of the layout, the columns of the sheet that were found for it, and what their headings say."""

_MONTHS = 12
_MONTH = re.compile(r"(\d{4})-(\d\d)(?:-\d\d)?")
_BEGINS, _ENDS = re.compile(r"[-(£]*[1-9][0-9]{0,2}$"), re.compile(r"[0-9]{3}(?:\.[0-9]+)?\)?$")
"""The two cells that 1,250 becomes where commas part cells."""
_ALIKE = 0.6
"""How similar two headings are, from 0 to 1, for one to be taken as the other renamed."""
_MOST_HEADINGS = 0.6
_SERIES = ("month", "fiscal_year", "savings_year")


# Headings


def heading_drift(
    table: TableLayout, sheet: Sheet, index: int, mapped: Mapped, unread: Mapping[int, Path]
) -> Iterator[Finding]:
    """What is to be said of the headings in row `index`: `unread` are the columns that no column of the layout took."""
    missing = [name for name, column in table.columns.items() if name not in mapped and not column.optional]
    strangers = {
        column: path
        for column, path in unread.items()
        if path and not any(match_path(as_path(ignored), path) is not None for ignored in table.ignore_columns)
    }
    renamed = _renamed(table, missing, strangers)
    for name, column in renamed.items():
        yield finding(
            "column-renamed",
            f"The column '{_shown(table.columns[name].path)}' of the table '{table.table}' is missing; "
            f"'{_shown(strangers[column])}' may be it, renamed.",
            remedy=_how_to_rename(table.columns[name].path, strangers[column]),
            sheet=sheet.name,
            cell=sheet.address(index, column),
        )
    for name in missing:
        if name not in renamed:
            yield finding(
                "column-missing",
                f"The column '{_shown(table.columns[name].path)}' of the table '{table.table}' is missing on the sheet "
                f"'{sheet.name}'.",
                remedy="Put the column back under its heading, or tell the data team that the template changed.",
                sheet=sheet.name,
                cell=sheet.lines(index, index + max(table.heading.rows, 1) - 1),
            )
    for column, path in strangers.items():
        if column not in renamed.values():
            yield _stranger(table, sheet, index, column, path, mapped)
    yield from _doubled(table, sheet, index, mapped)
    yield from _totals_beside(table, sheet, index, mapped)
    yield from _out_of_order(sheet, index, mapped)
    if not missing:
        yield from _reordered(table, sheet, index, mapped)
        yield from _moved(table, sheet, index, mapped)
    yield from _respelled(table, sheet, index, mapped)


def _how_to_rename(wanted: Path, path: Path) -> str:
    if names_another_unit(wanted, path):
        return (
            "Convert the figures to the unit of the template and give the column its heading back, or tell the data "
            "team that the unit changed. Do not change the heading alone."
        )
    return "Give the column its heading back, or tell the data team that the template changed."


def _renamed(table: TableLayout, missing: list[str], strangers: Mapping[int, Path]) -> dict[str, int]:
    """Of missing columns, the unexpected one that each may be: the most similar pairs first."""
    pairs = sorted(
        (
            (_likeness(table.columns[name].path, path), name, column)
            for name in missing
            for column, path in strangers.items()
        ),
        reverse=True,
    )
    found: dict[str, int] = {}
    for likeness, name, column in pairs:
        if likeness >= _ALIKE and name not in found and column not in found.values():
            found[name] = column
    return found


def _likeness(pattern: Path, path: Path) -> float:
    wanted = key(" ".join(TOKEN.sub("", part) for part in pattern))
    return SequenceMatcher(None, wanted, key(" ".join(path))).ratio() if wanted else 0.0


def _stranger(table: TableLayout, sheet: Sheet, index: int, column: int, path: Path, mapped: Mapped) -> Finding:
    twin = next((name for name in mapped if match_path(table.columns[name].path, path) is not None), None)
    if twin is not None:
        return _double(sheet, index, column, path, mapped[twin][0][0])
    if (run := run_that_has(table, path)) is not None:
        return finding(
            "column-renamed",
            f"The column '{_shown(path)}' may be one of '{_shown(run)}' of the table '{table.table}', written "
            "otherwise; it was not read.",
            remedy=_how_to_rename(run, path),
            sheet=sheet.name,
            cell=sheet.address(index, column),
        )
    return finding(
        "column-unexpected",
        f"The column '{_shown(path)}' is not in the layout; it was not read.",
        remedy="Ask the data team to add it to the layout, or remove it.",
        sheet=sheet.name,
        cell=sheet.address(index, column),
    )


def _doubled(table: TableLayout, sheet: Sheet, index: int, mapped: Mapped) -> Iterator[Finding]:
    """Columns of one kind whose headings say the same: the same year twice."""
    for name, found in mapped.items():
        seen: dict[tuple[tuple[str, str], ...], int] = {}
        for column, parts in found:
            said = tuple(sorted(parts.items()))
            if said in seen:
                yield _double(sheet, index, column, table.columns[name].path, seen[said])
            seen.setdefault(said, column)


def _totals_beside(table: TableLayout, sheet: Sheet, index: int, mapped: Mapped) -> Iterator[Finding]:
    """Columns whose headings may say anything, and say that they are the sum of the others."""
    for name, found in mapped.items():
        if not table.columns[name].is_number:
            continue
        for column, parts in found:
            said = next((text for part, text in parts.items() if part not in PARTS and says_total(text)), None)
            if said is not None:
                yield finding(
                    "total-unlabelled",
                    f"The column '{said}' calls itself a total, and is none of the template's: it would count twice.",
                    remedy="Remove the column, or ask the data team to add it to the layout.",
                    sheet=sheet.name,
                    cell=sheet.address(index, column),
                )


def _double(sheet: Sheet, index: int, column: int, path: Path, first: int) -> Finding:
    return finding(
        "column-duplicated",
        f"The heading '{_shown(path)}' stands twice, in {sheet.address(index, first)} and "
        f"{sheet.address(index, column)}.",
        remedy="Keep one of the two columns.",
        sheet=sheet.name,
        cell=sheet.address(index, column),
    )


def _reordered(table: TableLayout, sheet: Sheet, index: int, mapped: Mapped) -> Iterator[Finding]:
    places = [(mapped[name][0][0], name) for name in table.columns if name in mapped]
    for (before, _), (here, name) in zip(places, places[1:], strict=False):
        if here < before:
            yield finding(
                "column-reordered",
                f"The column '{_shown(table.columns[name].path)}' stands elsewhere than in the layout; it was found by "
                "its heading.",
                remedy="Nothing needs to be done.",
                sheet=sheet.name,
                cell=sheet.address(index, here),
            )
            return


def _out_of_order(sheet: Sheet, index: int, mapped: Mapped) -> Iterator[Finding]:
    """Months or years that stand neither from the first to the last nor back: two of them may have changed places."""
    for found in mapped.values():
        for part in _SERIES:
            named = [(_ordinal(part, parts[part]), parts[part], column) for column, parts in found if part in parts]
            said = [(number, text, column) for number, text, column in named if number is not None]
            order = [number for number, *_ in said]
            wanted = sorted(order, reverse=bool(order) and order[0] > order[-1])
            if len(order) > 2 and order != wanted and not (part == "month" and _are_in_step(order)):
                text, column = next(each[1:] for each, number in zip(said, wanted, strict=True) if each[0] != number)
                yield finding(
                    "column-reordered",
                    f"'{text}' does not stand in the order of the others; it was found by its heading.",
                    remedy="See that the figures changed places with their headings.",
                    sheet=sheet.name,
                    cell=sheet.address(index, column),
                )


def _are_in_step(months: Sequence[int | None]) -> bool:
    """Whether each month is the next one of the calendar, whatever its year."""
    return all(
        earlier is not None and later is not None and (later - earlier) % _MONTHS == 1
        for earlier, later in pairwise(months)
    )


def _moved(table: TableLayout, sheet: Sheet, index: int, mapped: Mapped) -> Iterator[Finding]:
    here = sheet.address(index, min((found[0][0] for found in mapped.values()), default=0))
    if table.heading.at and here not in table.heading.at:
        yield finding(
            "block-moved",
            f"The table '{table.table}' starts in {here}, not in {' or '.join(table.heading.at)} as in the template; "
            "it was found by its headings.",
            remedy="Nothing needs to be done.",
            sheet=sheet.name,
            cell=here,
        )


def _respelled(table: TableLayout, sheet: Sheet, index: int, mapped: Mapped) -> Iterator[Finding]:
    """Headings that are the layout's but for case and blank space."""
    seen = set()
    for name, found in mapped.items():
        for column, _ in found:
            for row in range(index, index + table.heading.rows):
                here = sheet.origin(row, column)
                heading = sheet.value(*here)
                if here in seen or not isinstance(heading, str) or not heading.strip():
                    continue
                seen.add(here)
                if _is_respelled(heading, table.columns[name].path):
                    yield finding(
                        "heading-respelled",
                        f"The heading '{plain(heading)}' has other capitals or blanks than in the template; it was "
                        "recognised.",
                        remedy="Nothing needs to be done.",
                        sheet=sheet.name,
                        cell=sheet.address(*here),
                    )


def _is_respelled(heading: str, path: Path) -> bool:
    return _respelled_remembered(heading, path) if len(heading) <= LONGEST_REMEMBERED else _respells(heading, path)


def _respells(heading: str, path: Path) -> bool:
    pattern = next((part for part in path if match(part, heading) is not None), None)
    if pattern is None or "*" in pattern:
        return False
    lines = heading.split("\n")
    if visible(heading) != heading:
        return True
    if any("\u00a0" in line or "  " in line.strip("\r") or line != line.strip(" \t") for line in lines):
        return True
    return not TOKEN.search(pattern) and plain(heading) != plain(pattern) and _same_letters(heading, pattern)


_respelled_remembered = lru_cache(REMEMBERED)(_respells)


def _same_letters(heading: str, pattern: str) -> bool:
    return plain(heading).lower() == plain(pattern).lower()


def likely_heading(table: TableLayout, sheet: Sheet, paths_of: Callable[[int], Iterable[Path]]) -> int | None:
    """The row that has most of the table's headings, where none has those that it is known by; None where none has.

    `paths_of` gives the headings that stand in and below a row.
    """
    wanted = [column.path for column in table.columns.values() if not column.optional and any(column.path)]
    wanted = [path for path in wanted if not any(TOKEN.search(part) for part in path)]
    best, most = None, 0
    for index, row in enumerate(sheet.rows):
        if sum(isinstance(value, str) and bool(value) for value in row) < 2:
            continue
        paths = list(paths_of(index))
        matching = sum(any(match_path(path, found) is not None for found in paths) for path in wanted)
        if matching > most:
            best, most = index, matching
    return best if most >= max(2, _MOST_HEADINGS * len(wanted)) else None


# Rows


def row_drift(table: TableLayout, sheet: Sheet, block: Block) -> Iterator[Finding]:
    """What is to be said of the rows of one block."""
    yield from _merged_figures(table, sheet, block)
    yield from _covered(sheet, block)
    yield from _misaligned(sheet, block)
    unlabelled = list(unlabelled_totals(sheet, block))
    yield from unlabelled
    # A total that has lost its label is not missing as well.
    if not unlabelled:
        yield from missing_totals(table, sheet, block)
    if not table.unique:
        yield from _repeated(sheet, block)
    yield from _gaps(table, sheet, block)
    yield from _months_to_come(sheet, block)


def _merged_figures(table: TableLayout, sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Figures that are shown beside several rows or under several headings, and belong to one."""
    rows = {number - 1 for number in block.rows.number_of}
    if sheet.merged_rows.isdisjoint(rows):
        return
    figures = {
        column: name
        for name, found in block.columns.items()
        for column, _ in found
        if table.columns[name].is_number and not table.columns[name].blank_where_filled
    }
    told = set()
    for row in sorted(rows):
        for column in figures:
            top, left = sheet.origin(row, column)
            if (top, left) == (row, column) or (top, left) in told or left not in figures or top not in rows:
                continue
            told.add((top, left))
            if sheet.text(top, left):
                yield finding(
                    "cell-merged",
                    f"{sheet.address(top, left)} is merged with other cells of figures; which of them its figure "
                    "belongs to cannot be known.",
                    remedy="Unmerge the cells, and type the figure where it belongs.",
                    sheet=sheet.name,
                    cell=sheet.address(top, left),
                )


def _covered(sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Cells of the block that others are merged over, and that hold something else than is seen there."""
    rows = {number - 1 for number in block.rows.number_of} if sheet.merged else set()
    for row in sorted(rows & sheet.merged_rows):
        for column in block.headings.mapped:
            first = sheet.merged.get((row, column), (row, column))
            if first == (row, column) or not (text := sheet.text(row, column)):
                continue
            if key(text) != key(sheet.text(*first)):
                cell, over = sheet.address(row, column), sheet.address(*first)
                yield finding(
                    "cell-merged",
                    f"{cell} holds '{text[:40]}', which nobody sees: {over} is merged over it.",
                    remedy=f"Unmerge {over}, and see which of the cells are meant.",
                    sheet=sheet.name,
                    cell=cell,
                )


def blank_headings(table: TableLayout, sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Columns of a block's rows that no heading stands over: those with figures, and single cells of any other.

    Where the block is not complete, any of them may be the column that is missing.
    """
    if not table.heading.rows or any(match_path(as_path(ignored), ()) is not None for ignored in table.ignore_columns):
        return
    rows = sorted({number - 1 for number in block.rows.number_of})
    for column in _beside_the_headed(sheet, block, rows):
        filled = [row for row in rows if sheet.text(row, column)]
        figures = [row for row in filled if is_figure(sheet.value(row, column))]
        heading = sheet.address(block.heading_row + table.heading.rows - 1, column)
        if figures or (filled and not block.complete):
            what = "figures" if figures else "cells"
            first, *more = figures or filled
            yield finding(
                "heading-blank",
                f"{heading} is blank, and {what} stand {'beside' if sheet.turned else 'under'} it "
                f"({sheet.address(first, column)} is the first of {len(more) + 1}); they were not read.",
                remedy=f"Give the column its heading of the template, or move the {what} out of the table.",
                sheet=sheet.name,
                cell=heading,
            )
            continue
        for row in filled:
            yield finding(
                "cell-unexpected",
                f"{sheet.address(row, column)} stands in the table under no heading; it was not read.",
                remedy="Give its column a heading of the template, or move the cell out of the table.",
                sheet=sheet.name,
                cell=sheet.address(row, column),
            )


def _beside_the_headed(sheet: Sheet, block: Block, rows: list[int]) -> list[int]:
    """Columns without a heading between those that have one, and next to them as far as there is no gap."""
    mapped = {column for found in block.columns.values() for column, _ in found}
    filled = {column for column in block.headings.without_heading if any(sheet.text(row, column) for row in rows)}
    first, last = min(mapped), max(mapped)
    while first - 1 in filled:
        first -= 1
    # In a csv file what stands behind the last heading is a row with a delimiter too many.
    while last + 1 in filled and sheet.typed:
        last += 1
    return sorted(column for column in filled if first <= column <= last)


def _misaligned(sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Rows of a csv file with more cells than there are headings.

    Where the last of them are blank, and no figures seem to be parted at their thousands, they are but blank cells.
    """
    if sheet.typed:
        return
    last = max(column for found in block.columns.values() for column, _ in found)
    beyond = sorted(column for column in block.headings.without_heading if column > last)
    headed = len(sheet.rows[block.heading_row])
    for row in sorted(set(block.rows.number_of)):
        column = next((column for column in beyond if sheet.text(row - 1, column)), None)
        if column is None and len(sheet.rows[row - 1]) > headed:
            column = _parted_thousands(sheet.shown[row - 1])
        if column is not None:
            yield finding(
                "row-misaligned",
                f"There are more cells in {sheet.line(row - 1)} than headings; its figures may stand a column off.",
                remedy='Put quotation marks around cells that hold the delimiter, as in "1,234".',
                sheet=sheet.name,
                cell=sheet.address(row - 1, column),
            )


def _parted_thousands(texts: list[str]) -> int | None:
    """Where what looks like the end of a figure stands beside what looks like its beginning: 250 after 1."""
    found = (
        column for column, (one, other) in enumerate(pairwise(texts), 1) if _BEGINS.match(one) and _ENDS.match(other)
    )
    return next(found, None)


def _repeated(sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Rows with figures that say in every cell what an earlier row says."""
    rows = block.rows
    own = list(own_words(sheet, rows).values())
    if own and len(set(zip(*own, strict=True))) == len(rows):
        return
    columns = [column for columns in rows.figures.values() for column in columns]
    figures: list[list[Any]] = [column.values for column in columns]
    scales = [[kind and kind.scale for kind in column.kinds] for column in columns if column.kind is None]
    said = list(zip(*own, *figures, *scales, strict=True))
    seen: dict[tuple[object, ...], int] = {}
    for row, number_of in enumerate(rows.number_of):
        what = said[row]
        has_figure = any(value is not None for value in what[len(own) : len(own) + len(figures)])
        if rows.types[row] != "detail" or not any(what[: len(own)]) or not has_figure:
            continue
        if what in seen and seen[what] != number_of:
            yield finding(
                "row-duplicated",
                f"The same is said in {sheet.line(number_of - 1)} as in {sheet.line(seen[what] - 1)}.",
                remedy="Keep one of the two.",
                sheet=sheet.name,
                cell=whole_address(first_text(sheet, rows, row).cell, number_of),
            )
        seen.setdefault(what, number_of)


def _gaps(table: TableLayout, sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Months or years of which the headings, or the rows, leave one out between others."""
    for found in block.columns.values():
        for part in _SERIES:
            said = [(parts[part], sheet.address(block.heading_row, column)) for column, parts in found if part in parts]
            if said and not (part == "month" and _are_in_step([_ordinal(part, text) for text, _ in said])):
                yield from _gaps_in(table, sheet, part, said)
    for part in _SERIES:
        if part in table.columns:
            rows = block.rows
            words = rows.texts.get(part)
            said = (
                [
                    (text, whole_address(cell, number_of))
                    for text, cell, kind, number_of in zip(
                        words.values, words.cells, rows.types, rows.number_of, strict=True
                    )
                    if cell and text is not None and kind == "detail"
                ]
                if words
                else []
            )
            yield from _gaps_in(table, sheet, part, said)


def _months_to_come(sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Figures under names of months that come after the latest one, as the months to come of a year do."""
    for name, found in block.columns.items():
        if len(found) < 2 or "month" not in found[0][1]:
            continue
        dated = [
            (number, parts["month"], column, figures)
            for (column, parts), figures in zip(found, block.rows.figures.get(name, ()), strict=False)
            if (number := _ordinal("month", parts.get("month", ""))) is not None
        ]
        starts = (place for place in range(1, len(dated)) if dated[place][0] == dated[place - 1][0] + 1 - _MONTHS)
        to_come = dated[next(starts, len(dated)) :]
        for _, month, column, figures in to_come:
            if any(figures.kinds):
                cell = sheet.address(block.heading_row, column)
                yield finding(
                    "year-invalid",
                    f"The month in {cell} comes after the one that the file is of. By its name it is {month}, but the "
                    "same month of the next year may be meant; figures stand under it.",
                    remedy="Write the headings as dates with their year, or leave months to come blank.",
                    sheet=sheet.name,
                    cell=cell,
                )


def _gaps_in(table: TableLayout, sheet: Sheet, part: str, said: list[tuple[str, str]]) -> Iterator[Finding]:
    # A long table names every month again for each thing that it reports on.
    first_said = {number: (text, cell) for text, cell in reversed(said) if (number := _ordinal(part, text)) is not None}
    names_alone = part == "month" and any(number < _MONTHS for number in first_said)
    # The name of a month alone tells no year: after December comes January.
    order = list(reversed(first_said)) if names_alone else sorted(first_said)
    for before, number in pairwise(order):
        left_out = (number - before) % _MONTHS - 1 if names_alone else number - before - 1
        if left_out > 0:
            text, cell = first_said[number]
            yield finding(
                "series-gap",
                f"In the table '{table.table}' {left_out} {part.replace('_', ' ')}{'s are' if left_out > 1 else ' is'} "
                f"left out before '{text}'.",
                remedy="Put back what is left out, with blank cells where there is nothing to report.",
                sheet=sheet.name,
                cell=cell,
            )


def _ordinal(part: str, text: str) -> int | None:
    """A number that is one more for the next month or year; None for what is neither."""
    try:
        if part != "month":
            return int(fiscal_year(text)[:4])
        if found := _MONTH.fullmatch(text):
            return int(found[1]) * _MONTHS + int(found[2])
        return MONTH_NAMES.index(text.strip().lower()[:3])
    except ValueError:
        return None


def _shown(path: Path) -> str:
    return " / ".join(path)
