"""The major projects of two years, as highlight reports: every count is made again from the publisher's own rows."""

import re
from collections import Counter
from decimal import Decimal, InvalidOperation

import pytest

from tests.public.conftest import PROJECTS, Table, raw

pytestmark = pytest.mark.reference

YEARS = {"2022-03": "2021-22 Q4", "2023-03": "2022-23 Q4"}
COSTS = {
    "Financial Year Baseline": "year_baseline_gbp",
    "Financial Year Forecast": "year_forecast_gbp",
    "TOTAL Baseline Whole Life Costs": "whole_life_cost_gbp",
    "TOTAL Baseline Benefits": "benefits_gbp",
}


def amount(text: str) -> Decimal | None:
    """A printed figure, with or without its £, commas and %; None for a word or nothing."""
    try:
        figure = Decimal(re.sub("[£,%]", "", text))
    except InvalidOperation:
        return None
    return figure if figure.is_finite() else None


def column(row: dict[str, str], start: str) -> str:
    """The cell under the heading that begins so; headings go on for two hundred characters."""
    return next((value for heading, value in row.items() if heading.startswith(start)), "")


@pytest.fixture(scope="module")
def printed(public) -> dict[str, Table]:
    return {period: raw(public / file) for period, file in PROJECTS.items()}


@pytest.fixture(scope="module")
def pairs(printed) -> list[tuple[dict[str, str], dict[str, str]]]:
    before = {row["GMPP ID Number"]: row for row in printed["2022-03"]}
    return [(before[row["GMPP ID Number"]], row) for row in printed["2023-03"] if row["GMPP ID Number"] in before]


def of_both(marts, condition: str) -> int:
    [(count,)] = marts.execute(
        f"select count(*) from project_delivery where quarter_previous = '2021-22 Q4' and {condition}"
    ).fetchall()
    return count


def test_every_project_is_in_both_marts(marts, printed):
    counted = {period: len(rows) for period, rows in printed.items()}
    assert counted == {"2022-03": 235, "2023-03": 244}
    for mart in ("project_delivery", "project_status"):
        found = dict(marts.execute(f"select quarter, count(*) from {mart} group by quarter").fetchall())
        assert found == {YEARS[period]: count for period, count in counted.items()}


@pytest.mark.parametrize("period", YEARS)
@pytest.mark.parametrize("heading", COSTS)
def test_costs_add_up_to_the_printed_ones(marts, printed, period, heading):
    figures = [amount(column(row, heading)) for row in printed[period]]
    [(count, total)] = marts.execute(
        f"select count({COSTS[heading]}), sum({COSTS[heading]}) from project_delivery where quarter = ?",
        [YEARS[period]],
    ).fetchall()
    known = [figure for figure in figures if figure is not None]
    assert count == len(known)
    assert (total or 0) == sum(known) * 1_000_000


@pytest.mark.parametrize("period", YEARS)
@pytest.mark.parametrize("heading", COSTS)
def test_what_is_exempt_is_a_value_and_not_a_blank(marts, printed, period, heading):
    words = Counter(
        "exempt" if cell.startswith("Exempt") else "early_planning" if cell.startswith("Early") else "other"
        for row in printed[period]
        if (cell := column(row, heading)) and amount(cell) is None
    )
    found = marts.execute(
        f"select {COSTS[heading]}_token from project_delivery where quarter = ? and {COSTS[heading]}_token is not null",
        [YEARS[period]],
    ).fetchall()
    told = Counter(token if token in ("exempt", "early_planning") else "other" for (token,) in found)
    assert told == words


def test_a_project_is_followed_by_its_code_whatever_its_name_and_department(marts, pairs):
    assert len(pairs) == of_both(marts, "true") == 206
    renamed = sum(" ".join(a["Project Name"].split()) != " ".join(b["Project Name"].split()) for a, b in pairs)
    assert renamed == of_both(marts, "project <> project_previous") == 18
    moved = sum(a["Department"] != b["Department"] for a, b in pairs)
    assert moved == of_both(marts, "portfolio <> portfolio_previous") == 19


def test_a_rating_that_is_withheld_is_a_change_and_no_improvement(marts, printed, pairs):
    heading = "IPA Delivery Confidence"
    withheld = sum(column(a, heading) == "Amber" and column(b, heading) == "NA" for a, b in pairs)
    found = of_both(marts, "assurance_rating_previous = 'Amber' and assurance_rating = 'Not Available'")
    assert withheld == found == 40
    [(unrated, improved)] = marts.execute(
        "select count(*), count(*) filter (where movement = 'improved' or rag <> 'not_rated') from project_status"
        " where status in ('Exempt', 'Early Planning', 'Not Provided', 'Not Available')"
    ).fetchall()
    rated = {"Green", "Amber", "Red"}
    neither = [
        row
        for rows in printed.values()
        for row in rows
        if not {column(row, heading), column(row, "SRO Delivery Confidence")} & rated
    ]
    assert (unrated, improved) == (len(neither), 0)
    assert neither


def test_end_dates_that_moved_later(marts, pairs):
    heading = "Project - End Date"
    ends = [(column(a, heading), column(b, heading)) for a, b in pairs]
    later = sum(re.match(r"\d{4}-", a) is not None and re.match(r"\d{4}-", b) is not None and a < b for a, b in ends)
    assert later == of_both(marts, "end_date_moved_days > 0") == 51


def contradictions(rows: Table) -> set[str]:
    """Projects whose printed variance is more than a whole point from what baseline and forecast come to."""
    found = set()
    for row in rows:
        figures = [amount(column(row, f"Financial Year {name}")) for name in ("Baseline", "Forecast", "Variance")]
        if None in figures or not figures[0]:
            continue
        baseline, forecast, variance = figures
        if abs(100 * (forecast - baseline) / baseline - variance) > 1:
            found.add(row["GMPP ID Number"])
    return found


@pytest.mark.parametrize(("period", "number"), [("2022-03", 19), ("2023-03", 0)])
def test_variances_that_do_not_follow_are_contradictions(marts, published, printed, period, number):
    found = marts.execute(
        """
        select delivery.project_code, checks.printed_value, delivery.year_variance_percent, checks.recomputed_value,
            delivery.year_variance_recomputed_percent, checks.severity
        from reconciliation as checks
        inner join project_delivery as delivery
            on checks.quarter = delivery.quarter and checks.printed_cell = (delivery.cells ->> 'year_variance_percent')
        where checks.organisation_code = 'IPA' and checks.quarter = ? and checks.verdict = 'disagrees'
        """,
        [YEARS[period]],
    ).fetchall()
    assert len(found) == number
    assert {code for code, *_ in found} == contradictions(printed[period])
    for _, in_check, in_mart, recomputed, beside, severity in found:
        assert in_check == in_mart
        assert abs(recomputed - beside) < Decimal("0.01")
        assert severity == "warning"


def test_each_contradiction_is_told_to_the_publisher_with_its_cell(marts):
    found = marts.execute(
        "select cell, severity, responsibility from data_quality_findings"
        " where organisation_code = 'IPA' and rule = 'percentage-disagrees'"
    ).fetchall()
    assert len({cell for cell, *_ in found}) == 19
    assert {(severity, who) for _, severity, who in found} == {("warning", "sender")}
