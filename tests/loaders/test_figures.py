from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.figures import read_column, read_figure, shown_otherwise
from loaders.number_formats import number_format
from loaders.units import Unit

READS = ("number", "percent", "percent_points", "money")
CELLS = st.one_of(
    st.just(""),
    st.integers(-(10**6), 10**6).map(float),
    st.decimals(-1000, 1000, places=2).map(float),
    st.floats(),
    st.booleans(),
    st.text(max_size=4),
)


@given(st.lists(CELLS, max_size=8), st.sampled_from(READS), st.booleans())
def test_a_column_is_read_at_once_only_as_its_cells_are_one_by_one(cells: list[Any], reads: str, above: bool) -> None:
    unit = Unit(unit="gbp", scale=1, reads=reads)
    one_by_one = [read_figure(cell, unit, above_150_percent=above) for cell in cells]
    column = read_column(cells, unit, above_150_percent=above)
    if all(type(cell) is float or cell == "" for cell in cells) and not any(figure.remarks for figure in one_by_one):
        assert column == [figure.value for figure in one_by_one]
    else:
        assert column is None


@pytest.mark.parametrize("strange", ["12", True, 0.1234567, 1e12, "-"])
def test_a_column_with_something_to_be_said_is_left_to_be_read_cell_by_cell(strange: Any) -> None:
    unit = Unit(unit="gbp", scale=1)
    assert read_column([1.0, "", 2.5], unit, above_150_percent=False) == [Decimal(1), None, Decimal("2.5")]
    assert read_column([1.0, strange], unit, above_150_percent=False) is None


@pytest.mark.parametrize(
    ("code", "is_right"),
    [('0" million"', False), ('#,##0",000"', False), ('0" m"', True), ('0.0,"k"', True), ("#,##0,", True)],
)
def test_a_count_is_shown_as_it_is_held(code: str, is_right: bool) -> None:
    assert (shown_otherwise(1200.0, Unit(unit="count", scale=1), number_format(code)) is None) == is_right
