"""What is told of measurements: the table, the chart, and the line through sizes."""

from xml.etree import ElementTree

import pytest

from benchmarks.growth import Line, through
from benchmarks.measure import Timed
from benchmarks.report import Bar, Report

MEASURED = {
    "ours": Timed("ours", wall=[1.0, 2.0, 3.0], cpu=[1, 1, 1], peak=[1 << 20] * 3),
    "theirs": Timed("theirs & co", wall=[10.0, 20.0, 30.0], cpu=[2, 2, 2], peak=[1 << 21] * 3),
}


def test_the_table_has_a_row_a_contender_and_says_which_bars_are_met():
    bars = [Bar("Speed", 0.1, 0.2), Bar("Size", 2, 3, at_least=True)]
    text = Report("Speed", MEASURED, bars=bars).as_text("Measured.", 3)
    assert "| ours | 2.00 | 3.00 | 1.00 | 1 | 1.00 |" in text
    assert "| theirs & co | 20.00 | 30.00 | 2.00 | 2 | 0.10 |" in text
    assert "Speed: 0.10, at most 0.2 is the bar: met." in text
    assert "Size: 2.00, at least 3 is the bar: **not met**." in text


def test_what_was_timed_by_the_clock_alone_is_told_without_the_rest():
    text = Report("Speed", {"runs": Timed("runs", wall=[2.0])}).as_text("Measured.", 1)
    assert "| runs | 2.00 | 2.00 | not taken | not taken | 1.00 |" in text
    assert "One round, " in text


def test_the_chart_is_svg_with_a_longer_bar_for_what_takes_longer():
    chart = ElementTree.fromstring(Report("Speed", MEASURED).as_chart())
    widths = [float(each.get("width", "0")) for each in chart.iter() if each.get("x") == "400"]
    assert widths[0] < widths[1] <= 300


def test_a_line_foretells_what_follows_it():
    assert through([1e6, 2e6, 4e6], [12.0, 14.0, 18.0]).at(10e6) == pytest.approx(Line(10, 2).at(10e6)) == 30
