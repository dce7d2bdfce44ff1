"""Patterns of headings and labels, as layouts write them: `*` for anything, `{name}` for a part to keep."""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from loaders.cells import Address, Sheet
from loaders.text import LONGEST_REMEMBERED, REMEMBERED, key, plain
from quarterdeck.periods import NAME_OF_MONTH

# What a named part may look like; any other name takes any text.
PARTS = {
    "fiscal_year": r"(?:20)?\d\d\s*[/-]\s*(?:20)?\d\d",
    "savings_year": r"(?:20)?\d\d\s*[/-]\s*(?:20)?\d\d",
    "quarter": r"Q[1-4]",
    "programme_code": r"[\w.]+",
    # A heading that is a date cell reads as 2018-09-01.
    "month": rf"(?:(?:{NAME_OF_MONTH})|20\d\d-(?:0[1-9]|1[0-2])(?:-\d\d)?)",
}
TOKEN = re.compile(r"\*|\{\w+\}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts, position = [], 0
    for token in TOKEN.finditer(pattern):
        parts.append(re.escape(key(pattern[position : token.start()])) if token.start() > position else "")
        # `key` trims its text: a space beside a token is part of the pattern all the same.
        parts.append(".*" if token[0] == "*" else _part(token[0][1:-1]))
        position = token.end()
    parts.append(re.escape(key(pattern[position:])))
    return re.compile(r"\s*".join(parts), re.IGNORECASE)


def check_pattern(pattern: str) -> None:
    """Raise ValueError, in words for who wrote it, for a pattern whose named parts are not names or come twice."""
    try:
        _compiled(pattern)
    except re.error as error:
        raise ValueError(f"'{pattern}' names a part that is no name, or one part twice ({error})") from error


def _part(name: str) -> str:
    return f"(?P<{name}>{PARTS.get(name, '.+?')})"


def match(pattern: str, text: str) -> Mapping[str, str] | None:
    """The kept parts where the text matches, else None. Case, spacing and kinds of dash do not matter.

    >>> match("{savings_year} (£000)s", "2018/19  (£000)s")
    {'savings_year': '2018/19'}
    >>> match("* Totals", "CEX Totals")
    {}
    >>> match("", "")
    {}
    """
    return _matched_remembered(pattern, text) if len(text) <= LONGEST_REMEMBERED else _matched(pattern, text)


def _matched(pattern: str, text: str) -> Mapping[str, str] | None:
    compared = key(text)
    found = _compiled(pattern).fullmatch(compared)
    if not found:
        return None
    shown = plain(text)
    # Positions are those of the compared text, which is as long as the shown one unless case folding lengthened it.
    same_length = len(shown) == len(compared)
    return {
        name: (shown[found.start(name) : found.end(name)] if same_length else value).strip()
        for name, value in found.groupdict().items()
    }


_matched_remembered = lru_cache(REMEMBERED)(_matched)


def find(pattern: str, sheet: Sheet) -> Iterator[tuple[Address, Mapping[str, str]]]:
    """The cells of a sheet that match, row by row, and their kept parts."""
    literal, is_whole = _literal(pattern)
    if is_whole:
        yield from ((cell, {}) for cell in sheet.cells_saying(literal))
        return
    for row, column in sheet.cells_containing(literal):
        if (parts := match(pattern, sheet.shown[row][column])) is not None:
            yield (row, column), parts


@cache
def _literal(pattern: str) -> tuple[str, bool]:
    """What stands in the pattern itself, and so in every text that matches; and whether that is all of it."""
    return max(map(key, TOKEN.split(pattern)), key=len), not TOKEN.search(pattern)


def as_path(header: str | list[str]) -> tuple[str, ...]:
    """A heading, or the headings above each other, as a path from the top one down."""
    return (header,) if isinstance(header, str) else tuple(header)


def names_in(pattern: str) -> set[str]:
    """The names of the parts that a pattern keeps.

    >>> names_in("{savings_year} (£000)s")
    {'savings_year'}
    """
    return {token[1:-1] for token in TOKEN.findall(pattern) if token != "*"}


def match_path(patterns: tuple[str, ...], path: tuple[str, ...]) -> Mapping[str, str] | None:
    """The kept parts where every heading of a path matches, else None; `("",)` is the path without a heading.

    >>> match_path(("Target", "{savings_year}"), ("TARGET", "2018/19"))
    {'savings_year': '2018/19'}
    """
    short = sum(map(len, path)) <= LONGEST_REMEMBERED
    return _matched_path_remembered(patterns, path) if short else _matched_path(patterns, path)


def _matched_path(patterns: tuple[str, ...], path: tuple[str, ...]) -> Mapping[str, str] | None:
    if patterns == ("",):
        return {} if not path else None
    if patterns == ("*",):
        return {}
    if len(patterns) != len(path):
        return None
    parts: dict[str, str] = {}
    for pattern, text in zip(patterns, path, strict=True):
        found = match(pattern, text)
        if found is None:
            return None
        parts |= found
    return parts


_matched_path_remembered = lru_cache(REMEMBERED)(_matched_path)
