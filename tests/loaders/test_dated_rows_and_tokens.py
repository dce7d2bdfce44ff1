"""Words in place of values, dates as people write them, aggregates, and the month that rows are of."""

import json
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from loaders.layout import Layout, load_layouts, vocabulary
from loaders.values import NotADateError, calendar_day, typed_number
from tests.loaders.sheets import read, rules, sheet

RATES = {
    "heading": {"rows": 1, "contains": ["When", "Rate*"]},
    "columns": {
        "period": {"header": "When", "shared": True, "date": {"written": "%d/%m/%Y", "kept": "month"}},
        "period_end": {"header": "When", "date": {"written": "%d/%m/%Y"}},
        "subject_type": {"header": "Level"},
        "subject_code": {"header": "Area", "filled": True},
        "value": {
            "header": "Rate*",
            "unit": "percent",
            "decimals": "as typed",
            "filled": True,
            "tokens": {"c": "suppressed", "N/A": "not_applicable", "Exempt*": "exempt"},
        },
    },
    "totals": [{"column": "subject_type", "label": "Country", "type": "aggregate"}],
    "unique": ["period", "subject_code"],
    "records": [{"record": "workforce_indicator", "set": {"indicator": "rate"}}],
}
HEADING = ["When", "Level", "Area", "Rate\r\r\n(per cent of the workforce;\nsee the notes)"]


def one(*row):
    result = read(RATES, sheet(HEADING, list(row)), period="2024-04")
    (raw,) = result.rows["workforce_indicator"]
    return raw, rules(result)


def test_a_heading_of_many_lines_is_found_by_its_beginning():
    raw, found = one("30/04/2024", "Area", "A", "3.5")
    assert raw["value"] == Decimal("3.5")
    assert found == [("number-as-text", "D2")]


@pytest.mark.parametrize(
    ("cell", "token"),
    [("c", "suppressed"), ("n/a ", "not_applicable"), ("Exempt under Section 1 of\r\n an Act", "exempt")],
)
def test_a_declared_word_is_kept_in_place_of_the_number(cell, token):
    raw, found = one("30/04/2024", "Area", "A", cell)
    assert (raw["value"], raw["value_token"], raw["value_unit"]) == (None, token, "percent")
    assert json.loads(raw["cells"])["value"] == "D"
    assert not found


def test_a_number_has_no_token():
    raw, _ = one("30/04/2024", "Area", "A", 3.5)
    assert (raw["value"], raw["value_token"]) == (Decimal("3.5"), None)


@pytest.mark.parametrize("cell", ["x", "cc", "not Exempt", "--"])
def test_an_undeclared_word_still_stops_the_file(cell):
    _, found = one("30/04/2024", "Area", "A", cell)
    assert ("number-invalid", "D2") in found


def test_an_aggregate_is_neither_a_detail_nor_a_total():
    result = read(
        RATES | {"totals": [*RATES["totals"], {"column": "subject_code", "label": "Total", "type": "total"}]},
        sheet(
            HEADING,
            ["30/04/2024", "Country", "E", 3.0],
            ["30/04/2024", "Area", "A", 1.0],
            ["30/04/2024", "", "Total", 1.0],
        ),
        period="2024-04",
    )
    found = [
        (row["subject_code"], row["row_type"], row["rolls_up_to_row"]) for row in result.rows["workforce_indicator"]
    ]
    assert found == [("E", "aggregate", None), ("A", "detail", 4), ("Total", "total", None)]


def test_dates_are_read_day_first_as_declared():
    raw, _ = one("03/04/2024", "Area", "A", 3.5)
    assert (raw["period"], raw["period_end"], raw["period_end_token"]) == ("2024-04", "2024-04-03", None)


@pytest.mark.parametrize("cell", ["04/30/2024", "2024-04-30", "30 April", "31/04/2024", 45412.0])
def test_what_is_no_date_as_declared_stops_the_file(cell):
    _, found = one(cell, "Area", "A", 3.5)
    assert ("date-invalid", "A2") in found


def test_a_date_cell_is_its_own_date():
    assert one(date(2024, 4, 30), "Area", "A", 3.5)[0]["period_end"] == "2024-04-30"


@pytest.mark.parametrize(
    ("value", "written", "month", "day"),
    [
        ("2023", "%Y", 9, date(2023, 9, 30)),
        (2024.0, "%Y", 2, date(2024, 2, 29)),
        ("Feb 2023", "%b %Y", None, date(2023, 2, 28)),
    ],
)
def test_a_year_or_a_month_stands_for_its_end(value, written, month, day):
    assert calendar_day(value, written, month) == day


