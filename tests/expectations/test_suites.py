"""Every declared expectation is put to a row that it must fail on, and to rows that it must not."""

from string import Formatter

import pytest

from expectations.relations import PARTITION, SUBMISSION
from expectations.suites import CANDIDATE, SUBMISSIONS, suite
from quarterdeck.rules import catalogue
from quarterdeck.warehouse import records
from tests.expectations.build import ORGANISATION
from tests.expectations.suite_failures import DECLARED, OWNERS, Failing


def test_every_declared_expectation_has_a_row_that_it_must_fail_on() -> None:
    assert set(OWNERS) == {(name, table, expectation.name) for name, table, expectation in DECLARED}


def test_expectations_of_a_table_are_told_apart_by_rule_and_columns() -> None:
    assert len(DECLARED) == len({(name, table, expectation.name) for name, table, expectation in DECLARED})


@pytest.mark.parametrize("key", OWNERS, ids=": ".join)
def test_an_expectation_fails_on_the_row_spoiled_for_it(failing: Failing, key: tuple[str, str, str]) -> None:
    organisation = None if key[2] == "key-missing (organisation_code)" else OWNERS[key]
    assert organisation in failing[key]


@pytest.mark.parametrize("key", OWNERS, ids=": ".join)
def test_an_expectation_is_silent_on_good_rows(failing: Failing, key: tuple[str, str, str]) -> None:
    assert ORGANISATION not in failing[key]


@pytest.mark.parametrize(("name", "within"), [(SUBMISSIONS, SUBMISSION), (CANDIDATE, PARTITION)])
def test_keys_begin_with_what_their_suite_is_cut_to(name: str, within: str) -> None:
    keys = [table.key for table in suite(name).tables.values() if table.key]
    assert keys
    assert [key for key in keys if not f"{key}, ".startswith(f"{within}, ")] == []


@pytest.mark.parametrize(("name", "table", "expectation"), DECLARED, ids=lambda value: getattr(value, "name", value))
def test_an_expectation_refers_to_a_rule_and_speaks_of_columns_it_is_given(name, table, expectation) -> None:  # type: ignore[no-untyped-def]
    body = suite(name).tables[table]
    assert expectation.rule in catalogue()
    assert expectation.says and expectation.remedy
    spoken = {field for _, field, _, _ in Formatter().parse(expectation.says) if field}
    own = {str(value) for key, value in expectation.arguments.items() if key.startswith("column")}
    place = {"quarter", "quarter_start"}
    assert spoken <= {*body.names, *own, *place}


def test_every_raw_record_with_a_key_and_every_figure_is_looked_at() -> None:
    assert set(suite(SUBMISSIONS).tables) >= set(records()) - {"commentary", "narrative", "score"}
    assert set(suite(CANDIDATE).fed_by.values()) <= set(records())


@pytest.mark.parametrize(("name", "table", "expectation"), DECLARED, ids=lambda value: getattr(value, "name", value))
def test_an_expectation_is_about_rows_so_that_it_holds_where_there_are_none(name, table, expectation) -> None:  # type: ignore[no-untyped-def]
    assert "_values_" in expectation.expect and expectation.columns
