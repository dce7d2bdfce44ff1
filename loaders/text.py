"""A cell's value as text: made plain to be shown, and ready to be compared."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

CellValue = str | float | int | bool | date | datetime | time | timedelta

# Byte-order marks, joiners, soft hyphens and marks of direction: they come along with what is copied from elsewhere.
_INVISIBLE = dict.fromkeys(
    map(ord, "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff")
)
_SAME = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "“": '"', "”": '"'})

REMEMBERED = 1 << 14
"""How many texts' forms are remembered: headings and labels come again in every file."""
LONGEST_REMEMBERED = 100
"""Characters; longer texts are what somebody wrote, and do not come again."""


def plain(value: CellValue) -> str:
    r"""A cell as text: one space for any white space, none at the ends; whole numbers without a point.

    What nobody sees, as a zero-width space, is left out.

    >>> plain("No of Shift\u00a0Workers  used "), plain(3.0)
    ('No of Shift Workers used', '3')
    """
    if isinstance(value, str):
        return spaced[value]
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def key(value: CellValue) -> str:
    """Text for comparison: plain, without case, one kind of dash and quote.

    >>> key("On Target ") == key("ON  target")
    True
    """
    return compared[value] if isinstance(value, str) else _compared(plain(value))


def same(text: str) -> str:
    """Text with one kind of dash and quote."""
    return text if text.isascii() else text.translate(_SAME)


def visible(text: str) -> str:
    r"""Text without the characters that nobody sees.

    >>> visible("Street\u200b lighting")
    'Street lighting'
    """
    return text if text.isascii() else text.translate(_INVISIBLE)


def _spaced(text: str) -> str:
    spaced = " ".join(visible(text).split())
    # The same object where nothing changes, so that a large sheet is not in memory twice.
    return text if spaced == text else spaced


def _compared(text: str) -> str:
    compared = same(_spaced(text)).casefold()
    return text if compared == text else compared


class _Remembered(dict[str, str]):
    """What a function makes of texts: of short ones it is remembered."""

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, text: str) -> str:
        made = self.function(text)
        if len(text) <= LONGEST_REMEMBERED:
            if len(self) >= REMEMBERED:
                self.clear()
            self[text] = made
        return made


class _Shown(dict[CellValue, str]):
    """What `plain` makes of cells' values: of numbers and short texts it is remembered."""

    def __missing__(self, value: CellValue) -> str:
        made = plain(value)
        # True and False are equal to 1 and 0, and say something else.
        if value not in (0, 1) and len(made) <= LONGEST_REMEMBERED:
            if len(self) >= REMEMBERED:
                self.clear()
            self[value] = made
        return made


spaced, compared = _Remembered(_spaced), _Remembered(_compared)
"""Forms of texts, by the texts: `plain` and `key` of text, for those who ask for very many."""

shown = _Shown()
"""Cells as text, by their values: `plain` for those who ask for very many."""
