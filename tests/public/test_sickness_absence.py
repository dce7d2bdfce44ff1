"""Sickness absence, a file a month: a quarter's rate is that of its days, worked out here from the publisher's rows."""

from collections import defaultdict
from decimal import Decimal

import pytest

from tests.public.conftest import ABSENCE, Table, raw

pytestmark = pytest.mark.reference

QUARTERS = {"2024-25 Q1": ("2024-04", "2024-05", "2024-06"), "2024-25 Q2": ("2024-07", "2024-08", "2024-09")}


@pytest.fixture(scope="module")
def printed(public) -> dict[str, Table]:
    return {month: raw(public / file) for month, file in ABSENCE.items()}


def days(text: str) -> Decimal:
    """Days as the publisher keeps them, to five places; some are printed as the binary fraction next to them."""
    return round(Decimal(text), 5)


@pytest.fixture(scope="module")
def expected(printed) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Days lost and days available by quarter and organisation."""
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for quarter, months in QUARTERS.items():
        for month in months:
            for row in printed[month]:
                lost_and_available = sums[quarter, row["ORG_CODE"]]
                lost_and_available[0] += days(row["FTE_DAYS_LOST"])
                lost_and_available[1] += days(row["FTE_DAYS_AVAILABLE"])
    return {key: (lost, available) for key, (lost, available) in sums.items()}


def test_quarterly_rates_are_those_of_the_days(marts, expected):
    found = marts.execute(
        "select quarter, subject_code, numerator, denominator, value from workforce_indicators_quarterly"
        " where indicator = 'sickness_absence_rate' and quarter = measured_quarter"
    ).fetchall()
    assert {(quarter, code): (lost, available) for quarter, code, lost, available, _ in found} == expected
    for quarter, code, _, _, value in found:
        lost, available = expected[quarter, code]
        assert value == round(100 * lost / available, 4)


def test_a_quarterly_rate_is_not_the_mean_of_its_months(marts):
    [(differing,)] = marts.execute(
        """
        select count(*) from workforce_indicators_quarterly as quarterly
        inner join (
            select quarter, subject_code, avg(value) as mean from workforce_indicators
            where indicator = 'sickness_absence_rate' group by all
        ) using (quarter, subject_code)
        where round(quarterly.value, 2) <> round(mean, 2)
        """
    ).fetchall()
    assert differing > 50


def test_every_row_of_every_month_is_there_at_the_month_s_end(marts, printed):
    found = marts.execute(
        "select period, period_end::varchar, count(*), sum(value) from workforce_indicators"
        " where indicator = 'sickness_absence_rate' group by all order by all"
    ).fetchall()
    ends = dict(zip(ABSENCE, ("30", "31", "30", "31", "31", "30"), strict=True))
    assert found == [
        (
            month,
            f"{month}-{ends[month]}",
            len(rows),
            sum(Decimal(row["SICKNESS_ABSENCE_RATE_PERCENT"]) for row in rows),
        )
        for month, rows in printed.items()
    ]


def test_every_printed_rate_follows_from_its_days(marts, printed):
    found = marts.execute(
        "select verdict, count(*) from reconciliation where organisation_code = 'X24' group by verdict"
    ).fetchall()
    assert found == [("agrees", sum(len(rows) for rows in printed.values()))]


def test_an_organisation_that_is_renamed_stays_one(marts, printed):
    names: dict[str, set[str]] = defaultdict(set)
    for month in QUARTERS["2024-25 Q2"]:
        for row in printed[month]:
            names[row["ORG_CODE"]].add(row["ORG_NAME"])
    renamed = [code for code, known in names.items() if len(known) > 1]
    last = {row["ORG_CODE"]: row["ORG_NAME"] for row in printed["2024-09"]}
    assert renamed
    for code in renamed:
        found = marts.execute(
            "select subject, months from workforce_indicators_quarterly where quarter = '2024-25 Q2'"
            " and subject_code = ?",
            [code],
        ).fetchall()
        assert found == [(last[code], 3)]
