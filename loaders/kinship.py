"""Headings that are one of a run of months, quarters or years, written otherwise than the others."""

import re
from difflib import SequenceMatcher, get_close_matches

from loaders.currencies import currency_of, sign_in
from loaders.layout import TableLayout
from loaders.patterns import PARTS, TOKEN, match, match_path
from loaders.text import key
from quarterdeck.periods import NAME_OF_MONTH

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_A_MONTH = re.compile(NAME_OF_MONTH)
_CLOSE, _ALIKE = 0.75, 0.6
"""How similar two words, and what stands beside them, are for one to be taken as the other misspelt."""
_WORD, _YEARS, _YEAR = re.compile(r"[a-z]+"), re.compile(PARTS["fiscal_year"]), re.compile(r"\b20\d\d\b")
_QUARTER = re.compile(r"\bq(?:tr|uarter)?\.? *[1-4]\b")
# Units are written in many ways, and say nothing of what a column holds.
_AMOUNTS = {
    "thousands": re.compile(r"£ *'?(?:000|k\b)|\bthousands?\b"),
    "millions": re.compile(r"£ *m\b|£ *millions?\b|\bmillions?\b"),
}
_UNITS = re.compile(r"£|\b0{3}'?s?\b|\b(?:k|m|million|thousands?|fy)\b|[^a-z]")


def run_that_has(table: TableLayout, path: tuple[str, ...]) -> tuple[str, ...] | None:
    """The headings, as the layout has them, of the columns of figures that an unknown one seems to belong to."""
    for column in table.columns.values():
        kept = [part for part in column.path if TOKEN.search(part)]
        if column.is_number and kept and _belongs(column.path, path):
            return column.path
    return None


def names_another_unit(wanted: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether headings speak of millions where the layout's speak of thousands, or of another currency.

    >>> names_another_unit(("Target £000",), ("Target £m",)), names_another_unit(("Target £000",), ("Target (£k)",))
    (True, False)
    >>> names_another_unit(("Target £000",), ("Target €000",))
    True
    """
    signs = [sign_in(" ".join(texts)) for texts in (wanted, path)]
    if all(signs) and len({currency_of(sign) for sign in signs if sign}) > 1:
        return True
    units = [
        {unit for unit, pattern in _AMOUNTS.items() if pattern.search(key(" ".join(texts)))} for texts in (wanted, path)
    ]
    return all(units) and units[0].isdisjoint(units[1])


def _belongs(patterns: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if len(path) < len(patterns):
        # The heading above them all stands over the first alone, where cells are no longer merged.
        return any(path) and match_path(patterns[-len(path) :], path) is not None
    return len(path) == len(patterns) and all(map(_is_meant, patterns, path))


def _is_meant(pattern: str, heading: str) -> bool:
    if match(pattern, heading) is not None:
        return True
    said = key(heading)
    for name in (token[1:-1] for token in TOKEN.findall(pattern)):
        found = _part(name, said)
        if found is None:
            return False
        said = said.replace(found, " ", 1)
    wanted, rest = (_UNITS.sub("", text) for text in (key(TOKEN.sub(" ", pattern)), said))
    return wanted == rest or SequenceMatcher(None, wanted, rest).ratio() >= _ALIKE


def _part(name: str, said: str) -> str | None:
    """The part of a heading that is a month, quarter or year however it is written; None where there is none."""
    if name == "month":
        words = _WORD.findall(said)
        return next(
            (word for word in words if _A_MONTH.fullmatch(word) or get_close_matches(word, _MONTHS, 1, _CLOSE)), None
        )
    patterns = {"fiscal_year": (_YEARS, _YEAR), "savings_year": (_YEARS, _YEAR), "quarter": (_QUARTER,)}.get(name, ())
    return next((found[0] for pattern in patterns if (found := pattern.search(said))), None)
