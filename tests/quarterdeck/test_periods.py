import doctest
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck import periods
from quarterdeck.periods import Month, Quarter, fiscal_year

MONTHS = st.builds(Month, st.integers(2000, 2098), st.integers(1, 12))


def test_the_worked_examples_hold():
    assert doctest.testmod(periods).failed == 0


@pytest.mark.parametrize(
    ("month", "quarter", "start", "key"),
    [
        ("2018-04", "2018-19 Q1", date(2018, 4, 1), "2018-Q2"),
        ("2018-09", "2018-19 Q2", date(2018, 7, 1), "2018-Q3"),
        ("2017-12", "2017-18 Q3", date(2017, 10, 1), "2017-Q4"),
        ("2018-03", "2017-18 Q4", date(2018, 1, 1), "2018-Q1"),
        ("2000-01", "1999-00 Q4", date(2000, 1, 1), "2000-Q1"),
    ],
)
def test_a_month_lies_in_its_fiscal_quarter(month, quarter, start, key):
    found = Month.parse(month).quarter
    assert (str(found), found.start, found.partition_key) == (quarter, start, key)


@given(MONTHS)
def test_names_of_months_and_quarters_are_read_back(month):
    assert Month.parse(str(month)) == month
    assert Quarter.parse(str(month.quarter)) == month.quarter
    assert Quarter.from_partition_key(month.quarter.partition_key) == month.quarter


@pytest.mark.parametrize(
    "text", ["2018-13", "2018-9", "Sept 2018", "2018-19 Q5", "", "0000-01", "٢٠١٨-09", "2018-09\n"]
)
def test_what_is_no_month_is_refused_in_words(text):
    with pytest.raises(ValueError, match="is not a month"):
        Month.parse(text)


@pytest.mark.parametrize("text", ["2018-20 Q1", "2018 Q1", "2018-19 Q0", "0000-01 Q1"])
def test_what_is_no_quarter_is_refused_in_words(text):
    with pytest.raises(ValueError, match="is not a fiscal quarter"):
        Quarter.parse(text)


@pytest.mark.parametrize("text", ["2018/20", "2018", "18-18", "year 1"])
def test_years_that_do_not_follow_each_other_are_refused(text):
    with pytest.raises(ValueError, match="is not a fiscal year"):
        fiscal_year(text)
