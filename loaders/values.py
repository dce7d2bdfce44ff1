"""A cell's value as a number or a day, in the ways people write them."""

import math
import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import cache

from loaders.currencies import any_sign
from loaders.text import CellValue, plain, same

_MONEY = re.compile(r"^(?P<number>.*?)\s*(?P<multiplier>k|m|million|bn|billion)?\)?$", re.IGNORECASE)
_DURATION = re.compile(r"^([0-9]+)[:.]([0-5][0-9])\s*(?:mins?|minutes)?$", re.IGNORECASE)
_FRACTION = re.compile(r"^([0-9]+(?:\.[0-9]+)?)\s*/\s*([0-9]+(?:\.[0-9]+)?)$")
_MULTIPLIERS = {"k": 1_000, "m": 1_000_000, "million": 1_000_000, "bn": 1_000_000_000, "billion": 1_000_000_000}
# A spreadsheet keeps 15 significant digits; what a binary fraction adds beyond them is not the author's.
_STORED_DIGITS = Context(prec=15, rounding=ROUND_HALF_EVEN)
_EXACT = 10**15
# Three digits of noughts or nines before the last ones do not stand there by chance.
_TYPED_DIGITS = 12
_SECONDS_A_MINUTE, _SECONDS_AN_HOUR = 60, 3_600


# As text these say more than a bare number could: 8 of 9, 5 minutes and 44 seconds.
_SAID_IN_TEXT = ("duration", "fraction", "fraction_maximum")


class NotANumberError(ValueError):
    """The text does not say a number in the way its column is written."""


class NotADateError(ValueError):
    """The cell does not say a date in the way its column is written."""


def stored_number(value: float | int) -> Decimal:
    """A number cell's exact decimal: what its author typed, not the nearest binary fraction.

    >>> stored_number(0.1 + 0.2), stored_number(-1967.0)
    (Decimal('0.3'), Decimal('-1967'))
    """
    if -_EXACT < value < _EXACT and value == int(value):
        return Decimal(int(value))
    number = _STORED_DIGITS.create_decimal(repr(value))
    return Decimal(int(number)) if number == number.to_integral_value() else number.normalize()


def typed_number(number: Decimal) -> Decimal:
    """A number as its author had it, where a program wrote out the binary fraction that stood for it.

    >>> typed_number(Decimal("73956.96734999999")), typed_number(Decimal("4435.0335000000005"))
    (Decimal('73956.96735'), Decimal('4435.0335'))
    >>> typed_number(Decimal("0.1234567890123456"))
    Decimal('0.1234567890123456')
    """
    if len(number.as_tuple().digits) <= _STORED_DIGITS.prec:
        return number
    kept = _STORED_DIGITS.plus(number).normalize()
    return kept if len(kept.as_tuple().digits) <= _TYPED_DIGITS else number


@cache
def _number_pattern() -> re.Pattern[str]:
    sign = any_sign()
    return re.compile(
        rf"^(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<before>{sign})?\s*(?P<inner>[+-])?"
        r"(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?P<fraction>\.[0-9]+)?"
        rf"\s*(?P<behind>{sign})?\s*(?P<close>\))?$"
    )


def plain_number(text: str) -> Decimal:
    """A number typed as text: thousands commas, the sign of any currency, brackets or a minus for negatives.

    >>> plain_number("(11.2)"), plain_number("-0.550"), plain_number("£1,234")
    (Decimal('-11.2'), Decimal('-0.550'), Decimal('1234'))

    Raises NotANumberError for anything else, and for brackets that do not close.
    """
    found = _number_pattern().match(same(text.strip()))
    if not found or not (found["digits"] or found["fraction"]) or bool(found["open"]) != bool(found["close"]):
        raise NotANumberError(text)
    signs = [found["sign"], found["inner"], "-" if found["open"] else None]
    if sum(sign is not None for sign in signs) > 1:
        raise NotANumberError(text)
    if found["before"] and found["behind"]:
        raise NotANumberError(text)
    if found["before"] and found["digits"] == "000" and not found["fraction"]:
        # Not an amount, but the unit of those below.
        raise NotANumberError(text)
    number = Decimal((found["digits"] or "0").replace(",", "") + (found["fraction"] or ""))
    return -number if "-" in signs else number


def percent(text: str) -> Decimal:
    """A percentage typed as text, as the fraction a formatted cell would hold.

    >>> percent("58.68 %")
    Decimal('0.5868')

    Without a percent sign the text cannot be told from a fraction: NotANumberError.
    """
    if not text.rstrip().endswith("%"):
        raise NotANumberError(text)
    return plain_number(text.rstrip()[:-1]) / 100


