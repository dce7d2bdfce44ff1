"""One cell as a figure in its unit, and what is to be said of how it is written."""

import math
from collections.abc import Iterator
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from loaders.currencies import currency_of, sign_in
from loaders.meant import LARGEST_FRACTION, probably
from loaders.number_formats import NumberFormat
from loaders.text import LONGEST_REMEMBERED, REMEMBERED, CellValue, plain
from loaders.units import Unit
from loaders.values import NotANumberError, is_dash, number, says_thousands_twice, stored_number

_LARGEST = Decimal(10) ** 12
_SMALLEST_AMOUNT = 1_000
"""Pounds; a smaller number in a column of '£1.5m' and '£800k' has rather lost its letter."""
_ENDS_OF_A_BARE_NUMBER = "0123456789)."
_DECIMALS_KEPT = 6
_STORED = {float, str}
_PLACES = {"k": 3, "000": 3, "m": 6, "mn": 6, "million": 6, "bn": 9, "billion": 9}
"""How many places further right the point of a number is meant to stand that has this behind it."""
_WRITTEN_AS_NUMBERS = ("number", "percent", "percent_points")
_KINDS = {
    "percent": "a percentage",
    "percent_points": "a percentage",
    "money": "an amount",
    "duration": "a length of time",
    "fraction": "a score out of a maximum",
    "fraction_maximum": "a score out of a maximum",
}
Remark = tuple[str, str, str]
"""A rule, what is said and how to mend it."""


class Figure(NamedTuple):
    """A cell's figure, as it stands there and before any scaling; blank where there is none or it is refused."""

    value: Decimal | None = None
    remarks: tuple[Remark, ...] = ()


BLANK = Figure()


def read_figure(value: CellValue, unit: Unit, *, typed: bool = True, above_150_percent: bool = False) -> Figure:
    """The figure of a cell that is to hold one in `unit`.

    `typed` is false where every cell is text, so that a number as text means nothing. A figure has at most 6 decimals;
    more are rounded, which is told. Whatever could be read in two ways is refused.
    """
    short = not isinstance(value, str) or len(value) <= LONGEST_REMEMBERED
    figure = (_read_remembered if short else _read)(value, unit.reads, typed, above_150_percent)
    if figure.value is not None and isinstance(value, str) and (sign := sign_in(value)) and not unit.may_bear(sign):
        return Figure(None, (_other_currency(plain(value), sign, unit),))
    return figure


def _read(value: CellValue, reads: str, typed: bool, above_150_percent: bool) -> Figure:
    if value == "":
        return BLANK
    if is_dash(value):
        return Figure(None, (_dash(value),))
    told: list[Remark] = []
    if reads == "money" and isinstance(value, str) and says_thousands_twice(value):
        told.append(
            (
                "number-ambiguous",
                f"'{plain(value)}' says thousands twice; it was read without the 'k'.",
                "Type the full amount in pounds.",
            )
        )
        value = plain(value)[:-1]
    read = None
    try:
        read = number(value, reads)
    except NotANumberError:
        kind = _KINDS.get(reads, "a number")
        told.append(("number-invalid", f"'{plain(value)}' stands where {kind} belongs.", probably(value, reads)))
    if read is not None:
        if refusal := _refusal(read, value, reads, above_150_percent=above_150_percent):
            told.append(refusal)
            read = None
        else:
            kept = _rounded(read)
            told.extend(_remarks(read, kept, value, reads, typed=typed))
            read = kept
    return Figure(read, tuple(told))


# The same figures stand in many cells.
_read_remembered = lru_cache(REMEMBERED, typed=True)(_read)


class _Unremarkable(dict[CellValue, Decimal | None]):
    """The figures of numbers that are stored as such, and of blank cells; KeyError where something is to be said."""

    def __init__(self, reads: str, above_150_percent: bool) -> None:
        super().__init__()
        self.how = reads, True, above_150_percent

    def __missing__(self, value: CellValue) -> Decimal | None:
        read = _read(value, *self.how) if isinstance(value, float) or value == "" else None
        if read is None or read.remarks:
            raise KeyError(value)
        if len(self) >= REMEMBERED:
            self.clear()
        self[value] = read.value
        return read.value


# The same figures stand in many cells, and what they share in many columns.
_unremarkable = cache(_Unremarkable)


def read_column(values: list[CellValue], unit: Unit, *, above_150_percent: bool) -> list[Decimal | None] | None:
    """The figures of cells that are stored as numbers, or blank; None where any is not, or has something to be said."""
    # Equal to 1 and 0 as keys, True and False are not the same as cells.
    if not _STORED.issuperset(map(type, values)):
        return None
    try:
        return list(map(_unremarkable(unit.reads, above_150_percent).__getitem__, values))
    except KeyError:
        return None


