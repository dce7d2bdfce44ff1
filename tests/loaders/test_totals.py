"""Totals rows that a block should have."""

import pytest

from tests.loaders.sheets import read, rules, sheet
from tests.loaders.test_table import BUDGET, HEADING

AREAS = [["Housing", 1.0, 2.0], ["Roads", 3.0, 4.0]]


def found(totals, *rows, **changes):
    return rules(read(BUDGET | {"totals": totals} | changes, sheet(HEADING, *rows)))


def total(label, **how):
    return {"column": "line", "label": label, **how}


def test_a_block_without_its_total_is_not_whole():
    assert found([total("Total", type="total")], *AREAS) == [("total-missing", "A3")]


def test_a_block_with_its_total_is():
    assert found([total("Total", type="total")], *AREAS, ["Total", 4.0, 6.0]) == []


@pytest.mark.parametrize("how", [{"optional": True}, {"type": "aggregate"}])
def test_what_need_not_be_there_is_not_missed(how):
    assert found([total("Total", **how)], *AREAS) == []


def test_each_of_several_totals_is_missed_by_itself():
    totals = [total("Subtotal"), total("Grand sum", type="total")]
    assert found(totals, *AREAS, ["Subtotal", 4.0, 6.0]) == [("total-missing", "A4")]


def test_every_group_ends_with_its_total_where_the_layout_says_so():
    totals = [total("Subtotal", each="section")]
    first, second = ["Costs:"], ["Income:"]
    ended = ["Subtotal", 4.0, 6.0]
    assert found(totals, first, *AREAS, ended, second, ["Fees", 1.0, 1.0], ["Subtotal", 1.0, 1.0]) == []
    assert found(totals, first, *AREAS, second, ["Fees", 1.0, 1.0], ["Subtotal", 1.0, 1.0]) == [("total-missing", "A4")]
    assert found(totals, first, *AREAS, ended, second, ["Fees", 1.0, 1.0]) == [("total-missing", "A7")]


def test_every_block_of_a_table_has_its_own():
    rows = [*AREAS, [], HEADING, *AREAS, ["Total", 4.0, 6.0]]
    assert ("total-missing", "A3") in found([total("Total")], *rows, unique=[])


def test_rows_below_the_last_total_are_counted_by_none():
    rows = [*AREAS, ["Total", 4.0, 6.0], ["Late", 1.0, 1.0]]
    assert found([total("Total", type="total")], *rows) == [("total-missing", "A5")]


def test_a_total_that_has_lost_its_label_is_not_missing_as_well():
    assert found([total("Sum", type="total")], *AREAS, ["Total", 4.0, 6.0]) == [("total-unlabelled", "B4")]