def percent_points(text: str) -> Decimal:
    """A percentage in points, whether its sign is typed or left to the heading.

    >>> percent_points("-3%"), percent_points("-47")
    (Decimal('-3'), Decimal('-47'))
    """
    return plain_number(text.rstrip().removesuffix("%"))


def money(text: str) -> Decimal:
    """Pounds, where the text carries its own multiplier.

    >>> money("£1.550m"), money("£800k"), money("£4.1million")
    (Decimal('1550000.000'), Decimal('800000'), Decimal('4100000.0'))
    """
    found = _MONEY.match(text.strip())
    if not found:
        raise NotANumberError(text)
    number = found["number"] + (")" if text.strip().endswith(")") else "")
    return plain_number(number) * _MULTIPLIERS.get((found["multiplier"] or "").lower(), 1)


def says_thousands_twice(text: str) -> bool:
    """Whether an amount is written out to the pound and still marked as thousands.

    >>> says_thousands_twice("£250,000k"), says_thousands_twice("£250k")
    (True, False)
    """
    return bool(re.search(r",\d{3}\s*k$", plain(text), re.IGNORECASE))


def is_dash(value: CellValue) -> bool:
    """Whether a cell holds a lone dash, as accountants write where there is no figure.

    >>> is_dash("–"), is_dash(" £ - "), is_dash("-1")
    (True, True, False)
    """
    return isinstance(value, str) and same(plain(value)).removeprefix("£").strip() == "-"


def time_of_day(value: time | timedelta) -> Decimal:
    """Seconds, from a cell that a spreadsheet took for a time.

    >>> time_of_day(time(0, 4, 30)), time_of_day(timedelta(hours=1, seconds=5))
    (Decimal('270'), Decimal('3605'))

    Whole hours and minutes alone may be minutes and seconds that were typed without the hour: NotANumberError.
    """
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    seconds = stored_number(value.total_seconds())
    if seconds < 0 or (seconds >= _SECONDS_AN_HOUR and seconds % _SECONDS_A_MINUTE == 0):
        raise NotANumberError(plain(value))
    return seconds


def duration(text: str) -> Decimal:
    """Seconds, from minutes and seconds.

    >>> duration("5:44 mins"), duration("6.00 mins")
    (Decimal('344'), Decimal('360'))
    """
    found = _DURATION.match(text.strip())
    if not found:
        raise NotANumberError(text)
    return Decimal(int(found[1]) * 60 + int(found[2]))


def fraction(text: str) -> Decimal:
    """A score out of a maximum: the score.

    >>> fraction("8/9")
    Decimal('8')
    """
    found = _FRACTION.match(text.strip())
    if not found:
        raise NotANumberError(text)
    return Decimal(found[1])


def fraction_maximum(text: str) -> Decimal:
    """A score out of a maximum: the maximum.

    >>> fraction_maximum("8/9")
    Decimal('9')
    """
    found = _FRACTION.match(text.strip())
    if not found:
        raise NotANumberError(text)
    return Decimal(found[2])


PARSERS: dict[str, Callable[[str], Decimal]] = {
    "number": plain_number,
    "percent": percent,
    "percent_points": percent_points,
    "money": money,
    "duration": duration,
    "fraction": fraction,
    "fraction_maximum": fraction_maximum,
}


def number(value: CellValue, reads: str = "number") -> Decimal | None:
    """A cell's number, or None where it is blank. `reads` names the parser of text cells.

    Raises NotANumberError where the cell holds neither.
    """
    if reads == "duration" and isinstance(value, time | timedelta):
        return time_of_day(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise NotANumberError(plain(value))
    if not isinstance(value, str):
        if not math.isfinite(value) or reads in _SAID_IN_TEXT:
            raise NotANumberError(str(value))
        return stored_number(value)
    text = plain(value)
    if not text:
        return None
    try:
        figure = PARSERS[reads](text)
        return typed_number(figure) if len(text) > _STORED_DIGITS.prec else figure
    except InvalidOperation as error:
        raise NotANumberError(text) from error


def calendar_day(value: CellValue, written: str, month: int | None = None) -> date:
    """The day that a cell says: a date cell's own, else its text read as `written` says (as for `strptime`).

    A text that names no day stands for the last one of its month, one that names a year alone for the last one of
    `month` in it.

    >>> calendar_day("30/04/2024", "%d/%m/%Y"), calendar_day("2023", "%Y", month=9)
    (datetime.date(2024, 4, 30), datetime.date(2023, 9, 30))

    Raises NotADateError.
    """
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        day = datetime.strptime(plain(value), written).date()
    except ValueError as error:
        raise NotADateError(plain(value)) from error
    if "%d" in written:
        return day
    number = month or day.month
    return day.replace(month=number, day=monthrange(day.year, number)[1])
