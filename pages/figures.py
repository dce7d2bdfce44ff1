"""How a value is written for people: exactly as the mart holds it, never rounded, a blank never as 0."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

from quarterdeck.declared import read_yaml
from quarterdeck.settings import PROJECT_ROOT

NOT_REPORTED = "not reported"
WORDING = PROJECT_ROOT / "pages" / "wording.yml"

_LETTER_OF_A_LIST = re.compile(r"(?<= )[a-z]$|(?<=appendix )[a-z]\b|(?<=annex )[a-z]\b|(?<=figure )[a-z](?=\d)")
_NO_FILE = re.compile("con|prn|aux|nul|(com|lpt)[0-9]")
_TOKEN = re.compile(r"\[([a-z_]+)\]")
_MINUS = "\N{MINUS SIGN}"
_SUFFIXES = {"_gbp": "gbp", "_percent": "percent", "_fte": "fte"}
_WORDING = read_yaml(WORDING)
_LABELS: dict[str, str] = _WORDING["labels"]
_WORDS: dict[str, str] = _WORDING["words"]
FILES: dict[str, str] = _WORDING["files"]
"""The files of a version that readers may want, and what each is."""
# Columns that hold codes of ours; everything else is printed as the return has it.
_CODED: set[str] = set(_WORDING["coded"])
VALUES_OF: dict[str, tuple[str, str]] = _WORDING["values_of"]
"""Columns whose texts are values of a column of another mart: the columns of the row that say of which."""
_IN_THE_UNIT_OF_THEIR_ROW: set[str] = set(_WORDING["in_the_unit_of_their_row"])


@cache
def is_number(kind: str) -> bool:
    """True for a DuckDB type of numbers."""
    return kind.startswith(("DECIMAL", "BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "SMALLINT"))


def unit_of(column: str, row: Mapping[str, Any]) -> str | None:
    """The unit of a number: its column's suffix, else what the row says.

    >>> unit_of("target_gbp", {}), unit_of("value", {"unit": "percent"}), unit_of("projects", {})
    ('gbp', 'percent', None)
    """
    return _own_unit(column) or (row.get("unit") if column in _IN_THE_UNIT_OF_THEIR_ROW else None)


@cache
def _own_unit(column: str) -> str | None:
    """The unit that a column's name tells."""
    return next((unit for suffix, unit in _SUFFIXES.items() if column.endswith(suffix) or f"{suffix}_" in column), None)


def number(value: Decimal | int | float, unit: str | None = None) -> str:
    """A number with thousands separators, in its unit where that is pounds or per cent; a minus sign before negatives.

    >>> number(Decimal("-1967000.00"), "gbp"), number(Decimal("99.8100"), "percent"), number(1184)
    ('−£1,967,000', '99.81%', '1,184')
    >>> number(Decimal("1234.5"), "gbp"), number(Decimal("-0.2500"))
    ('£1,234.50', '−0.25')
    """
    exact = Decimal(str(value)) if isinstance(value, float) else value
    digits = f"{abs(exact):,f}" if isinstance(exact, Decimal) else f"{abs(exact):,d}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
        if unit == "gbp" and digits[-2:-1] == ".":
            digits += "0"
    sign = _MINUS if exact < 0 else ""
    return f"{sign}{'£' if unit == 'gbp' else ''}{digits}{'%' if unit == 'percent' else ''}"


def shown(value: Any, column: str = "", unit: str | None = None) -> str:
    """A value in words: numbers and dates formatted, codes as words, text as it is, a blank as an empty text.

    >>> shown(date(2018, 9, 30)), shown(True), shown("amber_red", "rag"), shown(None)
    ('30 September 2018', 'Yes', 'Amber/red', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float | Decimal):
        return number(value, unit)
    if isinstance(value, datetime):
        return f"{value.day} {value:%B %Y, %H:%M} UTC"
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    return word(value) if column in _CODED else str(value)


def withheld(token: str) -> str:
    """The word that stands in place of a figure.

    >>> withheld("confidential"), withheld("early_planning"), withheld("low")
    ('[confidential]', '[early planning]', '[low]')
    """
    return f"[{token.replace('_', ' ')}]"


def told(text: str, column: str, is_number: bool) -> str:
    """A value that another mart tells as a text, written as it is in its own column; in brackets where it is withheld.

    >>> told("-1967000.00", "target_gbp", True), told("[confidential]", "workers", True), told("red", "rag", False)
    ('−£1,967,000', '[confidential]', 'Red')
    """
    if token := _TOKEN.fullmatch(text):
        return withheld(token[1])
    return number(Decimal(text), unit_of(column, {})) if is_number else shown(text, column)


@lru_cache(maxsize=10_000)
def word(code: str) -> str:
    """A code of ours in words.

    >>> word("key_achievement"), word("in_flight"), word("appendix_b"), word("figure_a4")
    ('Key achievements this quarter', 'In flight', 'Appendix B', 'Figure A4')
    """
    if code in _WORDS:
        return _WORDS[code]
    spaced = _LETTER_OF_A_LIST.sub(lambda letter: letter[0].upper(), code.replace("_", " "))
    return spaced[:1].upper() + spaced[1:]


@cache
def label(column: str) -> str:
    """A column's heading.

    >>> label("target_gbp"), label("shifts_filled")
    ('Target', 'Shifts filled')
    """
    if column in _LABELS:
        return _LABELS[column]
    for suffix in _SUFFIXES:
        column = column.removesuffix(suffix)
    return column[:1].upper() + column[1:].replace("_", " ")


@lru_cache(maxsize=10_000)
def slug(text: str) -> str:
    """A name as part of an address.

    >>> slug("2018-19 Q2"), slug("Direct Payments (OfC C01)")
    ('2018-19-q2', 'direct-payments-ofc-c01')

    A name in another script, or one that Windows keeps for a device, gets a hash.

    >>> slug("Школа"), slug("Con")
    ('unnamed-f399e8', 'con-1143da')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].rstrip("-")
    if plain and not _NO_FILE.fullmatch(plain):
        return plain
    return f"{plain or 'unnamed'}-{sha256(text.lower().encode()).hexdigest()[:6]}"
