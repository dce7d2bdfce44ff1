"""Headings of a run of months or years that are written otherwise."""

import pytest

from loaders.kinship import run_that_has
from loaders.layout import TableLayout


def table(header):
    columns = {"line": {"header": "Line"}, "value": {"header": header, "unit": "gbp"}}
    return TableLayout(table="t", sheet="S", columns=columns, records=[{"record": "budget_line", "values": ["value"]}])


@pytest.mark.parametrize(
    ("header", "heading", "belongs"),
    [
        ("{month}", ("Septmber",), True),
        ("{month}", ("Sept 2018",), True),
        ("{month}", ("Decrease",), False),
        ("{month}", ("Total",), False),
        ("{fiscal_year} £000", ("2018/19 £k",), True),
        ("{fiscal_year} £000", ("2018 £000",), True),
        ("{fiscal_year} £000", ("Total £000",), False),
        ("{fiscal_year} Forecast £m", ("2018/19 Forcast £m",), True),
        ("{fiscal_year} Forecast £m", ("2018/19 Actual £m",), False),
        ("{quarter} Actual", ("Quarter 2 Actual",), True),
        (["Budget", "{fiscal_year}"], ("2018/19",), True),
        (["Budget", "{fiscal_year}"], ("Notes",), False),
    ],
)
def test_a_heading_belongs_to_a_run_where_it_says_what_the_others_do(header, heading, belongs):
    assert (run_that_has(table(header), heading) is not None) == belongs
