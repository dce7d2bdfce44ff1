import json
from decimal import Decimal

import pytest

from loaders.table import TableReader
from tests.loaders.sheets import layout_of, read, rules, sheet

BUDGET = {
    "heading": {"rows": 1, "contains": ["Line", "{fiscal_year}"]},
    "bands": ["{section}:"],
    "columns": {
        "line": {"header": "Line", "filled": True},
        "value": {"header": "{fiscal_year}", "unit": "gbp_thousand"},
    },
    "totals": [
        {"column": "line", "label": "Subtotal", "optional": True},
        {"column": "line", "label": "Total", "type": "total", "optional": True},
    ],
    "unique": ["section", "line"],
    "records": [{"record": "budget_line", "values": ["value"]}],
}
HEADING = ["Line", "2018/19", "2019/20"]


def lines(result, *fields):
    return [tuple(row[name] for name in fields) for row in result.rows["budget_line"]]


def test_a_figure_carries_its_year_unit_and_cell():
    result = read(BUDGET, sheet(["Title"], [], HEADING, ["Housing", 12.5, ""]))
    (row,) = result.rows["budget_line"]
    assert (row["line"], row["fiscal_year"], row["value"], row["value_scale"]) == ("Housing", "2018-19", 12.5, 1000)
    assert (row["source_row"], row["cells"]) == (4, '{"line":"A","value":"B"}')
    assert not result.findings


def test_a_blank_cell_is_no_figure_and_a_nought_is_one():
    result = read(BUDGET, sheet(HEADING, ["Housing", "", 0.0]))
    assert lines(result, "fiscal_year", "value") == [("2019-20", Decimal(0))]


def test_a_moved_table_is_found_by_its_heading():
    moved = sheet(["A note"], [], ["", *HEADING], ["", "Housing", 1.0, 2.0])
    assert lines(read(BUDGET, moved), "cells", "value") == [
        ('{"line":"B","value":"C"}', 1),
        ('{"line":"B","value":"D"}', 2),
    ]


def test_columns_are_found_by_heading_and_not_by_position():
    result = read(BUDGET, sheet(["2019/20", "Line", "2018/19"], [2.0, "Housing", 1.0]))
    assert sorted(lines(result, "fiscal_year", "value")) == [("2018-19", 1), ("2019-20", 2)]


def test_subtotals_sum_their_band_and_a_total_sums_what_is_left():
    result = read(
        BUDGET,
        sheet(
            ["Line", "2018/19"],
            ["Income:"],
            ["Rents", 1.0],
            ["Fees", 2.0],
            ["Subtotal", 3.0],
            ["Spend:"],
            ["Staff", 5.0],
            ["Total", 8.0],
        ),
    )
    assert lines(result, "section", "line", "row_type", "source_row", "rolls_up_to_row") == [
        ("Income", "Rents", "detail", 3, 5),
        ("Income", "Fees", "detail", 4, 5),
        ("Income", "Subtotal", "subtotal", 5, 8),
        ("Spend", "Staff", "detail", 7, 8),
        ("Spend", "Total", "total", 8, None),
    ]


