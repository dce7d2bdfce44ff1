"""Number formats that show another figure than a cell holds: percentages, thousands, millions, other currencies."""

import re
from functools import lru_cache
from typing import NamedTuple

from loaders.currencies import currency_of, sign_in
from loaders.units import only_currency

PERCENTAGE = 2
"""By how many places the point of a percentage stands further right than that of the number it is held as."""

_REMEMBERED = 1 << 10
# Text between quotation marks, single characters shown as they are, paddings, currencies and conditions; not `[h]`.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<plain>.)|[_*].'
    r"|\[\$(?P<sign>[^\]-]*)[^\]]*\]|\[(?![hms]+\])[^\]]*\]|(?P<code>.)"
)
_DIGIT = re.compile("[0#?]|general", re.IGNORECASE)
# A section that few numbers are shown by, as `[=0]"-"` or `[<1]"<1"`.
_FOR_FEW = re.compile(r"\[(?:=|<(?!>))")
# Digits, a date or a time, `General`, or whatever is there (`@`).
_SHOWS_SOMETHING = re.compile("[0#?@a-z]", re.IGNORECASE)
_NEGATIVE = re.compile(r"[^\w#?]*[(−-]")
_SCALING = re.compile(r"[0#?](,+)(?![0#?,])")
_MULTIPLIER = re.compile(r",?(000)\b|\s*(%|(?:k|m|mn|million|bn|billion)\b)", re.IGNORECASE)


class NumberFormat(NamedTuple):
    """How a format shows a number.

    `moved` says by how many places the point stands further right (2: percentages) or left (-3: thousands) than it is;
    `says` is what is written behind the number that multiplies it (`m`, `%`); `sign` is that of a currency other than
    the one that all units of money have. Positive numbers are `negated` where they stand in brackets or behind a minus;
    where the number is `hidden`, something else is shown or nothing.
    """

    moved: int = 0
    says: str = ""
    sign: str = ""
    negated: bool = False
    hidden: bool = False


PLAIN = NumberFormat()
BUILT_IN = {9: NumberFormat(PERCENTAGE), 10: NumberFormat(PERCENTAGE)}
"""Formats that have a number in every workbook instead of a code, where they are not plain."""


@lru_cache(_REMEMBERED)
def number_format(code: str) -> NumberFormat:
    """What a format's code says of how positive numbers are shown.

    >>> number_format("0.0%").moved, number_format("#,##0").moved, number_format("#,##0,").moved
    (2, 0, -3)
    >>> number_format('£0.0,,"m"').says, number_format('0.0" %"').says, number_format("[$€-2] #,##0").sign
    ('m', '%', '€')
    >>> number_format("(#,##0)").negated, number_format("#,##0_);(#,##0)").negated, number_format(";;;").hidden
    (True, False, True)
    """
    positive, said, behind, sign = "", "", "", ""
    for token in _usual_section(code):
        positive += token["code"] or ""
        text = token["quoted"] or token["plain"] or ""
        said += text or token["code"] or ""
        behind += text if _DIGIT.search(positive) else ""
        sign = sign or (token["sign"] or "").strip()
    sign = sign or sign_in(said) or ""
    scaled, multiplier = _SCALING.search(positive), _MULTIPLIER.match(behind)
    return NumberFormat(
        PERCENTAGE * positive.count("%") - (3 * len(scaled[1]) if scaled else 0),
        next(filter(None, multiplier.groups())).lower() if multiplier else "",
        foreign(sign),
        _NEGATIVE.match(said) is not None,
        bool(code) and _SHOWS_SOMETHING.search(positive) is None,
    )


def _usual_section(code: str) -> list[re.Match[str]]:
    """The tokens of the section that positive numbers are shown by: the first one that is not for few numbers alone."""
    sections: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(code):
        if token["code"] == ";":
            sections.append([])
        else:
            sections[-1].append(token)
    return next((each for each in sections if not any(_FOR_FEW.match(token[0]) for token in each)), sections[0])


def foreign(sign: str) -> str:
    """The sign of a currency, unless it is that of the one that all units of money have.

    >>> foreign("GBP"), foreign("€")
    ('', '€')
    """
    return "" if currency_of(sign) == only_currency() else sign
