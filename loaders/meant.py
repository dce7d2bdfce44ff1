"""What the sender of a cell that cannot be read probably meant by it, and how to write that."""

import re
from datetime import date, time, timedelta
from decimal import Decimal

from loaders.text import CellValue, key, plain
from loaders.values import NotANumberError, plain_number

_NO_FIGURE = re.compile(r"n\.?/?a\.?|none|null|tbc|tba|tbd|unknown|not (?:available|applicable|known)|\?+")
_DECIMAL_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]{1,2}|[0-9]{4,})")
_THOUSANDS_APART = re.compile(r"[+-]?[0-9]{1,3}(?: [0-9]{3})+(?:\.[0-9]+)?")
_MINUS_BEHIND = re.compile(r"(£?\s*[0-9][0-9.,]*)-")
_SHORTENED = re.compile(r"[+-]?[0-9.]+e[+-]?[0-9]+", re.IGNORECASE)
_MULTIPLIED = re.compile(r"£?\s*[0-9.,]+\s*(?:k|m|bn|million|billion)", re.IGNORECASE)
_OTHERWISE = "Type the number, or leave the cell blank where there is none."
LARGEST_FRACTION = Decimal("1.5")
"""Above it a bare number in a column of fractions is rather a percentage in points."""


def probably(value: CellValue, reads: str) -> str:
    """How to mend a cell that is not what its column `reads`, as likely as can be told from what stands there.

    >>> probably("99.81", "percent")
    "If 99.81 % is meant, type '99.81%'."
    >>> probably("340,5", "number")
    'If 340.5 is meant, type it with a point.'
    """
    if reads == "duration":
        return _length_of_time(value)
    if reads in ("fraction", "fraction_maximum"):
        return "Type the score and its maximum as text, as in '8/9 with the apostrophe, lest it becomes a date."
    if isinstance(value, date | time | timedelta):
        return "If a number is meant, format the cell as a number and type it again."
    if not isinstance(value, str):
        return _OTHERWISE
    return _text(key(value), plain(value), reads)


def _text(compared: str, shown: str, reads: str) -> str:
    if compared == "nil":
        return "Type 0 where it is nothing, or leave the cell blank where there is no figure."
    if _NO_FIGURE.fullmatch(compared):
        return "Leave the cell blank where there is no figure, or ask the data team to add this word to the layout."
    if compared.endswith("%") and reads != "percent":
        return "Type the number alone, in the unit of its heading."
    if compared.count("(") != compared.count(")"):
        return "Put a negative number into brackets, as in (120), or type it with a minus."
    if found := _DECIMAL_COMMA.fullmatch(compared):
        return f"If {found[1]}.{found[2]} is meant, type it with a point."
    if _THOUSANDS_APART.fullmatch(compared):
        return f"If {compared.replace(' ', '')} is meant, type it without the spaces."
    if found := _MINUS_BEHIND.fullmatch(compared):
        return f"If -{found[1]} is meant, type its minus before it."
    if _SHORTENED.fullmatch(compared):
        return "Format the cell as a number, so that all of its digits are written, and save the file again."
    if _MULTIPLIED.fullmatch(compared):
        return "Type the number alone, in the unit of its heading."
    return (_percentage(shown) if reads == "percent" else None) or _OTHERWISE


def _percentage(text: str) -> str | None:
    """A percentage without its sign may be one in points, or a fraction."""
    try:
        figure = plain_number(text)
    except NotANumberError:
        return None
    if abs(figure) > LARGEST_FRACTION:
        return f"If {figure:f} % is meant, type '{figure:f}%'."
    points = (figure * 100).normalize()
    return f"Type '{points:f}%' if {points:f} % is meant, or '{figure:f}%' if it is that."


def _length_of_time(value: CellValue) -> str:
    if isinstance(value, time | timedelta):
        return (
            f"If minutes and seconds are meant, type them with the hours, as in 00:04:30; {plain(value)} is a time of "
            "hours and minutes."
        )
    return "Type minutes and seconds, as in '5:44 mins'."