def test_headings_of_two_rows_are_read_through_merged_cells():
    table = BUDGET | {
        "heading": {"rows": 2, "contains": ["Line", "Net"]},
        "columns": {
            "line": {"header": "Line"},
            "value": {"header": ["{fiscal_year}", "Net"], "unit": "gbp"},
        },
        "ignore_columns": [["{fiscal_year}", "Gross"]],
    }
    merged = [((0, 0), (1, 0)), ((0, 1), (0, 2)), ((0, 3), (0, 4))]
    result = read(
        table,
        sheet(
            ["Line", "2018/19", "", "2019/20", ""],
            ["", "Gross", "Net", "Gross", "Net"],
            ["Rents", 9.0, 1.0, 9.0, 2.0],
            merged=merged,
        ),
    )
    assert lines(result, "fiscal_year", "value") == [("2018-19", 1), ("2019-20", 2)]
    assert not result.findings


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([HEADING, ["Housing", "tbc", 1.0]], ("number-invalid", "B2")),
        ([HEADING, ["Housing", "12", 1.0]], ("number-as-text", "B2")),
        ([HEADING, ["Housing", 1e15, 1.0]], ("number-precision", "B2")),
        ([HEADING, ["Housing", 0.12345678, 1.0]], ("number-rounded", "B2")),
        ([HEADING, ["", 3.0, 1.0]], ("value-required", "A2")),
        ([HEADING, ["Rents", 1.0, 1.0], ["rents ", 2.0, 2.0]], ("row-duplicated", "A3")),
        ([[*HEADING, "Remarks"], ["Housing", 1.0, 1.0, "late"]], ("column-unexpected", "D1")),
        ([HEADING, ["Housing", 1.0, 1.0], [], ["Roads", "some", "more"]], ("row-unread", "A4")),
        ([["Line", "2018/20"], ["Housing", 1.0]], ("year-invalid", "B1")),
        ([["Line", "Year"], ["Housing", 1.0]], ("table-missing", None)),
    ],
)
def test_what_is_wrong_is_said_with_its_cell(rows, expected):
    assert expected in rules(read(BUDGET, sheet(*rows)))


def test_a_missing_column_is_named_and_stops_the_file():
    table = BUDGET | {"columns": BUDGET["columns"] | {"section": {"header": "Section"}}}
    result = read(table, sheet(HEADING, ["Housing", 1.0, 1.0]))
    assert [rule for rule, _ in rules(result)] == ["column-missing"]
    assert result.has_error


def test_a_missing_sheet_is_named_with_those_that_are_there():
    result = read(BUDGET, sheet(["Street", "Lamps"], ["High Street", 12.0], name="Other"))
    assert [rule for rule, _ in rules(result)] == ["sheet-missing", "sheet-unexpected"]
    assert "it has Other" in result.findings[0].message


def test_an_unknown_status_word_stops_the_file_and_spelling_does_not():
    table = {
        "heading": {"rows": 1, "contains": ["Project", "Status"]},
        "columns": {
            "project": {"header": "Project"},
            "status": {"header": "Status", "vocabulary": "five_step_delivery"},
        },
        "records": [{"record": "project_status"}],
    }
    result = read(table, sheet(["Project", "Status"], ["Bridge", "on  target "], ["Road", "Doing fine"]))
    assert rules(result) == [("word-unmapped", "B3")]
    assert result.has_error


def test_months_without_a_year_are_the_latest_before_the_reporting_period():
    table = {
        "heading": {"rows": 1, "above": "Shifts Filled"},
        "columns": {
            "measure": {"header": "", "words": {"Shifts Filled": "shifts_filled"}},
            "value": {"header": "{month}", "unit": "count"},
        },
        "records": [{"record": "agency", "values": ["value"]}],
    }
    result = read(table, sheet(["", "Dec", "January"], ["Shifts Filled", 1.0, 2.0]), period="2018-01")
    assert [row["month"] for row in result.rows["agency"]] == ["2017-12", "2018-01"]


def test_a_cell_with_two_figures_becomes_two_records():
    table = {
        "heading": {"rows": 1, "contains": ["Indicator", "Q1"]},
        "columns": {
            "indicator": {"header": "Indicator"},
            "value": {"header": "{quarter}", "unit": "score", "dimensions": {"measure": "actual"}},
        },
        "parts": [
            {
                "column": "indicator",
                "label": "Satisfaction",
                "separator": "/",
                "fields": [{"audience": "Corporate"}, {"audience": "Schools"}],
            }
        ],
        "records": [{"record": "indicator", "values": ["value"]}],
    }
    result = read(table, sheet(["Indicator", "Q1"], ["Satisfaction", "4.28/ 4.60"]))
    found = [(row["audience"], row["value"]) for row in result.rows["indicator"]]
    assert found == [("Corporate", Decimal("4.28")), ("Schools", Decimal("4.60"))]
    cells = [json.loads(row["cells"]) for row in result.rows["indicator"]]
    assert [(at["value"], at["value_part"]) for at in cells] == [("B", "1"), ("B", "2")]


