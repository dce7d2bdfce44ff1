"""A series in two vintages: what the second restates reaches `figure_changes`, cell by cell, and nothing else does."""

import json
import time
from collections import Counter
from decimal import Decimal, InvalidOperation

import pytest

from loaders.read import read_file
from quarterdeck.organisations import Place
from quarterdeck.settings import Settings
from tests.public.conftest import WORKFORCE, Table, raw

pytestmark = pytest.mark.reference

TOKENS = {"c": "suppressed", "u": "unreliable", "x": "not_available", "z": "not_applicable", "low": "low"}
FIRST_FIGURE = "inpost_fte"
Cell = tuple[str, str, str]
"""Year, area code and column."""
HIDDEN = "[confidential]"
COUNTS_OF_PEOPLE = {"inpost_headcount", "starters_headcount", "leavers_headcount", "agency_headcount"}
TELLING_RATES = {"agency_rate_headcount", "turnover_rate_headcount"}


def area(row: dict[str, str]) -> str:
    """The code of the area that a row is about: an authority, else a region, else the country."""
    return row["new_la_code"] or row["region_code"] or row["country_code"]


def shown(cell: str) -> Decimal | str:
    """A printed cell as `figure_changes` shows it: a number, or its token's meaning in brackets."""
    try:
        return Decimal(cell)
    except InvalidOperation:
        return f"[{TOKENS[cell]}]"


def figures(rows: Table) -> dict[Cell, str]:
    columns = list(rows[0])
    names = columns[columns.index(FIRST_FIGURE) :]
    return {(row["time_period"], area(row), name): row[name] for row in rows for name in names}


@pytest.fixture(scope="module")
def first(public) -> dict[Cell, str]:
    return figures(raw(public / WORKFORCE["2023-09"]))


@pytest.fixture(scope="module")
def second(public) -> dict[Cell, str]:
    return figures(raw(public / WORKFORCE["2024-09"]))


def test_the_restated_cells_are_the_figure_changes(marts, first, second):
    restated = {
        cell: (shown(was), shown(second[cell])) for cell, was in first.items() if shown(was) != shown(second[cell])
    }
    assert len(restated) == 48
    kept_secret = {cell for cell in restated if cell[2] in COUNTS_OF_PEOPLE | TELLING_RATES}
    changes = marts.execute(
        "select key, column_name, old_value, new_value, reason, quarter from figure_changes"
        " where mart = 'workforce_indicators' and organisation_code = 'DFE'"
    ).fetchall()
    found = {}
    for text, column, old, new, reason, quarter in changes:
        key = json.loads(text)
        assert (column, reason) == ("value", "revision")
        assert quarter.startswith(key["period"])
        found[key["period"], key["subject_code"], key["indicator"]] = (as_shown(old), as_shown(new))
    assert len(changes) == len(found)
    open_changes = {cell: values for cell, values in found.items() if HIDDEN not in values}
    assert open_changes.items() <= restated.items()
    assert restated.keys() - open_changes.keys() <= kept_secret
    assert all(cell[2] in COUNTS_OF_PEOPLE | TELLING_RATES for cell in found.keys() - restated.keys())


def as_shown(text: str) -> Decimal | str:
    return text if text.startswith("[") else Decimal(text)


def test_no_other_figure_of_any_publisher_changed(marts):
    assert marts.execute("select count(*) from figure_changes where organisation_code <> 'DFE'").fetchall() == [(0,)]


def test_every_cell_of_the_series_is_there_as_last_printed(marts, second):
    found = marts.execute(
        "select period, subject_code, indicator, value, value_token from workforce_indicators"
        " where organisation_code = 'DFE'"
    ).fetchall()
    told = {(year, code, name): f"[{token}]" if token else value for year, code, name, value, token in found}
    assert len(found) == len(told)
    hidden = {cell for cell, value in told.items() if value == HIDDEN}
    assert {cell: value for cell, value in told.items() if cell not in hidden} == {
        cell: shown(printed) for cell, printed in second.items() if cell not in hidden
    }
    assert {name for _, _, name in hidden} == COUNTS_OF_PEOPLE | TELLING_RATES
    assert len(hidden) < len(second) / 50


def test_no_count_of_one_to_four_people_is_published_nor_one_that_a_region_or_the_country_would_give_away(
    marts, second
):
    counts = marts.execute(
        "select period, indicator, subject_type, subject_group, value, value_token from workforce_indicators"
        " where organisation_code = 'DFE' and unit = 'count' and indicator <> 'cases'"
    ).fetchall()
    assert not [value for *_, value, _ in counts if value is not None and 1 <= value <= 4]
    unknown = Counter(
        (year, indicator, group)
        for year, indicator, kind, group, _, token in counts
        if kind != "country" and token == "confidential"
    )
    assert len(unknown) > 20
    assert min(unknown.values()) > 1
    assert (
        sum(
            cell in TOKENS or 1 <= float(cell) <= 4 for (_, _, name), cell in second.items() if name in COUNTS_OF_PEOPLE
        )
        > 90
    )


def test_tokens_keep_their_meaning(marts, second):
    found = dict(
        marts.execute(
            "select value_token, count(*) from workforce_indicators"
            " where organisation_code = 'DFE' and value_token is not null and value is null group by all"
        ).fetchall()
    )
    printed = Counter(cell for cell in second.values() if cell in TOKENS)
    found.pop("confidential")
    assert found == {TOKENS[token]: number for token, number in printed.items()}
    assert set(printed) == set(TOKENS)


def test_a_year_that_the_second_vintage_leaves_alone_is_not_restated(published, marts, first, second):
    restated = {cell[0] for cell, was in first.items() if shown(was) != shown(second[cell])}
    statuses = dict(
        marts.execute(
            "select distinct period, data_status from workforce_indicators where organisation_code = 'DFE'"
        ).fetchall()
    )
    years = {year for year, *_ in second}
    assert statuses == {year: "revised" if year in restated else "final" for year in years}
    assert years - restated == {"2018", "2024"}


def test_aggregates_are_kept_apart_and_are_never_an_organisation(marts, second):
    found = marts.execute(
        "select subject_type, is_aggregate, count(distinct subject_code) from workforce_indicators"
        " where organisation_code = 'DFE' group by all order by all"
    ).fetchall()
    authorities = {code for _, code, _ in second if not code.startswith(("E12", "E13", "E92"))}
    regions = {code for _, code, _ in second if code.startswith(("E12", "E13"))}
    assert found == [("country", True, 1), ("local authority", False, len(authorities)), ("region", True, len(regions))]
    known = {code for (code,) in marts.execute("select organisation_code from organisations").fetchall()}
    assert not known & {*regions, "E92000001"}


def test_a_long_series_is_read_in_seconds(public):
    file = public / WORKFORCE["2024-09"]
    start = time.process_time()
    loaded, result = read_file(Settings(), file, file.name, Place("DFE", "hr_metrics", "2024-09"))
    assert time.process_time() - start < 3
    assert loaded and not result.findings
    assert len(result.rows["workforce_indicator"]) > 28_000
