"""Totals rows that are not as the layout has them: not there, or there without their label."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from loaders.cells import Sheet, whole_address
from loaders.layout import TableLayout, Total
from loaders.patterns import match
from loaders.rows import Block, Number, Row, figures_of, first_text
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
        elif not any(_is_it(total, row) for row in block.rows):
            yield _missing(table, sheet, block, total)
    if required and not any(total.each for total in required):
        yield from _uncounted(sheet, block)


def _is_it(total: Total, row: Row) -> bool:
    text = row.texts.get(total.column)
    return text is not None and match(total.label, text.value) is not None


def _missing(table: TableLayout, sheet: Sheet, block: Block, total: Total) -> Finding:
    last = block.rows[-1].number_of if block.rows else block.heading_row + max(table.heading.rows, 1)
    where = f", which ends in {sheet.line(last - 1)}" if block.rows else ""
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
    last: Row | None = None
    for row in [*block.rows, None]:
        if last is not None and (row is None or _starts_another(row, last, each)):
            yield finding(
                "total-missing",
                f"The rows of '{last.texts[each].value if each in last.texts else ''}', which end in "
                f"{sheet.line(last.number_of - 1)}, have no '{total.label}' below them; some may have been cut off.",
                remedy="Put back the totals row of the template, and check that no other row is missing.",
                sheet=sheet.name,
                cell=_label_cell(sheet, block, total, last.number_of),
            )
            last = None
        if row is not None and _is_it(total, row):
            last = None
        elif row is not None and row.type == "detail":
            last = row


def _starts_another(row: Row, last: Row, each: str) -> bool:
    if row.type != "detail" or each not in row.texts or each not in last.texts:
        return False
    return key(row.texts[each].value) != key(last.texts[each].value)


def _uncounted(sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Rows with figures below the last total."""
    totals = [position for position, row in enumerate(block.rows) if row.type in ("subtotal", "total")]
    below = block.rows[totals[-1] + 1 :] if totals else []
    row = next((row for row in below if row.type == "detail" and any(figures_of(row))), None)
    if row is not None:
        yield finding(
            "total-missing",
            f"What stands in {sheet.line(row.number_of - 1)} follows the last total, and no other one counts it.",
            remedy="Move the row above its total, or put back the total that belongs below it.",
            sheet=sheet.name,
            cell=whole_address(first_text(sheet, row).cell, row.number_of),
        )


def unlabelled_totals(sheet: Sheet, block: Block) -> Iterator[Finding]:
    """Rows that are sums, or say so, and that the layout does not know as totals."""
    # Of every column the sum of the figures above, and how many they are.
    above: dict[tuple[object, ...], tuple[Decimal, int]] = {}
    nothing = (Decimal(0), 0)
    for position, row in enumerate(block.rows):
        if row.type != "detail" or position in block.group_starts:
            above.clear()
        if row.type != "detail":
            continue
        figures = {place: figure for place, figure in figures_of(row) if figure.value}
        if not figures:
            continue
        says_so = _says_total(sheet, row)
        is_sum = all(_is_sum(figure, *above.get(place, nothing)) for place, figure in figures.items())
        if says_so or (is_sum and _digits(figures.values()) >= _DIGITS_THAT_ARE_NO_CHANCE):
            yield _unlabelled(sheet, row, next(iter(figures.values())), says_so=says_so)
            above.clear()
            continue
        for place, figure in figures.items():
            total, count = above.get(place, nothing)
            above[place] = (total + (figure.value or 0), count + 1)


def _says_total(sheet: Sheet, row: Row) -> bool:
    if not any("total" in key(text.value) for text in row.texts.values()):
        return False
    return says_total(first_text(sheet, row).value)


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


def _unlabelled(sheet: Sheet, row: Row, figure: Number, *, says_so: bool) -> Finding:
    why = "calls itself a total" if says_so else "is the sum of those before it"
    return finding(
        "total-unlabelled",
        f"What stands in {sheet.line(row.number_of - 1)} {why}, but is not one of the totals of the template; it would "
        "be counted twice.",
        remedy="Give the row the label that totals have in the template, or remove it.",
        sheet=sheet.name,
        cell=whole_address(figure.cell, row.number_of),
    )