def test_a_figure_that_stands_alone_is_no_part_of_its_cell():
    score = {"header": "Score", "shared": True}
    table = {
        "heading": {"rows": 1, "contains": ["Item", "Score"]},
        "columns": {
            "item": {"header": "Item"},
            "value": score | {"unit": "fraction_text"},
            "maximum": score | {"unit": "fraction_text_maximum", "shared": False},
        },
        "records": [{"record": "score", "set": {"subject": "projects"}}],
    }
    result = read(table, sheet(["Item", "Score"], ["Fleet", "8/9"], ["Parks", 7.0]))
    fleet, parks = (json.loads(row["cells"]) for row in result.rows["score"])
    assert (fleet["value_part"], fleet["maximum_part"]) == ("1", "2")
    assert not [name for name in parks if name.endswith("_part")]


def test_an_amount_that_says_thousands_twice_is_read_once_and_flagged():
    table = BUDGET | {"columns": BUDGET["columns"] | {"value": {"header": "{fiscal_year}", "unit": "gbp_text"}}}
    result = read(table, sheet(["Line", "2018/19"], ["Posts", "£250,000k"]))
    assert lines(result, "value") == [(Decimal(250000),)]
    assert rules(result) == [("number-ambiguous", "B2")]


def test_an_error_is_not_taken_for_a_blank():
    faulty = sheet(HEADING, ["Housing", "", 1.0])
    faulty.faults = {(1, 1): "#N/A"}
    assert ("cell-error", "B2") in rules(read(BUDGET, faulty))


def test_headings_that_were_read_before_say_the_same_again_and_others_say_their_own():
    table = {
        "heading": {"rows": 2, "contains": ["Agency"], "at": ["A1"]},
        "columns": {
            "measure": {"header": "Shifts"},
            "value": {"header": ["Agency", "{month}"], "unit": "count"},
            "more": {"header": ["Bank", "{month}"], "unit": "count", "optional": True},
        },
        "records": [{"record": "agency", "values": ["value", "more"]}],
    }
    top, row = ["", "Agency", "", "Bank"], ["Filled", 1.0, 2.0, 3.0]
    seen = [
        (sheet(top, ["Shifts", "Dec", "Jan", "Jan"], row, merged=[((0, 1), (0, 2))]), "2018-02"),
        (sheet(top, ["Shifts", "Dec", "Jan", "Jan"], row, merged=[((0, 1), (0, 2))]), "2019-02"),
        (sheet(top, ["Shifts", "Dec", "Jan", "Jan"], row), "2018-02"),
        (sheet(top, ["Shifts", "Dec", "Jan ", "Jan"], row, merged=[((0, 1), (0, 2))]), "2018-02"),
        (sheet([], top, ["Shifts", "Dec", "Jan", "Jan"], row, merged=[((1, 1), (1, 2))]), "2018-02"),
        (sheet(top, ["Shifts", "Dec", "Jan", "Spare"], row, merged=[((0, 1), (0, 2))]), "2018-02"),
    ]
    layout = layout_of(table)
    for found, period in [*seen, *reversed(seen)]:
        again, alone = read(layout, found, period=period), read(table, found, period=period)
        assert (again.rows, again.findings) == (alone.rows, alone.findings)
    apart = [read(layout, found, period=period) for found, period in seen]
    assert len({repr((one.rows["agency"], one.findings)) for one in apart}) == len(seen)


