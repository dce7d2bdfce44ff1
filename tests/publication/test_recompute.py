from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from publication.recompute import Term, agrees, recompute


def terms(*values: tuple[str, Any]) -> list[Term]:
    return [Term(role, value) for role, value in values]


@pytest.mark.parametrize(
    ("arithmetic", "operands", "result"),
    [
        ("sum", terms(("add", Decimal("1.5")), ("add", None), ("add", 2)), Decimal("3.5")),
        ("sum", terms(("add", None)), None),
        ("sum", [], None),
        ("average", terms(("add", 1), ("add", 2), ("add", None)), Decimal("1.5")),
        ("average", [], None),
        ("count", terms(("add", "Fleet"), ("add", None)), 2),
        ("count", [], 0),
        ("same", terms(("add", "On Target")), "On Target"),
        ("same", [], None),
        ("latest", terms(("add", 4)), 4),
        ("earliest", terms(("add", date(2019, 3, 31))), date(2019, 3, 31)),
        ("difference", terms(("add", 5), ("subtract", 2), ("subtract", Decimal("0.5"))), Decimal("2.5")),
        ("difference", terms(("subtract", 2)), -2),
        ("difference", terms(("add", 5), ("subtract", None)), None),
        ("difference", [Term("add", 5), Term("subtract", None, blank_is_zero=True)], 5),
        ("days", terms(("add", date(2019, 3, 1)), ("subtract", date(2019, 2, 1))), 28),
        ("days", terms(("add", date(2019, 3, 1)), ("subtract", None)), None),
        ("percent", terms(("add", 20), ("divide_by", 42)), Decimal(2000) / 42),
        ("percent", terms(("add", 90), ("subtract", 100), ("divide_by", 100)), -10),
        ("percent", terms(("add", 20), ("divide_by", 0)), None),
        ("percent", terms(("add", None), ("divide_by", 42)), None),
        ("percent", terms(("add", 1), ("divide_by", None)), None),
        ("share", terms(("add", 5), ("divide_by", -20)), 25),
        ("share", terms(("add", 5), ("divide_by", 0)), None),
        ("share", terms(("add", None), ("divide_by", 20)), None),
    ],
)
def test_arithmetic(arithmetic: str, operands: list[Term], result: Any) -> None:
    assert recompute(arithmetic, operands) == result


@pytest.mark.parametrize(
    ("printed", "recomputed", "tolerance", "comparison", "cut_off_place", "verdict"),
    [
        (5, 5, 0, "equal", None, "agrees"),
        (None, 0, 0, "equal", None, "agrees"),
        (None, 5, 0, "equal", None, "disagrees"),
        (5, None, None, "equal", None, "not_made"),
        (5, 6, 1, "equal", None, "rounds"),
        (10000, 20000, 0, "equal", None, "disagrees"),
        (5, 3, 0, "at least", None, "agrees"),
        (5, 7, 0, "at least", None, "disagrees"),
        (5, 7, 0, "at most", None, "agrees"),
        (5, 3, 0, "at most", None, "disagrees"),
        (Decimal("10.89"), Decimal("10.8958"), Decimal("0.005"), "equal", Decimal("0.01"), "rounds"),
        (Decimal("10.89"), Decimal("10.8958"), Decimal("0.005"), "equal", None, "disagrees"),
        (Decimal("-2.3"), Decimal("-2.366"), Decimal("0.05"), "equal", Decimal("0.1"), "rounds"),
    ],
)
def test_verdict(
    printed: Any, recomputed: Any, tolerance: Any, comparison: str, cut_off_place: Any, verdict: str
) -> None:
    operands = terms(
        ("printed", printed), ("recomputed", recomputed), ("tolerance", tolerance), ("comparison", comparison),
        ("cut_off_place", cut_off_place),
    )  # fmt: skip
    assert recompute("verdict", operands) == verdict


@pytest.mark.parametrize(
    ("actual", "target", "polarity", "tolerance", "rating"),
    [
        (100, 100, "higher", 10, "green"),
        (90, 100, "higher", 10, "amber"),
        (Decimal("89.9"), 100, "higher", 10, "red"),
        (110, 100, "lower", 10, "amber"),
        (111, 100, "lower", 10, "red"),
        (99, 100, "lower", 10, "green"),
        (99, 100, "higher", None, "red"),
        (99, 100, None, 10, "not_rated"),
        (None, 100, "higher", 10, "not_rated"),
        (99, None, "higher", 10, "not_rated"),
    ],
)
def test_rating(actual: Any, target: Any, polarity: Any, tolerance: Any, rating: str) -> None:
    operands = terms(("actual", actual), ("target", target), ("polarity", polarity), ("tolerance", tolerance))

    assert recompute("rating", operands) == rating


def test_words_are_not_computed() -> None:
    with pytest.raises(KeyError):
        recompute("words", [])


@pytest.mark.parametrize(
    ("published", "recomputed", "kind", "same"),
    [
        (Decimal("1.00"), Decimal(1), "DECIMAL(18,2)", True),
        (Decimal("47.62"), Decimal(2000) / 42, "DECIMAL(18,2)", True),
        (Decimal("47.61"), Decimal(2000) / 42, "DECIMAL(18,2)", False),
        (Decimal("2.34"), Decimal("2.345"), "DECIMAL(18,2)", True),
        (Decimal("2.35"), Decimal("2.345"), "DECIMAL(18,2)", True),
        (Decimal("47.6190"), Decimal(2000) / 42, "DECIMAL(18,4)", True),
        (Decimal("47.6200"), Decimal(2000) / 42, "DECIMAL(18,4)", True),
        (Decimal("47.6000"), Decimal(2000) / 42, "DECIMAL(18,4)", False),
        (Decimal("252.3"), Decimal(757) / 3, "DECIMAL(18,1)", True),
        (3, Decimal(3), "BIGINT", True),
        (3, Decimal(4), "BIGINT", False),
        (None, None, "BIGINT", True),
        (None, Decimal(0), "BIGINT", False),
        (Decimal(0), None, "DECIMAL(18,2)", False),
        ("red", "red", "VARCHAR", True),
        ("red", "amber", "VARCHAR", False),
        (date(2019, 3, 1), date(2019, 3, 1), "DATE", True),
    ],
)
def test_agreement(published: Any, recomputed: Any, kind: str, same: bool) -> None:
    assert agrees(published, recomputed, kind) is same
