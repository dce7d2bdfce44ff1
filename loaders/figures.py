"""One cell as a figure in its unit, and what is to be said of how it is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from loaders.cells import CellValue
from loaders.layout import Unit
from loaders.meant import LARGEST_FRACTION, probably
from loaders.values import NotANumberError, is_dash, number, plain, says_thousands_twice
from quarterdeck.findings import Finding
from quarterdeck.rules import finding

_LARGEST = Decimal(10) ** 12
_DECIMALS_KEPT = 6
_WRITTEN_AS_NUMBERS = ("number", "percent", "percent_points")
_KINDS = {
    "percent": "a percentage",
    "percent_points": "a percentage",
    "money": "an amount",
    "duration": "a length of time",
    "fraction": "a score out of a maximum",
    "fraction_maximum": "a score out of a maximum",
}
_Remark = tuple[str, str, str]
"""A rule, what is said and how to mend it."""


@dataclass(frozen=True)
class Place:
    """Where a figure stands; `typed` is false where every cell is text, so that a number as text means nothing."""

    sheet: str
    cell: str
    typed: bool = True


@dataclass
class Figure:
    """A cell's figure, as it stands there and before any scaling; blank where there is none or it is refused."""

    value: Decimal | None = None
    findings: list[Finding] = field(default_factory=list)


def read_figure(value: CellValue, unit: Unit, place: Place, *, above_150_percent: bool = False) -> Figure:
    """The figure of a cell that is to hold one in `unit`.

    A figure has at most 6 decimals; more are rounded, which is told. Whatever could be read in two ways is refused.
    """
    figure = Figure()

    def tell(rule: str, message: str, remedy: str) -> None:
        figure.findings.append(finding(rule, message, remedy=remedy, sheet=place.sheet, cell=place.cell))

    if is_dash(value):
        tell(*_dash(value))
        return figure
    if unit.reads == "money" and isinstance(value, str) and says_thousands_twice(value):
        tell(
            "number-ambiguous",
            f"'{plain(value)}' says thousands twice; it was read without the 'k'.",
            "Type the full amount in pounds.",
        )
        value = plain(value)[:-1]
    try:
        read = number(value, unit.reads)
    except NotANumberError:
        kind = _KINDS.get(unit.reads, "a number")
        tell("number-invalid", f"'{plain(value)}' stands where {kind} belongs.", probably(value, unit.reads))
        return figure
    if read is None:
        return figure
    if refusal := _refusal(read, value, unit, above_150_percent=above_150_percent):
        tell(*refusal)
        return figure
    figure.value = _rounded(read)
    for remark in _remarks(read, figure.value, value, unit, place):
        tell(*remark)
    return figure


def _rounded(read: Decimal) -> Decimal:
    kept = round(read, _DECIMALS_KEPT)
    return read if kept == read else Decimal(f"{kept.normalize():f}")


def _dash(value: CellValue) -> _Remark:
    return (
        "dash-for-blank",
        f"'{plain(value)}' was read as a blank: there is no figure.",
        "Leave the cell blank where there is no figure, and type 0 where it is nothing.",
    )


def _refusal(read: Decimal, value: CellValue, unit: Unit, *, above_150_percent: bool) -> _Remark | None:
    # With its sign, a percentage is what it says.
    bare = unit.reads == "percent" and not isinstance(value, str)
    if bare and abs(read) > LARGEST_FRACTION and not above_150_percent:
        return (
            "percentage-in-points",
            f"{read:f} would be read as {read * 100:,f} %; the column holds percentages as fractions of 1.",
            f"If {read:f} % is meant, type '{read:f}%' or {read / 100:f}. If {read * 100:,f} % is right, ask the data "
            "team to let the layout allow it.",
        )
    if abs(read) >= _LARGEST:
        return (
            "number-precision",
            f"{read:,f} is a million million or more, larger than any figure that is kept.",
            "Check the figure, and the unit of its column.",
        )
    return None


def _remarks(read: Decimal, kept: Decimal, value: CellValue, unit: Unit, place: Place) -> Iterator[_Remark]:
    if kept != read:
        yield (
            "number-rounded",
            f"{plain(value)} has more than {_DECIMALS_KEPT} decimals; it was read as {kept:f}.",
            "Nothing needs to be done; round the figure to what is reported if it should read otherwise.",
        )
    if place.typed and isinstance(value, str) and unit.reads in _WRITTEN_AS_NUMBERS:
        yield (
            "number-as-text",
            f"'{plain(value)}' is stored as text; it was read as {kept.normalize():f}.",
            "Convert the cell to a number.",
        )