def test_a_label_of_the_table_without_figures_is_no_band():
    """Else it would be what the rows below it belong to, and nobody would be told that its figures are missing."""
    table = BUDGET | {
        "bands": ["{section}"],
        "columns": {
            "line": {"header": "Line", "words": {"Rent": "rent", "Rates": "rates"}},
            "value": {"header": "{fiscal_year}", "unit": "gbp_thousand", "filled": True},
        },
    }
    result = read(table, sheet(["Line", "2018/19"], ["Housing", ""], ["Rent", ""], ["Rates", 2.0], ["Total", 2.0]))
    assert lines(result, "section", "line", "row_type") == [
        ("Housing", "rates", "detail"),
        ("Housing", "Total", "total"),
    ]
    assert [(found.rule, found.cell) for found in result.findings if found.rule == "value-required"] == [
        ("value-required", "B3")
    ]


def test_a_column_that_sums_those_beside_it_is_not_one_of_them():
    table = {
        "heading": {"rows": 1, "contains": ["Line"]},
        "columns": {"line": {"header": "Line"}, "value": {"header": "{section}", "unit": "gbp"}},
        "records": [{"record": "budget_line", "values": ["value"]}],
    }
    result = read(table, sheet(["Line", "Roads", "Parks", "Total"], ["Staff", 1.0, 2.0, 3.0]))
    assert [(found.rule, found.cell) for found in result.findings] == [("total-unlabelled", "D1")]


def test_a_year_that_has_lost_the_heading_above_it_is_not_left_out_in_silence():
    """Where cells are no longer merged, the heading above stands over the first year alone."""
    table = {
        "heading": {"rows": 2, "contains": ["Line", "2018/19"]},
        "columns": {"line": {"header": "Line"}, "value": {"header": ["Budget", "{fiscal_year}"], "unit": "gbp"}},
        "records": [{"record": "budget_line", "values": ["value"]}],
    }
    result = read(table, sheet(["Line", "Budget", ""], ["", "2018/19", "2019/20"], ["Staff", 1.0, 2.0]))
    assert ("column-renamed", "C1") in [(found.rule, found.cell) for found in result.findings]


def test_a_heading_in_another_unit_is_not_to_be_given_back_alone():
    def advice(heading):
        table = BUDGET | {
            "columns": {"line": {"header": "Line"}, "value": {"header": "{fiscal_year} £000", "unit": "gbp"}}
        }
        table["heading"] = {"rows": 1, "contains": ["Line"]}
        return [found.remedy for found in read(table, sheet(["Line", heading], ["Rent", 1.0])).findings]

    assert any("Do not change the heading alone" in remedy for remedy in advice("2018/19 £m"))
    assert not any("alone" in remedy for remedy in advice("2018/19 £k"))


def test_a_figure_beside_a_label_that_stands_again_beside_another_is_not_chosen_between():
    table = {
        "cells": [{"label": "Planned spend", "value": "right", "unit": "gbp", "set": {"measure": "planned_spend"}}],
        "records": [{"record": "dashboard_measure"}],
    }
    found = [
        ("row-duplicated", "A3") in rules(read(table, sheet(["Planned spend", 5000.0], [], ["Planned spend", again])))
        for again in ("", 5000.0, 7000.0)
    ]
    assert found == [False, False, True]


def test_of_titles_and_lines_above_a_block_the_last_count():
    def sections(**where):
        rows = [["Income"], [], ["Line", "2018/19"], ["Rent", 1.0], [], ["Note"], [], ["Spending"], ["Line", "2018/19"]]
        found = read({**BUDGET, "bands": [], **where}, sheet(*rows, ["Staff", 2.0], [], ["Reserves"]))
        return lines(found, "section", "line")

    assert sections(before_heading="{section}") == [("Income", "Rent"), ("Spending", "Staff")]
    assert sections(title="{section}ing") == [(None, "Rent"), ("Spend", "Staff")]