def test_a_year_of_two_digits_is_not_guessed():
    with pytest.raises(NotADateError):
        calendar_day("23", "%Y", 9)


def test_rows_of_another_month_than_the_file_was_sent_for_stop_it():
    rows = [["30/04/2024", "Area", "A", 1.0], ["31/05/2024", "Area", "A", 2.0], ["31/05/2024", "Area", "B", 2.0]]
    assert not read(RATES, sheet(HEADING, *rows), period="2024-04").findings
    dated = read(RATES | {"stands_at": "period_end"}, sheet(HEADING, *rows), period="2024-04")
    (found,) = dated.findings
    assert (found.rule, found.cell) == ("period-unexpected", "A3")
    assert found.message == "2 rows of 't' stand at 2024-05, and the file was sent for 2024-04."


def test_a_number_written_out_from_its_binary_fraction_is_the_one_that_was_meant():
    assert typed_number(Decimal("9770.537260000001")) == Decimal("9770.53726")
    assert one("30/04/2024", "Area", "A", "9770.537260000001")[0]["value"] == Decimal("9770.53726")


def test_a_number_of_more_decimals_than_are_kept_is_rounded_which_is_told():
    raw, found = one("30/04/2024", "Area", "A", "0.1234567890123456")
    assert raw["value"] == Decimal("0.123457")
    assert found == [("number-rounded", "D2"), ("number-as-text", "D2")]


RATED = {
    "heading": {"rows": 1, "contains": ["Project", "Rating"]},
    "columns": {
        "project": {"header": "Project", "filled": True},
        "assurance_rating": {
            "header": "Rating",
            "vocabulary": "five_step_delivery_confidence",
            "tokens": {"Exempt*": "exempt"},
        },
        "end_date": {"header": "End", "date": {"written": "%Y-%m-%d"}, "tokens": {"Exempt*": "exempt"}},
    },
    "records": [
        {"record": "project_delivery"},
        {"record": "project_status", "fields": {"status": ["assurance_rating", "assurance_rating_token"]}},
    ],
}


def rated(word, scale="five_step_delivery_confidence", end="2026-12-31"):
    columns = RATED["columns"] | {"assurance_rating": RATED["columns"]["assurance_rating"] | {"vocabulary": scale}}
    result = read(RATED | {"columns": columns}, sheet(["Project", "Rating", "End"], ["A", word, end]))
    return result.rows["project_delivery"][0], result.rows["project_status"][0], rules(result)


@pytest.mark.parametrize("word", ["Green", "Amber/Green", "Amber", "AMBER/RED", "Red", "Reset"])
def test_five_steps_are_known_words(word):
    delivery, status, found = rated(word)
    assert (delivery["assurance_rating"], status["status"], found) == (word, word, [])


@pytest.mark.parametrize(
    ("word", "scale"), [("Amber/Red", "three_step_delivery_confidence"), ("Purple", "five_step_delivery_confidence")]
)
def test_a_word_of_another_scale_stops_the_file(word, scale):
    assert rated(word, scale)[2] == [("word-unmapped", "B2")]


def test_a_rating_that_is_exempt_is_a_word_of_its_own():
    delivery, status, found = rated("Exempt under Section 43", end="Exempt under Section 22")
    assert (delivery["assurance_rating"], delivery["assurance_rating_token"]) == (None, "exempt")
    assert (delivery["end_date"], delivery["end_date_token"]) == (None, "exempt")
    assert (status["status"], found) == ("exempt", [])


def test_every_token_of_a_rating_is_a_word_of_its_scale(settings):
    columns = [
        (loaded.layout.layout, name, column)
        for loaded in load_layouts(settings.layouts)
        for table in loaded.layout.tables
        for name, column in table.columns.items()
        if column.vocabulary and column.tokens
    ]
    assert columns
    for layout, name, column in columns:
        strays = set(column.tokens.values()) - vocabulary(settings.seeds, column.vocabulary)
        assert not strays, f"{layout}: {name}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"stands_at": "value"}, "'stands_at' names no date column"),
        ({"columns": RATES["columns"] | {"period": {"header": "When", "date": {"written": "%Y"}}}}, "names no month"),
    ],
)
def test_a_slip_in_a_layout_of_dates_is_said(change, says):
    with pytest.raises(ValidationError, match=says):
        read(RATES | change, sheet(HEADING))


def test_a_series_says_which_month_its_rows_are_of():
    with pytest.raises(ValidationError, match="stands_at"):
        Layout(
            layout="l",
            title="t",
            organisation="X",
            feed="hr_metrics",
            return_id="r",
            series=True,
            recognised_by=["When"],
            tables=[RATES | {"table": "t", "sheet": "*"}],
        )
