"""A file that holds the return of many months: each month is a submission, and only what changed is restated."""

from pathlib import Path

import pytest

from loaders.layout import load_layouts
from loaders.load import load_batches
from loaders.read import read_batch
from loaders.receive import due, receive
from quarterdeck.settings import Settings
from quarterdeck.warehouse import connect

LAYOUT = """
layout: yearly
title: A series, a year a row
organisation: E06000045
feed: hr_metrics
return_id: yearly
series: true
recognised_by: [Year, Rate]
tables:
  - table: years
    sheet: "*"
    heading: {rows: 1, contains: [Year, Rate]}
    columns:
      period: {header: Year, shared: true, filled: true}
      period_end: {header: Year, date: {written: "%Y", month: 9}}
      subject_code: {header: Area, filled: true}
      value: {header: Rate, unit: percent, decimals: 1, tokens: {u: unreliable}}
    stands_at: period_end
    records:
      - record: workforce_indicator
        set: {indicator: rate}
"""
HEADING = "Year,Area,Rate\n"
FIRST = HEADING + "2022,A,1.0\n2022,B,2.0\n2023,A,3.0\n2023,B,4.0\n"
# Another order, the second area of 2022 restated, 2023 as it was, a year more.
SECOND = HEADING + "2024,A,5.0\n2024,B,6.0\n2023,B,4.0\n2023,A,3.0\n2022,B,u\n2022,A,1.0\n"
ID = "E06000045.yearly"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    layouts = tmp_path / "layouts"
    layouts.mkdir()
    (layouts / "yearly.yml").write_text(LAYOUT)
    return Settings(home=tmp_path / "home", layouts=layouts)


def send(settings, text, period, name="series.csv"):
    target = settings.landing / "southampton" / "hr_metrics" / period / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return load(settings, period)


def load(settings, period):
    batches = receive(settings, "hr_metrics", period)
    return load_batches(settings, [read_batch(settings, "hr_metrics", period, batch) for batch in batches])


def query(settings, sql):
    with connect(settings, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def submissions(settings):
    return query(settings, "select submission_id, restates, rows_loaded from raw.submissions order by submission_id")


def test_each_month_of_a_series_is_a_submission_with_its_own_rows(settings):
    result = send(settings, FIRST, "2023-09")
    assert result.accepted == [f"{ID}.2022-09.1", f"{ID}.2023-09.1"]
    assert submissions(settings) == [(f"{ID}.2022-09.1", None, 2), (f"{ID}.2023-09.1", None, 2)]
    rows = (
        "select submission_id, reporting_period, subject_code, value::varchar from raw.workforce_indicator order by all"
    )
    assert query(settings, rows)[0] == (f"{ID}.2022-09.1", "2022-09", "A", "1.000000")
    assert len(query(settings, rows)) == 4


def test_a_later_file_restates_the_months_it_changes_and_no_others(settings):
    send(settings, FIRST, "2023-09")
    result = send(settings, SECOND, "2024-09")
    assert result.accepted == [f"{ID}.2022-09.2", f"{ID}.2024-09.1"]
    assert result.unchanged == 1
    assert submissions(settings) == [
        (f"{ID}.2022-09.1", None, 2),
        (f"{ID}.2022-09.2", f"{ID}.2022-09.1", 2),
        (f"{ID}.2023-09.1", None, 2),
        (f"{ID}.2024-09.1", None, 2),
    ]


def test_reading_everything_again_changes_no_number(settings):
    send(settings, FIRST, "2023-09")
    send(settings, SECOND, "2024-09")
    before = submissions(settings), query(settings, "from raw.workforce_indicator order by all")
    (settings.layouts / "yearly.yml").write_text(LAYOUT + "# touched\n")
    load_layouts.cache_clear()
    assert due(settings) == [("hr_metrics", "2023-09"), ("hr_metrics", "2024-09")]
    for period in ("2023-09", "2024-09"):
        load(settings, period)
    assert (submissions(settings), query(settings, "from raw.workforce_indicator order by all")) == before
    assert due(settings) == []


def test_the_same_file_again_changes_nothing(settings):
    send(settings, FIRST, "2023-09")
    before = submissions(settings)
    send(settings, FIRST, "2023-09", name="again.csv")
    assert submissions(settings) == before


def test_a_series_with_a_broken_cell_is_held_whole_in_the_month_it_was_sent_for(settings):
    send(settings, FIRST, "2023-09")
    broken = send(settings, SECOND.replace("5.0", "several"), "2024-09")
    assert (broken.accepted, broken.held) == ([], [f"{ID}.2024-09.1"])
    assert (settings.quarantine / f"{ID}.2024-09.1").is_dir()
    mended = send(settings, SECOND, "2024-09")
    assert mended.accepted == [f"{ID}.2022-09.2", f"{ID}.2024-09.2"]


@pytest.mark.parametrize("period", ["2022-09", "2023-10", "2024-09"])
def test_a_series_ends_with_the_month_it_is_sent_for(settings, period):
    result = send(settings, FIRST, period)
    assert result.held == [f"{ID}.{period}.1"]
    assert query(settings, "select rule, cell from raw.findings") == [("period-unexpected", "A4")]


def test_a_row_of_a_series_that_says_no_month_is_told(settings):
    (settings.layouts / "yearly.yml").write_text(LAYOUT.replace("shared: true, filled: true", "shared: true"))
    assert send(settings, FIRST.replace("2022,B", ",B"), "2023-09").held == [f"{ID}.2023-09.1"]
    assert query(settings, "select rule, cell from raw.findings") == [("value-required", "3:3")]


def test_what_is_odd_about_a_series_is_said_once(settings):
    with_more = "\n".join(line + ("," + extra if line else "") for line, extra in zip(
        FIRST.split("\n"), ["Remark", "1", "2", "3", "4", ""], strict=True))  # fmt: skip
    send(settings, with_more, "2023-09")
    assert query(settings, "select submission_id, rule from raw.findings") == [(f"{ID}.2023-09.1", "column-unexpected")]


def test_figures_that_a_later_file_leaves_blank_are_taken_back(settings):
    layout = settings.layouts / "yearly.yml"
    layout.write_text(LAYOUT.replace("set: {indicator: rate}", "values: [value]"))
    send(settings, FIRST, "2023-09")
    blank = FIRST.replace("A,1.0", "A,").replace("B,2.0", "B,").replace("3.0", "3.5")
    assert send(settings, blank, "2023-09", "corrected.csv").accepted == [f"{ID}.2022-09.2", f"{ID}.2023-09.2"]
    assert submissions(settings)[1] == (f"{ID}.2022-09.2", f"{ID}.2022-09.1", 0)


@pytest.mark.parametrize("earlier", ["1.0", ""])
def test_a_month_without_a_figure_is_received_all_the_same(settings, earlier):
    layout = settings.layouts / "yearly.yml"
    layout.write_text(LAYOUT.replace("set: {indicator: rate}", "values: [value]"))
    result = send(settings, HEADING + f"2022,A,{earlier}\n2023,A,\n", "2023-09")
    assert result.accepted == [f"{ID}.2022-09.1", f"{ID}.2023-09.1"]
    assert due(settings) == []