def test_a_table_ends_where_another_one_starts_in_its_columns():
    def table(name, label, **more):
        columns = {"line": {"header": label, "filled": True}, "value": {"header": "{fiscal_year}", "unit": "gbp"}}
        records = [{"record": "budget_line", "values": ["value"], "set": {"section": name}}]
        heading = {"rows": 1, "contains": [label]}
        return {"table": name, "sheet": "Report", "heading": heading, "columns": columns, "records": records} | more

    layout = layout_of(table("income", "Income"))
    layout = layout.model_copy(update={"tables": [*layout.tables, *layout_of(table("costs", "Costs")).tables]})
    rows = [["Income", "2018/19"], ["Rent", 1.0], ["Costs", "2018/19"], ["Staff", 2.0]]
    result = read(layout, sheet(*rows))
    assert lines(result, "section", "line", "value") == [("income", "Rent", 1), ("costs", "Staff", 2)]
    assert rules(result) == []
    # Beside it, another table ends nothing.
    beside = [["Income", "2018/19", "", "", ""], ["Rent", 1.0, "", "Costs", "2018/19"], ["Fees", 2.0, "", "Staff", 3.0]]
    found = lines(read(layout, sheet(*beside)), "section", "line")
    assert found == [("income", "Rent"), ("income", "Fees"), ("costs", "Staff")]


def test_a_column_that_the_table_beside_has_read_is_not_said_to_be_unread():
    table = {
        "columns": {"line": {"header": "Line", "filled": True}, "value": {"header": "Spent", "unit": "gbp"}},
        "records": [{"record": "budget_line", "values": ["value"]}],
    }
    other = {
        "table": "other",
        "columns": {"line": {"header": "Item", "filled": True}, "value": {"header": "Cost", "unit": "gbp"}},
        "records": [{"record": "budget_line", "values": ["value"]}],
    }
    layouts = [
        layout_of(each | {"heading": {"rows": 1, "contains": [each["columns"]["line"]["header"]]}})
        for each in (table, other)
    ]
    layout = layouts[0].model_copy(update={"tables": [each.tables[0] for each in layouts]})
    rows = [["Line", "Spent", "", "Item", "Cost", "Note"], ["Rent", 1.0, "", "Pens", 2.0, "x"]]
    result = read(layout, sheet(*rows))
    assert lines(result, "line", "value") == [("Rent", 1), ("Pens", 2)]
    assert set(rules(result)) == {("column-unexpected", "F1")}


def test_each_title_is_read_once_however_many_blocks_stand_below_it(monkeypatch):
    blocks, asked = 50, []
    part = TableReader._part
    monkeypatch.setattr(TableReader, "_part", lambda *said: asked.append(said) or part(*said))
    rows = [row for n in range(blocks) for row in (f"{n} Street", "Line", "Rent", "")]
    table = {
        "heading": {"rows": 1, "contains": ["Line", "Spent"]},
        "title": "{section} Street",
        "columns": {"line": {"header": "Line"}, "value": {"header": "Spent", "unit": "gbp"}},
        "records": [{"record": "budget_line", "values": ["value"]}],
    }
    beside = {"Line": "Spent", "Rent": 1.0}
    result = read(table, sheet(*([row, beside.get(row, "")] for row in rows)))
    assert lines(result, "section") == [(str(n),) for n in range(blocks)]
    assert len(asked) == blocks


def test_blank_rows_are_read_across_only_to_a_row_of_the_table():
    def blank_rows(*below):
        result = read(BUDGET, sheet(HEADING, ["Rent", 1.0, 2.0], [], [], *below))
        return len(lines(result)), [cell for rule, cell in rules(result) if rule == "blank-row"]

    assert blank_rows(["Fees", 3.0, 4.0]) == (4, ["3:3", "4:4"])
    assert blank_rows(["Fees", "some", "more"]) == (2, [])
    assert blank_rows() == (2, [])


def test_a_nought_has_the_decimals_that_it_was_typed_with():
    """By these arithmetic knows how far rounding explains a difference."""
    value = BUDGET["columns"]["value"] | {"decimals": "as typed"}
    table = BUDGET | {"columns": BUDGET["columns"] | {"value": value}}
    found = read(table, sheet(["Line", "2018/19"], ["Rent", "0.00"], ["Fees", "0"], ["Fines", "1.50"]))
    assert [decimals for (decimals,) in lines(found, "value_decimals")] == [2, 0, 2]
