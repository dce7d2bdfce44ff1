"""Totals rows that are not as the layout has them: not there, or there without their label."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from loaders.cells import Sheet, whole_address
from loaders.layout import TableLayout, Total
from loaders.patterns import match
from loaders.rows import Block, Number, TableRows, first_text
from loaders.text import key
from quarterdeck.findings import Finding
from quarterdeck.rules import finding

_SAYS_TOTAL = re.compile(r"(?:grand |overall |sub[- ]?)?totals?:?")
_DIGITS_THAT_ARE_NO_CHANCE = 4


def missing_totals(table: TableLayout, sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Totals rows that the block should have and has not, and rows below its last one: it may have been cut off."""
    required = [total for total in table.totals if total.required]
    for total in required:
        if total.each:
            yield from _unended_groups(sheet, block, total, total.each)
        elif not any(_is_it(total, text) for text in set(block.rows.said(total.column))):
            yield _missing(table, sheet, block, total)
    if required and not any(total.each for total in required):
        yield from _uncounted(sheet, block)


def _is_it(total: Total, text: str | None) -> bool:
    return text is not None and match(total.label, text) is not None


def _missing(table: TableLayout, sheet: Sheet, block: Block, total: Total) -> Finding:
    rows = block.rows.number_of
    last = rows[-1] if rows else block.heading_row + max(table.heading.rows, 1)
    where = f", which ends in {sheet.line(last - 1)}," if rows else ""
    return finding(
        "total-missing",
        f"The table '{table.table}'{where} has no '{total.label}'; it may have been cut off.",
        remedy="Put back the totals row of the template, and check that no other row is missing.",
        sheet=sheet.name,
        cell=_label_cell(sheet, block, total, last),
    )


def _label_cell(sheet: Sheet, block: Block, total: Total, row_number: int) -> str:
    found = block.columns.get(total.column)
    return sheet.address(row_number - 1, found[0][0]) if found else sheet.lines(row_number - 1)


def _unended_groups(sheet: Sheet, block: Block, total: Total, each: str) -> Iterator[Finding]:
    """Runs of rows of which `each` says the same, and that no such total ends."""
    rows = block.rows
    groups, labels = rows.said(each), rows.said(total.column)
    last: int | None = None
    for row in [*range(len(rows)), None]:
        if last is not None and (row is None or _starts_another(rows, row, groups[row], groups[last])):
            number_of = rows.number_of[last]
            yield finding(
                "total-missing",
                f"The rows of '{groups[last] or ''}', which end in {sheet.line(number_of - 1)}, have no "
                f"'{total.label}' below them; some may have been cut off.",
                remedy="Put back the totals row of the template, and check that no other row is missing.",
                sheet=sheet.name,
                cell=_label_cell(sheet, block, total, number_of),
            )
            last = None
        if row is not None and _is_it(total, labels[row]):
            last = None
        elif row is not None and rows.types[row] == "detail":
            last = row


def _starts_another(rows: TableRows, row: int, here: str | None, before: str | None) -> bool:
    if rows.types[row] != "detail" or here is None or before is None:
        return False
    return key(here) != key(before)


def _uncounted(sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Rows with figures below the last total."""
    rows = block.rows
    totals = [row for row, kind in enumerate(rows.types) if kind in ("subtotal", "total")]
    below = range(totals[-1] + 1, len(rows)) if totals else ()
    row = next((row for row in below if rows.types[row] == "detail" and any(rows.figures_of(row))), None)
    if row is not None:
        yield finding(
            "total-missing",
            f"What stands in {sheet.line(rows.number_of[row] - 1)} follows the last total, and no other one counts it.",
            remedy="Move it before its total, or put back the total that belongs behind it.",
            sheet=sheet.name,
            cell=whole_address(first_text(sheet, rows, row).cell, rows.number_of[row]),
        )


def unlabelled_totals(sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Rows that are sums, or say so, and that the layout does not know as totals."""
    rows, starts = block.rows, block.group_starts
    says_so = _rows_that_say_total(sheet, rows)
    if not says_so and not _may_have_sums(rows, starts):
        return
    # Of every column the sum of the figures above, and how many they are.
    above: dict[tuple[object, ...], tuple[Decimal, int]] = {}
    nothing = (Decimal(0), 0)
    for row, kind in enumerate(rows.types):
        if kind != "detail" or row in starts:
            above.clear()
        if kind != "detail":
            continue
        figures = {place: figure for place, figure in rows.figures_of(row) if figure.value}
        if not figures:
            continue
        is_sum = all(_is_sum(figure, *above.get(place, nothing)) for place, figure in figures.items())
        if row in says_so or (is_sum and _digits(figures.values()) >= _DIGITS_THAT_ARE_NO_CHANCE):
            number_of = rows.number_of[row]
            yield _unlabelled(sheet, number_of, next(iter(figures.values())), says_so=row in says_so)
            above.clear()
            continue
        for place, figure in figures.items():
            total, count = above.get(place, nothing)
            above[place] = (total + (figure.value or 0), count + 1)


def _may_have_sums(rows: TableRows, starts: set[int]) -> bool:
    """Whether some row may be the sum of those above it: false only where none is, which is known without its parts."""
    details = [kind == "detail" for kind in rows.types]
    begins = [not is_detail or row in starts for row, is_detail in enumerate(details)]
    has_figures, may_be = [False] * len(rows), [True] * len(rows)
    places: set[tuple[object, ...]] = set()
    for name, column in ((name, column) for name, columns in rows.figures.items() for column in columns):
        own = {(name, kind.parts, kind.scale) for kind in set(column.kinds) if kind}
        if len(own) > 1 or not own.isdisjoint(places):
            return True
        places |= own
        total, count = Decimal(0), 0
        for row, value in enumerate(column.values):
            if begins[row]:
                total, count = Decimal(0), 0
            if value and details[row]:
                has_figures[row] = True
                if count < 2 or total != value:
                    may_be[row] = False
                total, count = total + value, count + 1
    return any(has and may for has, may in zip(has_figures, may_be, strict=True))


def _rows_that_say_total(sheet: Sheet, rows: TableRows) -> set[int]:
    """The rows that call themselves totals, and that the layout does not know as such."""
    named = {
        row
        for words in rows.texts.values()
        if any("total" in key(text) for text in set(words.values) if text)
        for row, text in enumerate(words.values)
        if text and rows.types[row] == "detail" and "total" in key(text)
    }
    return {row for row in named if says_total(first_text(sheet, rows, row).value)}


def says_total(text: str) -> bool:
    """Whether a label is that of a total of everything, whatever its table is about.

    >>> says_total("Grand Total:"), says_total("Total Facilities Management")
    (True, False)
    """
    return _SAYS_TOTAL.fullmatch(key(text)) is not None


def _is_sum(figure: Number, total: Decimal, count: int) -> bool:
    return count >= 2 and total == figure.value


def _digits(figures: Iterable[Number]) -> int:
    """How many digits figures have together, but for noughts before and behind."""
    return sum(len(str(abs(figure.value or 0)).replace(".", "").strip("0")) for figure in figures)


def _unlabelled(sheet: Sheet, number_of: int, figure: Number, *, says_so: bool) -> Finding:
    why = "calls itself a total" if says_so else "is the sum of those before it"
    return finding(
        "total-unlabelled",
        f"What stands in {sheet.line(number_of - 1)} {why}, but is not one of the totals of the template; it would "
        "be counted twice.",
        remedy="Give the row the label that totals have in the template, or remove it.",
        sheet=sheet.name,
        cell=whole_address(figure.cell, number_of),
    )
