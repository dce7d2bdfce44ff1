"""The arithmetic that mart `lineage` names, done again: what a derived figure comes to, given what goes into it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WORDS = "words"
"""The arithmetic that is a reading of words: stated, not computed again."""

_NUMBERS = (int, float, Decimal)
_FEWEST_DECIMALS = 2


@dataclass(frozen=True)
class Term:
    """What goes into a figure: what it does there, and its value (a number, a text, or None for a blank)."""

    role: str
    value: Any
    blank_is_zero: bool = False


def recompute(arithmetic: str, terms: Sequence[Term]) -> Any:
    """What the terms come to: a number, a word, or None for a blank.

    >>> shifts = [Term("add", 90), Term("divide_by", 90), Term("divide_by", 10)]
    >>> recompute("percent", shifts)
    Decimal('90')
    >>> recompute("difference", [Term("add", 8), Term("subtract", None)])

    Raises KeyError for an arithmetic that is not computed, such as `words`.
    """
    return _ARITHMETIC[arithmetic](terms)


def agrees(published: Any, recomputed: Any, kind: str) -> bool:
    """Whether a published value is the recomputed one, rounded to what its column (of that DuckDB type) keeps.

    A percentage may have been rounded to fewer decimals before, but to no fewer than two.

    >>> agrees(Decimal("47.6200"), Decimal(2000) / 42, "DECIMAL(18,4)")
    True
    >>> agrees(Decimal("47.6000"), Decimal(2000) / 42, "DECIMAL(18,4)")
    False
    """
    if not isinstance(published, _NUMBERS) or not isinstance(recomputed, _NUMBERS):
        return bool(published == recomputed)
    number, scale = Decimal(published), re.search(r",\s*(\d+)\)", kind)
    kept = int(scale[1]) if scale else 0
    return any(
        round(number, decimals) == number and abs(number - Decimal(recomputed)) <= Decimal(5).scaleb(-1 - decimals)
        for decimals in range(min(kept, _FEWEST_DECIMALS), kept + 1)
    )


def _count(terms: Sequence[Term]) -> Decimal:
    return Decimal(len(terms))


def _sum(terms: Sequence[Term]) -> Decimal | None:
    filled = [Decimal(term.value) for term in terms if term.value is not None]
    return sum(filled, Decimal(0)) if filled else None


def _average(terms: Sequence[Term]) -> Decimal | None:
    total = _sum(terms)
    return None if total is None else total / sum(term.value is not None for term in terms)


def _same(terms: Sequence[Term]) -> Any:
    return terms[0].value if terms else None


def _difference(terms: Sequence[Term]) -> Decimal | None:
    added, subtracted = _total(terms, "add"), _total(terms, "subtract")
    return None if added is None or subtracted is None else added - subtracted


def _days(terms: Sequence[Term]) -> int | None:
    later, earlier = (next((term.value for term in terms if term.role == role), None) for role in ("add", "subtract"))
    return None if later is None or earlier is None else int((later - earlier).days)


def _percent(terms: Sequence[Term]) -> Decimal | None:
    part, whole = _difference(terms), _total(terms, "divide_by")
    return None if part is None or not whole else 100 * part / whole


def _total(terms: Sequence[Term], role: str) -> Decimal | None:
    """The sum of the terms of a role; None where one is blank that must not be."""
    values = [0 if term.value is None and term.blank_is_zero else term.value for term in terms if term.role == role]
    return None if None in values else sum(map(Decimal, values), Decimal(0))


def _rating(terms: Sequence[Term]) -> str:
    of = {term.role: term.value for term in terms}
    actual, target = of["actual"], of["target"]
    if actual is None or target is None or of["polarity"] not in ("higher", "lower"):
        return "not_rated"
    shortfall = target - actual if of["polarity"] == "higher" else actual - target
    if shortfall <= 0:
        return "green"
    within = of["tolerance"] is not None and 100 * shortfall <= of["tolerance"] * abs(target)
    return "amber" if within else "red"


def _share(terms: Sequence[Term]) -> Decimal | None:
    part, whole = _total(terms, "add"), _total(terms, "divide_by")
    return None if part is None or not whole else 100 * part / abs(whole)


def _verdict(terms: Sequence[Term]) -> str:
    """How a printed figure compares with the recomputed one; docs/reconciliation.md gives the verdicts."""
    of = {term.role: term.value for term in terms}
    recomputed, printed = of["recomputed"], of["printed"] or Decimal(0)
    if recomputed is None:
        return "not_made"
    difference, place = recomputed - printed, of["cut_off_place"]
    beyond = {"at least": difference < 0, "at most": difference > 0}
    if difference == 0 or beyond.get(of["comparison"], False):
        return "agrees"
    is_cut_off = bool(place) and int(round(recomputed / place, 6)) * place == printed
    return "rounds" if is_cut_off or abs(difference) <= of["tolerance"] else "disagrees"


_ARITHMETIC = {
    "count": _count,
    "sum": _sum,
    "average": _average,
    "same": _same,
    "latest": _same,
    "earliest": _same,
    "difference": _difference,
    "days": _days,
    "percent": _percent,
    "rating": _rating,
    "share": _share,
    "verdict": _verdict,
}