def shown_otherwise(value: CellValue, unit: Unit, shown: NumberFormat) -> Remark | None:
    """What is to be said of a number whose format shows it in this way; None where that is right in the unit.

    What is typed as 3.4% is held as 0.034: right where fractions are kept, a hundred times too small elsewhere. What is
    shown in thousands is held in full: a thousand times too large where the unit of the column is thousands already.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value or not math.isfinite(value):
        return None
    held = stored_number(value)
    if shown.hidden:
        return (
            "number-shown-otherwise",
            f"The cell holds {held:,f} and shows no number; which is meant cannot be known.",
            "Format the cell as a plain number if it is meant, or clear the cell.",
        )
    figure = held.scaleb(shown.moved).normalize() * (-1 if shown.negated else 1)
    if shown.sign and not unit.may_bear(shown.sign):
        return _other_currency(f"{shown.sign}{figure:,f}{shown.says}", shown.sign, unit)
    if _is_right(unit, shown):
        return None
    is_percentage = shown.moved > 0 or shown.says == "%"
    meant = f"{figure:f}" if shown.moved < 0 or shown.negated or unit.reads == "percent_points" else "the number"
    return (
        "number-shown-otherwise",
        f"The cell shows {figure:,f}{' %' if is_percentage else shown.says} and holds {held:,f}; which is meant cannot "
        "be known.",
        f"Format the cell as a plain number, and type {meant} in the unit of the heading into it.",
    )


def _is_right(unit: Unit, shown: NumberFormat) -> bool:
    """Whether what a format shows is what is read in the unit."""
    if shown.negated:
        return False
    if shown.moved > 0:
        return unit.reads == "percent"
    if shown.says == "%":
        return unit.reads == "percent_points"
    # Behind what is no money an 'm' may be one of metres or months.
    if shown.says and (unit.currency or shown.says != "m"):
        return unit.scale == Decimal(1).scaleb(_PLACES[shown.says] + shown.moved)
    return not shown.moved or unit.scale == 1


def _other_currency(shown: str, sign: str, unit: Unit) -> Remark:
    own = unit.currency and unit.currency.upper()
    return (
        "currency-mismatch",
        f"'{shown}' is an amount in {currency_of(sign).upper()}; the column holds {own or 'no amounts of money'}.",
        f"Convert the amount into {own}, and type the number alone."
        if own
        else "Type the number alone, or ask the data team whether the column is one of money.",
    )


def _rounded(read: Decimal) -> Decimal:
    kept = round(read, _DECIMALS_KEPT)
    return read if kept == read else Decimal(f"{kept.normalize():f}")


def _dash(value: CellValue) -> Remark:
    return (
        "dash-for-blank",
        f"'{plain(value)}' was read as a blank: there is no figure.",
        "Leave the cell blank where there is no figure, and type 0 where it is nothing.",
    )


def _refusal(read: Decimal, value: CellValue, reads: str, *, above_150_percent: bool) -> Remark | None:
    # With its sign, a percentage is what it says.
    bare = reads == "percent" and not isinstance(value, str)
    if bare and abs(read) > LARGEST_FRACTION and not above_150_percent:
        return (
            "percentage-in-points",
            f"{read:f} would be read as {read * 100:,f} %; the column holds percentages as fractions of 1.",
            f"If {read:f} % is meant, type '{read:f}%' or {read / 100:f}. If {read * 100:,f} % is right, ask the data "
            "team to let the layout allow it.",
        )
    if reads == "money" and 0 < abs(read) < _SMALLEST_AMOUNT and plain(value)[-1] in _ENDS_OF_A_BARE_NUMBER:
        return (
            "number-invalid",
            f"'{plain(value)}' says neither thousands nor millions, in a column where figures do.",
            f"Type its letter with it, as in '£{abs(read):f}m' or '£{abs(read):f}k'; pounds alone as thousands, "
            f"'£{(abs(read) / 1000).normalize():f}k'.",
        )
    if abs(read) >= _LARGEST:
        return (
            "number-precision",
            f"{read:,f} is a million million or more, larger than any figure that is kept.",
            "Check the figure, and the unit of its column.",
        )
    return None


def _remarks(read: Decimal, kept: Decimal, value: CellValue, reads: str, *, typed: bool) -> Iterator[Remark]:
    if kept != read:
        yield (
            "number-rounded",
            f"{plain(value)} has more than {_DECIMALS_KEPT} decimals; it was read as {kept:f}.",
            "Nothing needs to be done; round the figure to what is reported if it should read otherwise.",
        )
    if typed and isinstance(value, str) and reads in _WRITTEN_AS_NUMBERS:
        yield (
            "number-as-text",
            f"'{plain(value)}' is stored as text; it was read as {kept.normalize():f}.",
            "Convert the cell to a number.",
        )
